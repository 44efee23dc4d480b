// One workload on one booted node: gives every core its program, moves all of them through the phases, and keeps what the
// measurement needs. A new phase reaches each core as a notice one lookahead after it was declared, so that each core's
// counters are cut at an exact cycle of its own time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "alloc/statistics.h"
#include "hw/base/histogram.h"
#include "platforms/run/exposure.h"
#include "platforms/run/free_list_sampler.h"
#include "platforms/run/map_audit.h"
#include "platforms/run/pool_tracker.h"
#include "platforms/workload/background.h"
#include "platforms/workload/workload.h"

namespace splinter::platforms {

// The counters of one core at the start of a phase, or at the end.
struct CoreMark {
    Cycles now;
    Ledger::Snapshot ledger;
    hw::MmuStats mmu;
    hw::ApicStats apic;
    alloc::KernelCounters kernel;
    std::uint64_t background_accesses = 0;
};

// Operations of one core in one phase.
struct OperationSamples {
    std::vector<std::uint64_t> alloc_cycles;  // one per successful allocation
    std::uint64_t pages = 0;                  // allocated
    std::uint64_t cycles = 0;                 // inside allocation and free calls
    std::uint64_t failures = 0;
    std::uint64_t pool_hits = 0;               // allocations that took nothing out of the direct map
    Histogram free_cycles;                     // one per free
    std::vector<std::uint64_t> mapped_cycles;  // one per successful ordinary allocation
    std::uint64_t mapped_failures = 0;
    std::uint64_t worst_cycles = 0;   // of one allocation or free call
    std::uint64_t accesses = 0;       // data accesses that the workload measured
    std::uint64_t access_cycles = 0;  // and their cycles
    std::uint64_t operations = 0;     // that end_operation() ended, and what was spent in them
    std::uint64_t operation_cycles = 0;
    std::uint64_t operation_entries = 0;
    alloc::KernelCounters in_operations;
};

// What a test puts beside, or in the place of, the parts that the configuration names.
struct SessionParts {
    const alloc::StrategyInfo* strategy = nullptr;  // instead of flush.strategy
    alloc::MapObserver* audit = nullptr;            // hears of every moment after the exposure measure
    alloc::ZoneWatcher* watcher = nullptr;          // instead of the sampler of free lists, which then sees nothing
};

class Session {
  public:
    // Phases: 0 warm-up, 1 baseline, then the workload's.
    static constexpr std::size_t kBaseline = 1;
    static constexpr std::size_t kFirstPhase = 2;

    Session(const RunConfig& config, Workload& workload, const SessionParts& parts = {});
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // Simulates the whole run. Throws SimulatedFinding and InternalError.
    void run();

    [[nodiscard]] Node& node() { return *node_; }
    [[nodiscard]] alloc::FlushStrategy& strategy() { return node_->kernel().strategy(); }
    // --- for workloads, on the core's stack ---
    // Waits until every allocating core is here, then for the start of the next phase.
    void begin_phase(CpuId core);
    // Warm-up and baseline, in which only the background loop works, then the first measured phase.
    void warm_up(CpuId core, Cycles warm_up, Cycles baseline);
    // One protected block by way of the strategy, timed; nothing if memory is short.
    [[nodiscard]] std::optional<Pfn> acquire(CpuId core, const alloc::AllocRequest& request);
    void release(CpuId core, Pfn block, Order order);
    // An ordinary block of the page allocator, timed, and the way back.
    [[nodiscard]] std::optional<Pfn> acquire_mapped(CpuId core, const alloc::AllocRequest& request);
    void release_mapped(CpuId core, Pfn block, Order order);
    // Lets work of the kernel's own run that is due on this core: a moment in process context. The calls above are one each.
    void serve_kernel(CpuId core);
    // Waits until the condition, which others change at their ordering points, holds; they call wake(). Kernel work runs
    // meanwhile.
    void sleep_until(CpuId core, const std::function<bool()>& condition);
    void wake(CpuId sleeper, Cycles now);
    // A figure of the phase that this workload has and others have not (metrics.cpp); several cores' figures add up.
    void add_figure(CpuId core, const std::string& metric, double value);
    // The workload has made `accesses` data accesses since `begin`; one after the other, nothing else.
    void count_accesses(CpuId core, std::uint64_t accesses, Cycles begin);
    // An operation on page tables that touches `entries` of them (lowest level), from one to the other.
    struct Operation {
        Cycles begin;
        alloc::KernelCounters counters;
    };
    [[nodiscard]] Operation begin_operation(CpuId core);
    void end_operation(CpuId core, const Operation& begun, std::uint64_t entries);
    [[nodiscard]] std::size_t allocating_cores() const { return allocating_cores_; }
    // Of the others, those whose loop accesses memory.
    [[nodiscard]] std::size_t sampled_cores() const { return sampled_cores_; }
    [[nodiscard]] bool is_sampled(CpuId core) const {
        const BackgroundLoop* const loop = cores_[core.index()].background.get();
        return loop != nullptr && loop->memory() == BackgroundLoop::Memory::accessed;
    }

