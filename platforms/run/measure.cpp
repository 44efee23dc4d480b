#include "platforms/run/measure.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

#include "alloc/accounts.h"
#include "alloc/smp/mechanisms.h"
#include "platforms/run/direct_map_picture.h"
#include "platforms/run/leaf_count.h"
#include "platforms/run/proc_files.h"
#include "platforms/run/protection_facts.h"

namespace splinter::platforms {
namespace {

constexpr std::string_view kInterruptPath = "interrupt";
constexpr std::string_view kTlbMissPath = "/tlb-miss";

bool under(std::string_view path, std::string_view top) {
    return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

// Interrupts, and flushes that a core makes up for by itself.
bool is_stolen(const std::string& path) {
    return under(path, kInterruptPath) ||
           ("/" + path + "/").find("/" + std::string{alloc::kLateFlush.name} + "/") != std::string::npos;
}

// Order-independent of who ran first: FNV-1a over all cores in their order.
class StateHash {
  public:
    void add(std::uint64_t value) {
        for (unsigned i = 0; i < 8; ++i) hash_ = (hash_ ^ (value >> (8 * i) & 0xff)) * 0x100000001b3U;
    }
    void add(std::string_view text) {
        for (char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    [[nodiscard]] std::uint64_t value() const { return hash_; }

  private:
    std::uint64_t hash_ = 0xcbf29ce484222325U;
};

// The smallest value that at least `share` of the sorted samples do not exceed (nearest rank).
double percentile(const std::vector<std::uint64_t>& sorted, double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return static_cast<double>(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

class Measurement {
  public:
    explicit Measurement(Session& session) : session_{session} {}

    [[nodiscard]] Phase phase(std::size_t index, std::string phase_name, bool is_protected) {
        Phase result{std::move(phase_name), {}};
        std::vector<std::uint64_t> latencies;
        std::uint64_t pages = 0;
        std::uint64_t cycles = 0;
        std::uint64_t worst_cycles = 0;
        std::uint64_t accesses = 0;
        std::uint64_t access_cycles = 0;
        std::uint64_t pool_hits = 0;
        for_each_core([&](CpuId core) {
            const OperationSamples& samples = session_.samples(core, index);
            latencies.insert(latencies.end(), samples.alloc_cycles.begin(), samples.alloc_cycles.end());
            pages += samples.pages;
            cycles += samples.cycles;
            worst_cycles = std::max(worst_cycles, samples.worst_cycles);
            accesses += samples.accesses;
            access_cycles += samples.access_cycles;
            pool_hits += samples.pool_hits;
        });
        auto& metrics = result.metrics;
        alloc::for_each_counter([&](std::string_view name, auto member) {
            metrics[std::string{name}] = static_cast<double>(counted(index, member));
        });
        for (const auto& [name, value] : session_.figures(index)) metrics[name] = value;
        add_mapped(index, metrics);
        metrics["obtained_bytes"] = static_cast<double>(pages * kPageBytes);
        metrics["pages"] = static_cast<double>(pages);
        metrics["splits"] = static_cast<double>(counted(index, &alloc::KernelCounters::direct_map_level2_splits) +
                                                counted(index, &alloc::KernelCounters::direct_map_level3_splits));
        metrics["unmapped_free_bytes"] = static_cast<double>(session_.unmapped_free_at_end(index).raw() * kPageBytes);
        add_victims(index, metrics);
        if (accesses > 0) metrics["cycles_per_access"] = static_cast<double>(access_cycles) / static_cast<double>(accesses);
        add_operations(index, metrics);
        add_quarantine(index, metrics);
        add_memory(index, metrics);
        add_page_tables(metrics);
        if (is_protected) add_pool(index, pool_hits, latencies.size(), metrics);
        add_survivors(index, metrics);
        add_exposure_after_flush(index, metrics);
        if (worst_cycles > 0) metrics["worst_call_cycles"] = static_cast<double>(worst_cycles);
        if (const std::uint64_t zeroed = counted(index, &alloc::KernelCounters::pages_zeroed); zeroed > 0)
            metrics["zeroed_bytes"] = static_cast<double>(zeroed * kPageBytes);
        if (pages == 0) return result;
        const auto per_page = static_cast<double>(pages);
        std::sort(latencies.begin(), latencies.end());
        metrics["cycles_per_page"] = static_cast<double>(cycles) / per_page;
        const double ghz = static_cast<double>(session_.node().config().hw.frequency) / 1e9;
        metrics["ns_per_page"] = metrics["cycles_per_page"] / ghz;
        metrics["alloc_p50_cycles"] = percentile(latencies, 0.5);
        metrics["alloc_p99_cycles"] = percentile(latencies, 0.99);
        metrics["alloc_p999_cycles"] = percentile(latencies, 0.999);
        metrics["ipis_per_1000_pages"] = static_cast<double>(interrupts(index)) * 1000 / per_page;
        metrics["stolen_cycles_per_page"] = static_cast<double>(stolen(index)) / per_page;
        if (is_protected) {
            const ExposureTracker::Total exposure = session_.exposure().total(index);
            if (exposure.pages > 0) {
                metrics["exposure_cycles_per_page"] =
                    static_cast<double>(exposure.page_cycles) / static_cast<double>(exposure.pages);
                metrics["longest_exposure_cycles"] = static_cast<double>(exposure.longest);
            }
        }
        return result;
    }

    // The exact percentiles above come from the samples themselves.
    [[nodiscard]] std::vector<LatencyHistogram> histograms(std::size_t index, const std::string& phase_name) {
        std::map<std::string, Histogram> by_figure;
        for_each_core([&](CpuId core) {
            const OperationSamples& samples = session_.samples(core, index);
            for (const std::uint64_t cycles : samples.alloc_cycles) by_figure["alloc_cycles"].add(cycles);
            for (const std::uint64_t cycles : samples.mapped_cycles) by_figure["mapped_cycles"].add(cycles);
            by_figure["free_cycles"].merge(samples.free_cycles);
        });
        std::vector<LatencyHistogram> out;
        for (auto& [figure, histogram] : by_figure)
            if (histogram.count() > 0) out.push_back({phase_name, figure, std::move(histogram)});
        return out;
    }

    [[nodiscard]] std::vector<LedgerLine> ledger() {
        std::map<std::pair<LedgerSide, std::string>, std::uint64_t> sums;
        for_each_core([&](CpuId core) {
            const LedgerSide side = session_.allocates(core) ? LedgerSide::initiator : LedgerSide::victim;
            const hw::Timeline& time = session_.node().machine().core(core).timeline();
            for (const auto& [path, cycles] : time.ledger().since({})) sums[{side, path}] += cycles;
            // All cores end at the common end time; the rest is idle.
            if (time.now() < session_.end()) sums[{side, "idle"}] += (session_.end() - time.now()).raw();
        });
        std::vector<LedgerLine> lines;
        for (const auto& [key, cycles] : sums) lines.push_back({key.first, key.second, cycles});
        return lines;
    }

    [[nodiscard]] std::map<std::string, std::uint64_t> counters() {
        std::map<std::string, std::uint64_t> all;
        for_each_core([&](CpuId core) {
            const CoreMark& end = session_.marks(core).back();
            alloc::for_each_counter([&](std::string_view name, auto member) { all[std::string{name}] += end.kernel.*member; });
            const std::string path = "core" + std::to_string(core.raw());
            all[path + ".mmu.accesses"] = end.mmu.accesses;
            all[path + ".mmu.l1_misses"] = end.mmu.l1_misses;
            all[path + ".mmu.l2_misses"] = end.mmu.l2_misses;
            all[path + ".mmu.walk_reads"] = end.mmu.walk_reads;
            all[path + ".mmu.walk_cycles"] = end.mmu.walk_cycles;
            all[path + ".mmu.invlpg"] = end.mmu.invlpg;
            all[path + ".mmu.full_flushes"] = end.mmu.full_flushes;
            all[path + ".apic.sent"] = end.apic.sent;
            all[path + ".apic.received"] = end.apic.received;
            all[path + ".apic.timers"] = end.apic.timers;
            if (!session_.allocates(core)) all[path + ".background.accesses"] = end.background_accesses;
            add_cache_counters(core, path, all);
        });
        all["contended_lock_acquisitions"] = session_.node().machine().locks().contended();
        return all;
    }

    [[nodiscard]] std::uint64_t state_hash(const std::map<std::string, std::uint64_t>& counters) {
        StateHash hash;
        for_each_core([&](CpuId core) {
            const hw::Timeline& time = session_.node().machine().core(core).timeline();
            hash.add(time.now().raw());
            for (const auto& [path, cycles] : time.ledger().since({})) {
                hash.add(path);
                hash.add(cycles);
            }
            for (std::size_t phase = 0; phase < session_.phase_count(); ++phase)
                for (const auto& of_kind :
                     {&session_.samples(core, phase).alloc_cycles, &session_.samples(core, phase).mapped_cycles})
                    for (std::uint64_t cycles : *of_kind) hash.add(cycles);
        });
        for (const auto& [name, value] : counters) {
            hash.add(name);
            hash.add(value);
        }
        for (std::size_t phase = 0; phase < session_.phase_count(); ++phase) {
            hash.add(session_.exposure().total(phase).page_cycles);
            hash.add(session_.exposure().total(phase).pages);
        }
        return hash.value();
    }

  private:
    template <class Visitor>
    void for_each_core(Visitor&& visit) {
        for (std::uint32_t i = 0; i < session_.node().core_count(); ++i) visit(CpuId{i});
    }
    // Marks of a core around a phase: marks[0] is the start of phase 0.
    [[nodiscard]] const CoreMark& begin(CpuId core, std::size_t phase) const { return session_.marks(core)[phase]; }
    [[nodiscard]] const CoreMark& end(CpuId core, std::size_t phase) const { return session_.marks(core)[phase + 1]; }

    void add_survivors(std::size_t phase, std::map<std::string, double>& metrics) {
        std::uint64_t entries = 0;
        std::uint64_t cores = 0;
        for_each_core([&](CpuId core) {
            const std::uint64_t grown = end(core, phase).mmu.pcid_survivors - begin(core, phase).mmu.pcid_survivors;
            entries += grown;
            cores += grown > 0 ? 1 : 0;
        });
        metrics["pcid_survivors"] = static_cast<double>(entries);
        metrics["pcid_survivor_cores"] = static_cast<double>(cores);
    }

    void add_exposure_after_flush(std::size_t phase, std::map<std::string, double>& metrics) {
        const ExposureTracker::Total exposure = session_.exposure().total(phase);
        if (exposure.flushed_pages == 0 || !shows_after_flush(session_.node().config())) return;
        metrics["exposure_after_flush_cycles_per_page"] =
            static_cast<double>(exposure.after_flush_page_cycles) / static_cast<double>(exposure.flushed_pages);
        metrics["longest_exposure_after_flush_cycles"] = static_cast<double>(exposure.longest_after_flush);
    }

    void add_memory(std::size_t phase, std::map<std::string, double>& metrics) {
        const alloc::MemoryStatistics& memory = session_.memory_at_end(phase);
        constexpr double kThousandths = 1000;
        metrics["fragmentation_index_order9"] = static_cast<double>(memory.fragmentation_index) / kThousandths;
        metrics["unusable_free_index_order9"] = static_cast<double>(memory.unusable_free_index) / kThousandths;
        metrics["order9_blocks_obtainable"] = static_cast<double>(memory.order9_obtainable);
        metrics["order10_blocks_obtainable"] = static_cast<double>(memory.order10_obtainable);
        metrics["stranded_free_bytes"] = static_cast<double>(memory.stranded.raw() * kPageBytes);
    }

    // As they are at the end of the run.
    void add_page_tables(std::map<std::string, double>& metrics) {
        alloc::PageTableAllocator& tables = session_.node().kernel().page_table_pages();
        if (tables.gauges().worst_depth > 0) metrics["worst_table_depth"] = static_cast<double>(tables.gauges().worst_depth);
        if (tables.gauges().reserve_low) metrics["table_reserve_low"] = static_cast<double>(tables.gauges().reserve_low->raw());
        metrics["table_idle_bytes"] = static_cast<double>(tables.policy().idle_pages().raw() * kPageBytes);
        const LeafCount leaves{session_.node().memory(), session_.node().root()};
        metrics["direct_map_1g"] = static_cast<double>(leaves.leaves(x86::kPdpte));
        metrics["direct_map_2m"] = static_cast<double>(leaves.leaves(x86::kPde));
        metrics["direct_map_4k"] = static_cast<double>(leaves.leaves(x86::kPte));
    }

    void add_operations(std::size_t phase, std::map<std::string, double>& metrics) {
        OperationSamples sum;
        for_each_core([&](CpuId core) {
            const OperationSamples& samples = session_.samples(core, phase);
            sum.operations += samples.operations;
            sum.operation_cycles += samples.operation_cycles;
            sum.operation_entries += samples.operation_entries;
            alloc::for_each_counter(
                [&](std::string_view, auto member) { sum.in_operations.*member += samples.in_operations.*member; });
        });
        if (sum.operations == 0) return;
        const auto set = [&](const char* metric, std::uint64_t total, std::uint64_t count) {
            if (count != 0) metrics[metric] = static_cast<double>(total) / static_cast<double>(count);
        };
        const alloc::KernelCounters& counters = sum.in_operations;
        set("cycles_per_operation", sum.operation_cycles, sum.operations);
        set("cycles_per_entry", sum.operation_cycles, sum.operation_entries);
        metrics["ipis_per_operation"] = static_cast<double>(interrupts(phase)) / static_cast<double>(sum.operations);
        metrics["stolen_cycles_per_operation"] = static_cast<double>(stolen(phase)) / static_cast<double>(sum.operations);
        set("pkrs_writes_per_operation", counters.pkrs_writes, sum.operations);
        set("tables_per_operation", counters.pgtables_allocated, sum.operations);
        set("cycles_per_table", counters.pgtable_alloc_cycles, counters.pgtables_allocated);
        set("cycles_per_table_freed", counters.pgtable_free_cycles, counters.pgtables_freed);
        set("flushes_per_table", counted(phase, &alloc::KernelCounters::flushes),
            counted(phase, &alloc::KernelCounters::pgtables_allocated));
    }

    // The gauges are of the whole run.
    void add_quarantine(std::size_t phase, std::map<std::string, double>& metrics) {
        const alloc::Quarantine::Gauges* gauges = session_.node().kernel().mechanism().quarantine();
        if (gauges == nullptr || gauges->most_held == PageCount{0}) return;
        metrics["quarantine_peak_bytes"] = static_cast<double>(gauges->most_held.raw() * kPageBytes);
        const auto longest = [&](const char* metric, Cycles cycles) {  // none yet: nothing was freed, nothing swept
            if (cycles > Cycles{0}) metrics[metric] = static_cast<double>(cycles.raw());
        };
        longest("longest_quarantine_cycles", gauges->longest);
        longest("longest_unmapped_exposure_cycles", gauges->longest_exposure);
        const auto mean = [&](const char* metric, std::uint64_t alloc::KernelCounters::*sum,
                              std::uint64_t alloc::KernelCounters::*count) {
            if (const std::uint64_t n = counted(phase, count); n > 0)
                metrics[metric] = static_cast<double>(counted(phase, sum)) / static_cast<double>(n);
        };
        using Counters = alloc::KernelCounters;
        mean("quarantine_cycles", &Counters::quarantine_page_cycles, &Counters::quarantine_freed_pages);
        mean("unmapped_exposure_cycles", &Counters::latr_user_exposure_cycles, &Counters::latr_user_swept);
    }

    void add_pool(std::size_t phase, std::uint64_t hits, std::size_t requests, std::map<std::string, double>& metrics) {
        metrics["pool_mean_bytes"] = session_.pool().mean_pages(phase) * static_cast<double>(kPageBytes);
        if (requests > 0) metrics["pool_hit_percent"] = 100 * static_cast<double>(hits) / static_cast<double>(requests);
    }

    // By the level that held the line; with fixed latencies there are no levels.
    void add_cache_counters(CpuId core, const std::string& path, std::map<std::string, std::uint64_t>& all) {
        const hw::CacheHierarchy& caches = session_.node().machine().memory().caches();
        if (!caches.simulated()) return;
        for (std::size_t level = 0; level < hw::kMemoryLevels; ++level) {
            all[path + ".caches.page_table." + std::string{hw::kMemoryLevelNames[level]}] =
                caches.stats(core).page_table[level];
            all[path + ".caches.data." + std::string{hw::kMemoryLevelNames[level]}] = caches.stats(core).data[level];
        }
    }

    // Of all cores, in one phase.
    std::uint64_t counted(std::size_t phase, std::uint64_t alloc::KernelCounters::*counter) {
        std::uint64_t sum = 0;
        for_each_core([&](CpuId core) { sum += end(core, phase).kernel.*counter - begin(core, phase).kernel.*counter; });
        return sum;
    }

    void add_mapped(std::size_t phase, std::map<std::string, double>& metrics) {
        std::vector<std::uint64_t> latencies;
        std::uint64_t failures = 0;
        for_each_core([&](CpuId core) {
            const OperationSamples& samples = session_.samples(core, phase);
            latencies.insert(latencies.end(), samples.mapped_cycles.begin(), samples.mapped_cycles.end());
            failures += samples.mapped_failures;
        });
        if (latencies.empty() && failures == 0) return;
        metrics["mapped_allocations"] = static_cast<double>(latencies.size());
        metrics["mapped_failures"] = static_cast<double>(failures);
        if (latencies.empty()) return;
        std::sort(latencies.begin(), latencies.end());
        metrics["mapped_p50_cycles"] = percentile(latencies, 0.5);
        metrics["mapped_p999_cycles"] = percentile(latencies, 0.999);
        metrics["mapped_max_cycles"] = static_cast<double>(latencies.back());
    }

    std::uint64_t interrupts(std::size_t phase) {
        std::uint64_t sum = 0;
        for_each_core([&](CpuId core) { sum += end(core, phase).apic.received - begin(core, phase).apic.received; });
        return sum;
    }

    // What one core spent in a phase on the accounts that `counts` chooses by their paths.
    template <class Counts>
    std::uint64_t spent(CpuId core, std::size_t phase, Counts&& counts) {
        const AccountTree& accounts = session_.node().machine().accounts();
        const Ledger::Snapshot& before = begin(core, phase).ledger;
        const Ledger::Snapshot& after = end(core, phase).ledger;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < after.size(); ++i)
            if (const std::uint64_t cycles = after[i] - (i < before.size() ? before[i] : 0); cycles != 0)
                if (counts(accounts.path(static_cast<AccountTree::Id>(i)))) sum += cycles;
        return sum;
    }

    static bool is_tlb_miss(const std::string& path) { return !is_stolen(path) && path.ends_with(kTlbMissPath); }

    std::uint64_t stolen(std::size_t phase) {
        std::uint64_t sum = 0;
        for_each_core([&](CpuId core) { sum += spent(core, phase, is_stolen); });
        return sum;
    }

    // Cycles per background access of all sampled victims together, and the parts of them.
    struct Pace {
        double all = 0;
        double interrupts = 0;
        double tlb_misses = 0;
        double seconds = 0;  // of the phase on one victim
    };
    std::optional<Pace> victim_pace(std::size_t phase) {
        std::uint64_t accesses = 0;
        std::uint64_t victims = 0;
        Pace sum;
        for_each_core([&](CpuId core) {
            if (!session_.is_sampled(core)) return;
            ++victims;
            accesses += end(core, phase).background_accesses - begin(core, phase).background_accesses;
            sum.all += static_cast<double>((end(core, phase).now - begin(core, phase).now).raw());
            sum.interrupts += static_cast<double>(spent(core, phase, is_stolen));
            sum.tlb_misses += static_cast<double>(spent(core, phase, is_tlb_miss));
        });
        if (accesses == 0) return std::nullopt;
        const auto per_access = static_cast<double>(accesses);
        const auto hertz = static_cast<double>(session_.node().config().hw.frequency);
        return Pace{sum.all / per_access, sum.interrupts / per_access, sum.tlb_misses / per_access,
                    sum.all / static_cast<double>(victims) / hertz};
    }

    void add_victims(std::size_t phase, std::map<std::string, double>& metrics) {
        const auto undisturbed = victim_pace(Session::kBaseline);
        const auto disturbed = victim_pace(phase);
        if (!undisturbed || !disturbed) return;
        const double slowdown = 100 * (disturbed->all / undisturbed->all - 1);
        metrics["victim_slowdown_percent"] = slowdown;
        metrics["victim_interrupt_percent"] = 100 * (disturbed->interrupts - undisturbed->interrupts) / undisturbed->all;
        metrics["victim_refill_percent"] = 100 * (disturbed->tlb_misses - undisturbed->tlb_misses) / undisturbed->all;
        if (disturbed->seconds == 0) return;
        const double flushes = static_cast<double>(counted(phase, &alloc::KernelCounters::flushes));
        metrics["flushes_per_second"] = flushes / disturbed->seconds;
        if (flushes > 0 && slowdown > 0) metrics["flushes_per_second_for_1_percent"] = metrics["flushes_per_second"] / slowdown;
    }

    Session& session_;
};

}  // namespace

WorkloadResult measure(std::string_view workload_name, const Workload& workload, Session& session) {
    Measurement measurement{session};
    const RunConfig& config = session.node().config();
    const alloc::StrategyInfo& strategy = alloc::find_flush_strategy(config.flush.strategy);
    const bool is_protected = strategy.protection != alloc::Protection::not_protected;
    WorkloadResult result;
    result.workload = workload_name;
    const std::vector<std::string> phases = workload.phases();
    for (std::size_t i = 0; i < phases.size(); ++i) {
        result.phases.push_back(measurement.phase(Session::kFirstPhase + i, phases[i], is_protected));
        std::ranges::move(measurement.histograms(Session::kFirstPhase + i, phases[i]), std::back_inserter(result.histograms));
    }
    result.ledger = measurement.ledger();
    result.counters = measurement.counters();
    result.proc = proc_files(session.node(), result.counters);
    result.free_lists = session.free_lists();
    result.direct_map = take_direct_map_picture(session.node().memory(), session.node().root());
    result.facts["protection"] = protection(config, is_protected);
    if (strategy.exposure_bound != nullptr)
        result.facts["exposure"] = "declared: protection is deferred by up to " +
                                   std::to_string(strategy.exposure_bound(config.kernel).raw()) + " cycles (" +
                                   config.flush.strategy + ")";
    add_protection_facts(config, session, result);
    if (session.node().config().platform.numa_nodes > 1)
        result.facts["numa"] =
            "no oracle: zonelists and pages of several NUMA nodes follow the kernel's sources, no recorded run";
    if (config.flush.strategy == "freetype")
        result.facts["freetype policies"] =
            config.kernel.freetype.generation + ", as read in the series; checked against no kernel";
    if (const std::uint64_t shared = session.node().machine().topology().threads_with_sibling(); shared > 0)
        result.facts["SMT"] = std::to_string(shared) + " of " + std::to_string(session.node().core_count()) +
                              " threads share a core with an online sibling, which is taken to be busy all the time: each has "
                              "half of the TLBs, and interrupts take longer to its handler; the handler itself is not slowed "
                              "(no figure is published)";
    const std::size_t victims = session.node().core_count() - session.allocating_cores();
    if (const std::size_t sampled = session.sampled_cores(); sampled < victims)
        result.facts["sample"] =
            std::to_string(sampled) + " of " + std::to_string(victims) +
            " victims access memory; their figures stand for all, and exposure counts their TLBs and those "
            "of the cores that allocate (workload.background.sampled_cores)";
    if (session.node().machine().topology().hypothetical())
        result.facts["hypothetical"] = "more cores than the product has: cores per socket were grown";
    result.end_cycles = session.end().raw();
    result.state_hash = measurement.state_hash(result.counters);
    return result;
}

}  // namespace splinter::platforms
