// The rows of the page allocator, without time: its own code through the port, on a CPU that does nothing. Host time per
// allocation and free of a block, bytes of metadata per frame, and the start-up of 1 TiB. README.md has what was measured.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "alloc/kernel_params.h"
#include "hw/base/rng.h"
#include "platforms/build/zone_plan.h"
#include "platforms/replay/untimed_cpu.h"
#include "tests/bench/machine_run.h"

namespace splinter::bench {
namespace {

using alloc::AllocRequest;
using alloc::PageAllocator;

AllocRequest movable(Order order) {
    AllocRequest request;
    request.order = order;
    request.freetype = alloc::kMovable;
    return request;
}

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kRepeats = 1'000'000;

// An allocator of all memory, and the CPU that uses it.
class Allocator {
  public:
    explicit Allocator(std::uint64_t bytes)
        : frames_{PageCount{bytes >> kPageShift}},
          pages_{frames_, platforms::plan_zones(bytes, 1, frames_, alloc::kLinux6_12), 1, alloc::pcp_limits({}),
                 alloc::layout::KernelData{alloc::layout::kDirectMap + bytes}} {}

    Pfn take(const AllocRequest& request) {
        const auto block = pages_.alloc_pages(cpu_, request);
        SPLINTER_CHECK(block, "the benchmark's memory is large enough");
        return *block;
    }
    void give(Pfn block, Order order) { pages_.free_pages(cpu_, block, order); }
    [[nodiscard]] const std::vector<alloc::Zone>& zones() const { return pages_.zones(); }

  private:
    alloc::FrameTable frames_;
    PageAllocator pages_;
    platforms::UntimedCpu cpu_{CpuId{0}, 1};
};

// Each iteration's time per unit; the fastest counts, for other processes only ever add time.
class Fastest {
  public:
    void add(benchmark::State& state, double seconds, std::uint64_t units) {
        state.SetIterationTime(seconds);
        ns_ = std::min(ns_, seconds * 1e9 / static_cast<double>(units));
    }
    void report(benchmark::State& state) const { state.counters["ns"] = ns_; }

  private:
    double ns_ = std::numeric_limits<double>::infinity();
};

// One block allocated and freed, again and again: the per-CPU lists serve order 0 and order 9, the buddy splits and merges for
// the others.
void measure_pair(benchmark::State& state, Order order) {
    Allocator allocator{kGiB};
    const AllocRequest request = movable(order);
    for (std::uint64_t i = 0; i < 1000; ++i) allocator.give(allocator.take(request), order);
    Fastest fastest;
    for ([[maybe_unused]] auto _ : state) {
        const Stopwatch watch;
        for (std::uint64_t i = 0; i < kRepeats; ++i) allocator.give(allocator.take(request), order);
        fastest.add(state, watch.seconds(), kRepeats);
    }
    fastest.report(state);
}

// A million pages, freed in random order: cold metadata, drains and merges.
void measure_random_free(benchmark::State& state) {
    Allocator allocator{8 * kGiB};
    Rng rng{1, "random_free"};
    std::vector<Pfn> pages(kRepeats);
    Fastest fastest;
    for ([[maybe_unused]] auto _ : state) {
        for (Pfn& page : pages) page = allocator.take(movable(Order{0U}));
        for (std::size_t i = pages.size(); i > 1; --i) std::swap(pages[i - 1], pages[rng.below(i)]);
        const Stopwatch watch;
        for (const Pfn page : pages) allocator.give(page, Order{0U});
        fastest.add(state, watch.seconds(), pages.size());
    }
    fastest.report(state);
}

std::uint64_t resident_bytes_touched() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_minflt) << kPageShift;
}

// Allocator and zones of 1 TiB, all free, built from nothing. Host memory by page faults: with no frame touched, then for
// each frame of a GiB that is allocated as order 0.
void measure_start_up(benchmark::State& state) {
    constexpr std::uint64_t kTouched = kGiB >> kPageShift;
    Fastest fastest;
    std::uint64_t untouched = 0;
    std::uint64_t touched = 0;
    for ([[maybe_unused]] auto _ : state) {
        const std::uint64_t before = resident_bytes_touched();
        const Stopwatch watch;
        Allocator allocator{1024 * kGiB - kPageBytes};
        fastest.add(state, watch.seconds(), 1);
        const std::uint64_t started = resident_bytes_touched();
        for (std::uint64_t i = 0; i < kTouched; ++i) benchmark::DoNotOptimize(allocator.take(movable(Order{0U})));
        untouched = started - before;
        touched = resident_bytes_touched() - started;
    }
    fastest.report(state);
    state.counters["B/untouched"] = static_cast<double>(untouched) / static_cast<double>(1024 * kGiB >> kPageShift);
    state.counters["B/touched"] = static_cast<double>(touched) / static_cast<double>(kTouched);
}

void add(const std::string& name, const std::function<void(benchmark::State&)>& measure) {
    benchmark::RegisterBenchmark(name.c_str(), measure)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_allocator_rows() {
    for (const unsigned order : {0, 4, 9})
        add("allocator/pair/order:" + std::to_string(order), [order](auto& state) { measure_pair(state, Order{order}); });
    add("allocator/random_free", measure_random_free);
    add("allocator/start_up/TiB:1", measure_start_up);
}

}  // namespace splinter::bench
