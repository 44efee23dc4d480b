// The modelled kernel, put together from its parts as alloc::Kernel does, with a source of page-table pages that can fail.
#pragma once

#include <concepts>
#include <memory>
#include <set>

#include "alloc/buddy/flip.h"
#include "alloc/flush/strategies.h"
#include "alloc/smp/ipi_mechanism.h"
#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {

// Policy `plain`, which on demand has no page, as PlainPageTablePages when memory is short. Knows which pages it gave.
class FailingPageTablePages : public PageTablePages {
  public:
    explicit FailingPageTablePages(PageAllocator& pages) : plain_{pages} {}

    // The next `successes` requests succeed, then `failures` fail, and so on in turn.
    void fail_after(std::uint64_t successes, std::uint64_t failures) {
        requests_ = 0;
        only_once_ = false;
        successes_ = successes;
        failures_ = failures;
    }
    // Only request number `request` from now on fails, counted from 0.
    void fail_only(std::uint64_t request) {
        fail_after(request, 1);
        only_once_ = true;
    }
    [[nodiscard]] std::uint64_t requests() const { return requests_; }
    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
        if (only_once_ && requests_ > successes_) return count_and_give(cpu, use);
        if (requests_++ % (successes_ + failures_) >= successes_) return std::nullopt;
        return give(cpu, use);
    }
    void release(Cpu& cpu, Pfn table) override {
        given_.erase(table);
        plain_.release(cpu, table);
    }
    [[nodiscard]] const std::set<Pfn>& given() const { return given_; }

  private:
    std::optional<Pfn> give(Cpu& cpu, TableUse use) {
        const auto table = plain_.allocate(cpu, use);
        if (table) given_.insert(*table);
        return table;
    }
    std::optional<Pfn> count_and_give(Cpu& cpu, TableUse use) {
        ++requests_;
        return give(cpu, use);
    }
    PlainPageTablePages plain_;
    std::set<Pfn> given_;
    bool only_once_ = false;
    std::uint64_t requests_ = 0;
    std::uint64_t successes_ = 1;
    std::uint64_t failures_ = 0;
};

// Writes what a strategy reports into the log of the port's calls.
class LoggingObserver : public MapObserver {
  public:
    explicit LoggingObserver(CallLog& log) : log_{log} {}
    void narrowed(Cpu& cpu, PfnRange range) override { log_.add({Call::Kind::narrowed, cpu.id(), range.first.raw()}); }
    void widened(Cpu& cpu, PfnRange range) override { log_.add({Call::Kind::widened, cpu.id(), range.first.raw()}); }
    void handed_out(Cpu& cpu, PfnRange range) override { log_.add({Call::Kind::handed_out, cpu.id(), range.first.raw()}); }
    void released(Cpu& cpu, PfnRange range) override { log_.add({Call::Kind::released, cpu.id(), range.first.raw()}); }

  private:
    CallLog& log_;
};

class TestKernel {
  public:
    TestKernel(TestMemory& memory, std::vector<Zone> zones, std::size_t cpus, const KernelParams& params,
               std::string_view strategy_name, MapObserver& observer)
        : pages{memory.frames(), std::move(zones), cpus, pcp_limits(params), memory.data()},
          flips{pages, mermap, flip_policy(params.freetype)},
          calls{cpus, memory.data()},
          mechanism{calls},
          flush{mechanism, calls.local(), PageCount{params.flush_ceiling}},
          tables{pages},
          keys{KeyRegister::Tables::have_no_key, KeyScope::entry, cpus},
          direct_map{memory.root(), tables, keys, flush, cpus},
          mermap{keys, memory.mermap_tables()},
          work{cpus, memory.data()},
          strategy{find_flush_strategy(strategy_name)
                       .make({pages, direct_map, flush, observer, params, cpus, work, memory.data(), flips, mermap})} {
        pages.configure({params.compaction, params.pcp_trylock_fails});
    }

    // What a CPU has counted, by all parts.
    [[nodiscard]] KernelCounters counters(CpuId cpu) {
        KernelCounters sum;
        for (const KernelCounters& part :
             {pages.counters(cpu), calls.counters(cpu), direct_map.counters(cpu), mermap.counters(cpu)})
            for_each_counter([&](std::string_view, auto member) { sum.*member += part.*member; });
        return sum;
    }

    PageAllocator pages;
    Flips flips;
    CallFunction calls;
    IpiMechanism mechanism;
    TlbFlush flush;
    FailingPageTablePages tables;
    KeyRegister keys;
    DirectMap direct_map;
    Mermap mermap;
    KernelWork work;
    StrategyPtr strategy;
};

// A kernel on recording CPUs, over one zone of `span`.
struct RecordedKernel {
    explicit RecordedKernel(PfnRange span, std::string_view strategy_name = "none", std::size_t cpus = 1,
                            const KernelParams& params = {})
        : RecordedKernel{[&](FrameTable& frames) {
                             std::vector<Zone> zones;
                             zones.push_back(free_zone(zone_layout(span), frames, kLinux6_12, freetype_lists(params)));
                             return zones;
                         },
                         strategy_name, cpus, params} {}
    template <class MakeZones>
    requires std::invocable<MakeZones, FrameTable&>
    explicit RecordedKernel(MakeZones&& zones, std::string_view strategy_name = "none", std::size_t cpus = 1,
                            const KernelParams& params = {})
        : machine{memory, cpus}, observer{machine.log()}, kernel{memory, zones(memory.frames()), cpus,
                                                                 params, strategy_name,          observer} {
        machine.set_handler([this](Cpu& target, std::uint8_t) { kernel.calls.on_interrupt(target); });
    }
    [[nodiscard]] RecordingCpu& cpu(std::uint32_t index = 0) { return machine.cpu(index); }
    [[nodiscard]] CallLog& log() { return machine.log(); }
    [[nodiscard]] Zone& zone(std::size_t index = 0) { return kernel.pages.zones()[index]; }
    // Sum over all CPUs.
    [[nodiscard]] std::uint64_t counted(std::uint64_t KernelCounters::*counter) {
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < machine.cpu_count(); ++i) sum += kernel.counters(CpuId{i}).*counter;
        return sum;
    }

    TestMemory memory;
    RecordingMachine machine;
    LoggingObserver observer;
    TestKernel kernel;
};

inline constexpr AllocRequest kUnmappedPage{Order{0U}, kUnmovableUnmapped, Blocking::may_block, {}};
inline constexpr AllocRequest kUnmovablePage{Order{0U}, kUnmovable, Blocking::may_block, {}};
// What a flush strategy does, for the story of a call.
inline constexpr std::string_view kStrategyWords =
    "clear line local_map narrowed widened handed_out released icr page all wait";
// One page per refill.
inline const KernelParams kOneByOne{.pcp_batch = 1, .pcp_high = 1, .pcp_high_max = 1};

// Order-0 pages that can be had from a zone before the request moves on, with kOneByOne.
inline std::uint64_t pages_until_refused(RecordedKernel& node, const AllocRequest& request) {
    std::uint64_t taken = 0;
    while (node.kernel.pages.alloc_pages(node.cpu(), request)) ++taken;
    return taken;
}

}  // namespace splinter::alloc
