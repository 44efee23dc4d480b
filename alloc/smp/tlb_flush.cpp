#include "alloc/smp/tlb_flush.h"

#include "alloc/accounts.h"

namespace splinter::alloc {

void TlbFlush::kernel_range(Cpu& cpu, VirtAddr start, PageCount pages, PageCount stride) {
    ++made_.flush_tlb_kernel_range;
    const PageCount steps{(pages.raw() + stride.raw() - 1) / stride.raw()};
    if (steps > ceiling_)
        everything(cpu);
    else
        range(cpu, start, steps, stride);
}

void TlbFlush::all(Cpu& cpu) {
    ++made_.flush_tlb_all;
    ++local_.counters(cpu.id()).nr_tlb_remote_flush;
    everything(cpu);
}

void TlbFlush::changed_pages(Cpu& cpu, VirtAddr start, PageCount pages) {
    ++made_.cpa_flush;
    if (pages > ceiling_)
        all(cpu);
    else
        range(cpu, start, pages, PageCount{1});
}

void TlbFlush::after_failed_change(Cpu& cpu) { everything(cpu); }

void TlbFlush::begin(Cpu& cpu) {
    ++local_.counters(cpu.id()).flushes;
    if (observer_ != nullptr) observer_->flush_begins(cpu);
}

void TlbFlush::everything(Cpu& cpu) {
    const Account account{cpu, kFlush};
    begin(cpu);
    mechanism_.kernel(cpu, {RemoteWork::Kind::flush_all});
    if (observer_ != nullptr) observer_->flushed_all(cpu);
}

void TlbFlush::range(Cpu& cpu, VirtAddr start, PageCount steps, PageCount stride) {
    const Account account{cpu, kFlush};
    begin(cpu);
    mechanism_.kernel(cpu, {RemoteWork::Kind::flush_range, start, steps, stride});
    if (observer_ != nullptr) observer_->flushed_range(cpu, start, PageCount{steps.raw() * stride.raw()});
}

}  // namespace splinter::alloc
