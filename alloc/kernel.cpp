#include "alloc/kernel.h"

#include "hw/base/check.h"

namespace splinter::alloc {

Kernel::Kernel(const KernelParams& params, const StrategyInfo& strategy, FrameTable& frames, BootInfo boot,
               MapObserver& observer)
    : pages_{frames, std::move(boot.zones), boot.cpus, pcp_limits(params), boot.data},
      calls_{boot.cpus, boot.data},
      flush_{calls_, PageCount{params.flush_ceiling}},
      tables_{pages_},
      keys_{key_register(params.page_tables, boot.cpus)},
      direct_map_{boot.root, tables_, keys_, flush_, boot.cpus},
      mm_{pages_, tables_, keys_, flush_, boot.root, boot.kernel_half, boot.cpus},
      mermap_{keys_, std::move(boot.mermap_tables)},
      work_{boot.cpus, boot.data},
      vmstat_{work_, pages_, params.stat_interval},
      strategy_{strategy.make({pages_, direct_map_, flush_, observer, params, boot.cpus, work_, boot.data, mermap_})} {
    pages_.configure({params.compaction, params.pcp_trylock_fails});
    pages_.set_cpu_nodes(std::move(boot.cpu_nodes));
}

void Kernel::on_interrupt(Cpu& cpu, std::uint8_t vector) {
    const KeyRegister::InterruptGuard at_default_level{keys_, cpu};
    switch (vector) {
        case kCallFunctionVector:
            return calls_.on_interrupt(cpu);
        case kLocalTimerVector:
            return work_.on_timer(cpu);
        case kRescheduleVector:
            return work_.on_reschedule(cpu);
        default:
            SPLINTER_CHECK(false, "no handler for vector " + std::to_string(vector));
    }
}

PageCount Kernel::unmapped_free_pages() const { return pages_.unmapped_free_pages() + strategy_->held(); }

KernelCounters Kernel::counters(CpuId cpu) {
    KernelCounters sum;
    for (const KernelCounters& part : {pages_.counters(cpu), calls_.counters(cpu), direct_map_.counters(cpu),
                                       keys_.counters(cpu), mm_.pgalloc().counters(cpu), mermap_.counters(cpu)})
        for_each_counter([&](std::string_view, auto member) { sum.*member += part.*member; });
    return sum;
}

}  // namespace splinter::alloc
