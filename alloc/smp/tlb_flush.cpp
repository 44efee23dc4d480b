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

void TlbFlush::local_user_range(Cpu& cpu, VirtAddr start, PageCount pages) {
    if (pages > ceiling_) return local_user_all(cpu);
    const Account account{cpu, kFlush};
    for (std::uint64_t i = 0; i < pages.raw(); ++i) {
        cpu.invalidate(x86::Invalidation::page(start + i * kPageBytes));
        ++calls_.counters(cpu.id()).nr_tlb_local_flush_one;
    }
}

void TlbFlush::local_user_all(Cpu& cpu) {
    const Account account{cpu, kFlush};
    cpu.invalidate(x86::Invalidation::current_pcid());
    ++calls_.counters(cpu.id()).nr_tlb_local_flush_all;
}

}  // namespace splinter::alloc
