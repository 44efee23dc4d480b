// The rows: host time of simulated accesses, beside the floor loop's for the same accesses in the same run. README.md has what
// they mean and what was measured.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "tests/bench/floor_mmu.h"
#include "tests/bench/machine_run.h"

namespace splinter::bench {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

// Half of the L1 TLB, and an eighth of the second level.
constexpr Mix kL1Hits{.hot_pages = 32, .same_page = 64};
// 90.6 % L1 hits, 7.8 % hits of the second level, 1.6 % walks: the shares are counted, not assumed, and are in the output.
constexpr Mix kTypical{.hot_pages = 16, .warm_pages = 512, .cold_pages = 16384, .warm_per_1024 = 86, .cold_per_1024 = 16};

struct Row {
    std::uint64_t cores;
    Mix mix;
    Length length;  // per core
};

// The page tables of the row at hand; those of 64 GiB take a while to write.
MemoryImage& image_of(const Row& row) {
    static std::unique_ptr<MemoryImage> image;
    static std::uint64_t cores = 0;
    static std::uint64_t pages = 0;
    if (cores != row.cores || pages != row.mix.pages()) {
        image.reset();
        image = std::make_unique<MemoryImage>(cores = row.cores, pages = row.mix.pages());
    }
    return *image;
}

template <class Stream>
Timing time_floor(MemoryImage& image, const Mix& mix, Length length) {
    const auto mmu = std::make_unique<FloorMmu>(image.memory(), image.root(0), x86::PagingState{}.pkru.raw());
    Stream stream{mix, 0};
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < length.warm_up; ++i) sum += mmu->write(stream.next());
    const FloorMmu before = *mmu;
    const Stopwatch watch;
    for (std::uint64_t i = 0; i < length.timed; ++i) sum += mmu->write(stream.next());
    const double seconds = watch.seconds();
    benchmark::DoNotOptimize(sum += mmu->cycles());
    return {seconds, mmu->accesses() - before.accesses(), mmu->l1_misses() - before.l1_misses(), mmu->walks() - before.walks()};
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// An iteration is a whole simulation and then the floor loop. Other processes only ever add time: each side's fastest iteration
// counts. The time that Google Benchmark prints is the mean.
template <class Stream>
void measure(benchmark::State& state, const Row& row) {
    MemoryImage& image = image_of(row);
    double machine_ns = std::numeric_limits<double>::infinity();
    double floor_ns = machine_ns;
    Timing timing;
    for ([[maybe_unused]] auto _ : state) {
        timing = time_machine<Stream>(image, row.cores, row.mix, row.length);
        const Timing floor = time_floor<Stream>(image, row.mix, {row.length.warm_up, row.length.timed * row.cores});
        machine_ns = std::min(machine_ns, timing.nanoseconds());
        floor_ns = std::min(floor_ns, floor.nanoseconds());
        state.SetIterationTime(timing.seconds);
    }
    state.counters["M/s"] = 1e3 / machine_ns;
    state.counters["ns"] = machine_ns;
    state.counters["floor_ns"] = floor_ns;
    state.counters["ratio"] = machine_ns / floor_ns;
    state.counters["L1_%"] = percent(timing.accesses - timing.l1_misses, timing.accesses);
    state.counters["L2_%"] = percent(timing.l1_misses - timing.walks, timing.accesses);
    state.counters["walk_%"] = percent(timing.walks, timing.accesses);
}

// About `accesses` in all, but enough of them on each core to see it lag and catch up.
Length spread(std::uint64_t accesses, std::uint64_t cores, std::uint64_t warm_up) {
    constexpr std::uint64_t kLeast = 65536;
    return {warm_up, std::max(accesses / cores, kLeast)};
}

template <class Stream>
void add(const std::string& name, const Row& row) {
    benchmark::RegisterBenchmark(name.c_str(), [row](benchmark::State& state) { measure<Stream>(state, row); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_rows() {
    for (const std::uint64_t cores : {1, 8, 64}) {
        const Row row{cores, kL1Hits, spread(1'000'000, cores, 4096)};
        add<StreamingStream>("l1_hit/streaming/cores:" + std::to_string(cores), row);
        add<RandomStream>("l1_hit/random/cores:" + std::to_string(cores), row);
    }
    for (const std::uint64_t cores : {8, 64, 256})
        add<MixedStream>("typical_mix/cores:" + std::to_string(cores), {cores, kTypical, spread(1'000'000, cores, 16384)});
    for (const std::uint64_t gib : {1, 16, 64}) {
        const Mix mix{.hot_pages = gib * kGiB >> kPageShift};
        add<RandomStream>("every_access_walks/GiB:" + std::to_string(gib), {1, mix, {16384, 200'000}});
    }
}

}  // namespace splinter::bench
