#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

void TlbFlush::kernel_range(Cpu& cpu, VirtAddr start, PageCount pages) {
    if (pages > ceiling_) {
        all(cpu);
        return;
    }
    const Account account{cpu, kFlush};
    if (observer_ != nullptr) observer_->flush_begins(cpu);
    calls_.run_on_all(cpu, {RemoteWork::Kind::flush_range, start, pages});
    if (observer_ != nullptr) observer_->flushed_range(cpu, start, pages);
}

void TlbFlush::all(Cpu& cpu) {
    const Account account{cpu, kFlush};
    if (observer_ != nullptr) observer_->flush_begins(cpu);
    calls_.run_on_all(cpu, {RemoteWork::Kind::flush_all});
    if (observer_ != nullptr) observer_->flushed_all(cpu);
}

}  // namespace splinter::alloc
