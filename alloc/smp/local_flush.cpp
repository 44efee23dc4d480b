#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

void LocalFlush::execute(Cpu& cpu, const RemoteWork& work) {
    switch (work.kind) {
        case RemoteWork::Kind::flush_all:
            cpu.invalidate(x86::Invalidation::all());
            ++counters(cpu.id()).nr_tlb_remote_flush_received;  // cpa_flush_all() would not count
            ++counters(cpu.id()).kernel_flushes_all;
            ++executed_.full;
            return;
        case RemoteWork::Kind::flush_range:
            for (std::uint64_t i = 0; i < work.steps.raw(); ++i) {
                const std::uint64_t offset = i * work.stride.raw() * kPageBytes;
                tlb_state_.flush_one_kernel(cpu, work.start + offset);
                ++counters(cpu.id()).nr_tlb_local_flush_one;
            }
            ++executed_.ranged;
            return;
        case RemoteWork::Kind::user_all:
        case RemoteWork::Kind::user_range: {
            const IrqState irqs = cpu.irq_save();
            tlb_state_.flush_tlb_func(cpu, work, counters(cpu.id()));
            cpu.irq_restore(irqs);
            return;
        }
    }
}

}  // namespace splinter::alloc
