#include "alloc/kernel.h"

#include "alloc/smp/interrupts_off.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

// The register that guards page tables. switch-only: it is written around every write of an entry, but no page has the key.
KeyRegister key_register(const PageTableParams& params, std::size_t cpus) {
    using Tables = KeyRegister::Tables;
    const Tables tables = params.mock == "switch-only" ? Tables::have_a_key : find_table_policy(params.policy).tables;
    const KeyScope scope = params.key_scope == "ptl"    ? KeyScope::ptl
                           : params.key_scope == "lazy" ? KeyScope::lazy
                                                        : KeyScope::entry;
    return {tables, scope, cpus};
}

MechanismPtr make_mechanism(const MechanismContext& context, const BootInfo& boot) {
    MechanismPtr mechanism = find_flush_mechanism(boot.mechanism).make(context);
    if (boot.flush_interrupts == IrqState::enabled) return mechanism;
    return std::make_unique<WithInterruptsOff>(std::move(mechanism));
}

}  // namespace

Kernel::Kernel(const KernelParams& params, const StrategyInfo& strategy, FrameTable& frames, BootInfo boot,
               MapObserver& observer)
    : pages_{frames, std::move(boot.zones), boot.cpus, pcp_limits(params), boot.data},
      flips_{pages_, mermap_, flip_policy(params.freetype)},
      calls_{boot.cpus, boot.data},
      mechanism_{make_mechanism(
          {calls_, work_, boot.cpus, boot.data, params.tick, PageCount{params.flush_ceiling}, boot.unsafe_ranges}, boot)},
      flush_{*mechanism_, calls_.local(), PageCount{params.flush_ceiling}},
      user_flush_{*mechanism_, calls_.local(), PageCount{params.flush_ceiling},
                  params.user_flush == "sequential" ? UserFlushOrder::sequential : UserFlushOrder::concurrent},
      keys_{key_register(params.page_tables, boot.cpus)},
      tables_{find_table_policy(params.page_tables.policy)
                  .make({pages_, direct_map_, flips_, observer, params.page_tables, boot.cpus, boot.data}),
              observer, boot.cpus},
      direct_map_{boot.root, tables_, keys_, flush_, boot.cpus},
      mm_{pages_, tables_, keys_, flush_, user_flush_, boot.root, boot.kernel_half, boot.cpus},
      set_memory_{direct_map_, flush_, mm_.vmalloc()},
      mermap_{keys_, std::move(boot.mermap_tables)},
      work_{boot.cpus, boot.data},
      vmstat_{work_, pages_, params.stat_interval},
      strategy_{strategy.make({pages_, direct_map_, flush_, observer, params, boot.cpus, work_, boot.data, flips_, mermap_})} {
    if (params.pti == "on") {
        tlb_state().set_isolation(Isolation::on);
        mm_.vmalloc().set_leaves(KernelLeaves::not_global);
    }
    tlb_state().set_pcids(boot.pcids);
    tlb_state().set_init_root(boot.root);
    early_tables_ = std::move(boot.early_tables);
    if (params.page_tables.split_lock == "global") direct_map_.set_split_lock(DirectMap::SplitLock::global);
    if (params.version == kLinux6_1.version) direct_map_.set_not_present(LeafChange::not_present_6_1());
    pages_.configure({params.compaction, params.pcp_trylock_fails});
    if (params.direct_map.flush_stride == "leaf") direct_map_.set_flush_stride(FlushStride::leaf);
    pages_.set_cpu_nodes(std::move(boot.cpu_nodes));
}

void Kernel::on_interrupt(Cpu& cpu, std::uint8_t vector) {
    const KeyRegister::InterruptGuard at_default_level{keys_, cpu};
    switch (vector) {
        case kCallFunctionVector:
            return calls_.on_interrupt(cpu);
        case kLocalTimerVector:
            mechanism_->ticked(cpu);
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
    for (const KernelCounters& part :
         {pages_.counters(cpu), calls_.counters(cpu), direct_map_.counters(cpu), keys_.counters(cpu), tables_.counters(cpu),
          mm_.pgalloc().counters(cpu), mermap_.counters(cpu)})
        for_each_counter([&](std::string_view, auto member) { sum.*member += part.*member; });
    return sum;
}

}  // namespace splinter::alloc
