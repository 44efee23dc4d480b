// The rows of whole machines: host time of a shootdown per target, start-up, host memory per simulated core.
//
// `shootdown`: core 0 flushes a page of the kernel's range on all cores, again and again. Idle targets sleep in the kernel;
// running ones run the background loop, an access in a hundred million cycles, so that the time is the flushes' and not the
// loop's.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include "platforms/config/experiment.h"
#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/bench/machine_run.h"
#include "tests/hw/test_machine.h"

namespace splinter::bench {
namespace {

using platforms::RunConfig;
using platforms::Session;

enum class TargetsAre : std::uint8_t { idle, running };

RunConfig machine_of(std::uint64_t cores, const std::string& memory = "4GiB") {
    RunConfig config = platforms::Experiment::load(
                           SPLINTER_SOURCE_DIR "/configs/experiments/smoke.toml",
                           {"platform.cores=" + std::to_string(cores), "platform.cores_per_socket=" + std::to_string(cores),
                            "platform.memory=" + memory, "flush.strategy=none", "workload.background.user_footprint=64KiB",
                            "workload.background.kernel_footprint=64KiB"})
                           .resolve_single()
                           .config;
    config.workload.background.think = Cycles{100'000'000};  // more than a file may ask for
    return config;
}

class Shootdowns : public platforms::Workload {
  public:
    Shootdowns(TargetsAre targets, std::uint64_t flushes) : targets_{targets}, flushes_{flushes} {}
    [[nodiscard]] std::vector<std::string> phases() const override { return {"flushes"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return targets_ == TargetsAre::idle || core == CpuId{0U}; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        if (core != CpuId{0U}) return;
        session.node().machine().core(core).timeline().advance(Cycles{100'000});
        flush(session, core);  // each structure has been touched once
        const Stopwatch watch;
        for (std::uint64_t i = 0; i < flushes_; ++i) flush(session, core);
        seconds_ = watch.seconds();
    }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    static void flush(Session& session, CpuId core) {
        session.node().kernel().flush().kernel_range(session.node().cpu(core), alloc::layout::kVmalloc, PageCount{1});
    }
    TargetsAre targets_;
    std::uint64_t flushes_;
    double seconds_ = 0;
};

void measure_shootdowns(benchmark::State& state, TargetsAre targets, std::uint64_t cores) {
    constexpr std::uint64_t kInterrupts = 200'000;
    const std::uint64_t flushes = std::max<std::uint64_t>(kInterrupts / cores, 20);
    const auto told = static_cast<double>(flushes * (cores - 1));
    double ns = std::numeric_limits<double>::infinity();
    std::uint64_t received = 0;
    for ([[maybe_unused]] auto _ : state) {
        const hw::FreshSystemC systemc;
        Shootdowns workload{targets, flushes};
        Session session{machine_of(cores), workload};
        session.run();
        received = 0;
        for (const auto& core : session.node().machine().cores()) received += core->apic().stats().received;
        ns = std::min(ns, workload.seconds() * 1e9 / told);
        state.SetIterationTime(workload.seconds());
    }
    state.counters["ns"] = ns;
    state.counters["received/target"] = static_cast<double>(received) / static_cast<double>((flushes + 1) * (cores - 1));
}

// Ends when the first core gets to run.
class Nothing : public platforms::Workload {
  public:
    [[nodiscard]] std::vector<std::string> phases() const override { return {"nothing"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core == CpuId{0U}; }
    void run(Session& session, CpuId core) override {
        if (!started_) seconds_ = watch_.seconds();
        started_ = true;
        session.warm_up(core, Cycles{0}, Cycles{0});
    }
    [[nodiscard]] double seconds() const { return seconds_; }

  private:
    Stopwatch watch_;
    bool started_ = false;
    double seconds_ = 0;
};

// What the host pays between main() and the first simulated cycle: configuration, boot, elaboration.
void measure_start_up(benchmark::State& state, std::uint64_t cores, const std::string& memory) {
    double ms = std::numeric_limits<double>::infinity();
    for ([[maybe_unused]] auto _ : state) {
        const hw::FreshSystemC systemc;
        Nothing workload;
        Session session{machine_of(cores, memory), workload};
        session.run();
        ms = std::min(ms, workload.seconds() * 1e3);
        state.SetIterationTime(workload.seconds());
    }
    state.counters["ns"] = ms * 1e6;
    state.counters["ms"] = ms;
}

// The largest resident set of a process that boots the machine and flushes once on all cores.
double peak_kib(std::uint64_t cores) {
    return std::stod(platforms::run_in_child([cores] {
        Shootdowns workload{TargetsAre::running, 1};
        Session session{machine_of(cores), workload};
        session.run();
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return std::to_string(usage.ru_maxrss);
    }));
}

void measure_memory(benchmark::State& state) {
    constexpr std::uint64_t kFew = 64;
    constexpr std::uint64_t kMany = 1024;
    double kib = 0;
    for ([[maybe_unused]] auto _ : state) {
        const Stopwatch watch;
        kib = (peak_kib(kMany) - peak_kib(kFew)) / static_cast<double>(kMany - kFew);
        state.SetIterationTime(std::max(watch.seconds(), 1e-9));
    }
    state.counters["KiB/core"] = kib;
}

template <class Measure>
void add(const std::string& name, Measure measure) {
    benchmark::RegisterBenchmark(name.c_str(), measure)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_machine_rows() {
    add("host_memory", measure_memory);  // first: children have what their parent has
    for (const std::uint64_t cores : {64, 256, 1024}) {
        const std::string n = "cores:" + std::to_string(cores);
        add("shootdown/idle/" + n, [cores](benchmark::State& state) { measure_shootdowns(state, TargetsAre::idle, cores); });
        add("shootdown/running/" + n,
            [cores](benchmark::State& state) { measure_shootdowns(state, TargetsAre::running, cores); });
    }
    add("start_up/cores:256", [](benchmark::State& state) { measure_start_up(state, 256, "4GiB"); });
    add("start_up/cores:1024/TiB:1", [](benchmark::State& state) { measure_start_up(state, 1024, "1TiB"); });
}

}  // namespace splinter::bench