    // --- results, after run() ---
    [[nodiscard]] const std::vector<CoreMark>& marks(CpuId core) const { return cores_[core.index()].marks; }
    [[nodiscard]] const OperationSamples& samples(CpuId core, std::size_t phase) const;
    [[nodiscard]] const ExposureTracker& exposure() const { return exposure_; }
    [[nodiscard]] const PoolTracker& pool() const { return pool_; }
    [[nodiscard]] const std::map<std::string, double>& figures(std::size_t phase) const { return figures_[phase]; }
    [[nodiscard]] PageCount unmapped_free_at_end(std::size_t phase) const { return unmapped_free_[phase]; }
    [[nodiscard]] const alloc::MemoryStatistics& memory_at_end(std::size_t phase) const { return memory_[phase]; }
    // Once.
    [[nodiscard]] FreeListHistory free_lists();
    [[nodiscard]] Cycles end() const { return end_; }
    [[nodiscard]] bool allocates(CpuId core) const { return cores_[core.index()].allocates; }
    [[nodiscard]] std::size_t phase_count() const { return phase_count_; }

  private:
    enum Notice : std::uint32_t { kPhase, kStop, kNarrowed };
    class Program;
    class Moments;
    struct PerCore {
        bool allocates = false;
        bool stopped = false;
        bool asleep = false;  // in sleep_until(): may be woken
        std::size_t phase = 0;
        std::vector<CoreMark> marks;
        std::vector<OperationSamples> samples;  // by phase
        std::unique_ptr<BackgroundLoop> background;
    };
    [[nodiscard]] const alloc::MechanismInfo& mechanism() const;
    [[nodiscard]] hw::Timeline::Conduct conduct_of_loops() const;
    void add_background_loops();
    void run_core(CpuId core);
    void finish_allocating(CpuId core);
    void on_interrupt(hw::Core& core, hw::Vector vector);
    enum class Work : std::uint8_t { goes_on, ends };  // of the kernel's own, after a phase
    void note_phase_end(CpuId core, Work then);
    void on_notice(hw::Core& core, const hw::Message& notice);
    void mark(CpuId core);
    void measure_memory();
    void check_ledgers() const;

    Workload& workload_;
    ExposureTracker exposure_;
    PoolTracker pool_;
    FreeListSampler free_lists_;
    MapAudit map_audit_;
    std::unique_ptr<Moments> moments_;
    std::unique_ptr<Node> node_;
    std::unique_ptr<Program> program_;
    std::vector<PerCore> cores_;
    std::size_t phase_count_ = 0;
    std::size_t allocating_cores_ = 0;
    std::size_t sampled_cores_ = 0;
    std::size_t arrived_ = 0;  // allocating cores at the barrier; changed at ordering points
    std::size_t finished_ = 0;
    std::size_t declared_phase_ = 0;
    std::size_t working_ = 0;                             // cores that run kernel work; changed at ordering points
    bool work_ends_ = false;                              // no more is begun: the cores are about to stop. The same
    std::optional<CpuId> waits_for_work_;                 // for which a phase cannot end
    std::vector<std::map<std::string, double>> figures_;  // by phase
    std::vector<PageCount> unmapped_free_;                // at the end of each phase
    std::vector<alloc::MemoryStatistics> memory_;         // the same
    Cycles end_;
};

}  // namespace splinter::platforms
