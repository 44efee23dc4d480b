#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

void LocalFlush::execute(Cpu& cpu, const RemoteWork& work) {
    switch (work.kind) {
        case RemoteWork::Kind::flush_all:
            cpu.invalidate(x86::Invalidation::all());
            ++counters(cpu.id()).nr_tlb_local_flush_all;
            ++executed_.full;
            return;
        case RemoteWork::Kind::flush_range:
            for (std::uint64_t i = 0; i < work.steps.raw(); ++i) {
                const std::uint64_t offset = i * work.stride.raw() * kPageBytes;
                cpu.invalidate(x86::Invalidation::page(work.start + offset));  // flush_tlb_one_kernel()
                ++counters(cpu.id()).nr_tlb_local_flush_one;
            }
            // Without isolation Linux takes the leaves for global, which INVLPG drops under every PCID; one that is not stays.
            if (isolation_ == Isolation::on) invalidate_other_asids(cpu.id());
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
