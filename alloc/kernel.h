// The modelled kernel of one machine: allocator, direct map, cross-calls and the chosen flush strategy, put together.
#pragma once

#include "alloc/flush/strategies.h"
#include "alloc/map/set_memory.h"
#include "alloc/mm/mm.h"
#include "alloc/smp/mechanisms.h"
#include "alloc/tables/page_table_allocator.h"
#include "alloc/work/vmstat_worker.h"

namespace splinter::alloc {

// What boot hands over.
struct BootInfo {
    std::size_t cpus;
    Pfn root;  // of the kernel's page tables
    layout::KernelData data;
    std::vector<Zone> zones;
    std::vector<NodeId> cpu_nodes{};   // by CPU; none: node 0
    std::vector<Pfn> early_tables{};   // pages behind the zones for the splits that filling the pools takes
    KernelHalf kernel_half{};          // of the root
    std::vector<Pfn> mermap_tables{};  // by CPU
    std::string mechanism = "ipi";     // flush.mechanism
    Pcids pcids = Pcids::present;
    IrqState flush_interrupts = IrqState::enabled;       // flush.interrupts
    KernelRanges unsafe_ranges = KernelRanges::refused;  // flush.unsafe
};

class Kernel {
  public:
    Kernel(const KernelParams& params, const StrategyInfo& strategy, FrameTable& frames, BootInfo boot, MapObserver& observer);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // Once, untimed, before other CPUs run: fills the pools of page-table pages.
    void boot(Cpu& cpu) { tables_.policy().boot(cpu, std::move(early_tables_)); }
    // Once on each CPU, before anything else runs on it: its periodic work.
    void start(Cpu& cpu) {
        mechanism_->start(cpu);
        vmstat_.start(cpu);
        strategy_->start(cpu);
    }
    // Work of the kernel's own that waits for a moment in process context on a CPU.
    [[nodiscard]] KernelWork& work() { return work_; }
    // The door for interrupts: `vector` as given to Cpu::write_icr().
    void on_interrupt(Cpu& cpu, std::uint8_t vector);
    [[nodiscard]] PageAllocator& pages() { return pages_; }
    [[nodiscard]] FlushStrategy& strategy() { return *strategy_; }
    [[nodiscard]] DirectMap& direct_map() { return direct_map_; }
    [[nodiscard]] SetMemory& set_memory() { return set_memory_; }
    [[nodiscard]] TlbFlush& flush() { return flush_; }
    [[nodiscard]] UserFlush& user_flush() { return user_flush_; }
    // Which address space each CPU runs on.
    [[nodiscard]] TlbState& tlb_state() { return calls_.local().tlb_state(); }
    [[nodiscard]] FlushMechanism& mechanism() { return *mechanism_; }
    // context_switch() of kernel/sched/core.c to a thread of another process, as far as TLBs are concerned.
    void context_switch(Cpu& cpu, MmContext& next) {
        tlb_state().switch_mm(cpu, next);
        mechanism_->switches_context(cpu);
    }
    [[nodiscard]] PageTableAllocator& page_table_pages() { return tables_; }
    [[nodiscard]] KeyRegister& keys() { return keys_; }
    [[nodiscard]] Mm& mm() { return mm_; }
    // Pages out of the direct map that nobody owns: on unmapped free lists and per-CPU lists, or held by the strategy.
    [[nodiscard]] PageCount unmapped_free_pages() const;
    // What one CPU has counted since boot.
    [[nodiscard]] KernelCounters counters(CpuId cpu);

  private:
    PageAllocator pages_;
    Flips flips_;
    CallFunction calls_;
    MechanismPtr mechanism_;
    TlbFlush flush_;
    UserFlush user_flush_;
    KeyRegister keys_;
    PageTableAllocator tables_;
    DirectMap direct_map_;
    Mm mm_;
    SetMemory set_memory_;
    Mermap mermap_;
    KernelWork work_;
    VmstatWorker vmstat_;
    StrategyPtr strategy_;
    std::vector<Pfn> early_tables_;
};

}  // namespace splinter::alloc
