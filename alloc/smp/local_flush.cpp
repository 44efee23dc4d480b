#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

void LocalFlush::execute(Cpu& cpu, const RemoteWork& work) {
    KernelCounters& mine = counters(cpu.id());
    switch (work.kind) {
        case RemoteWork::Kind::flush_all:
            cpu.invalidate(x86::Invalidation::all());
            ++mine.nr_tlb_remote_flush_received;  // cpa_flush_all() would not count
            ++mine.kernel_flushes_all;
            ++executed_.full;
            return;
        case RemoteWork::Kind::flush_range:
            for (std::uint64_t i = 0; i < work.steps.raw(); ++i) {
                const std::uint64_t offset = i * work.stride.raw() * kPageBytes;
                tlb_state_.flush_one_kernel(cpu, work.start + offset);
                ++mine.nr_tlb_local_flush_one;
            }
            ++executed_.ranged;
            return;
        case RemoteWork::Kind::user_all:
        case RemoteWork::Kind::user_range: {
            const IrqState irqs = cpu.irq_save();
            tlb_state_.flush_tlb_func(cpu, work, mine);
            cpu.irq_restore(irqs);
            return;
        }
    }
}

}  // namespace splinter::alloc
