#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

void TlbFlush::kernel_range(Cpu& cpu, VirtAddr start, PageCount pages) {
    if (pages > ceiling_) {
        all(cpu);
        return;
    }
    const Account account{cpu, kFlush};
    calls_.run_on_all(cpu, {RemoteWork::Kind::flush_range, start, pages});
}

void TlbFlush::all(Cpu& cpu) {
    const Account account{cpu, kFlush};
    calls_.run_on_all(cpu, {RemoteWork::Kind::flush_all});
}

}  // namespace splinter::alloc
