// What a flush of a kernel range costs its initiator on an idle machine with uniform distances: to the cycle the sum of the
// configured steps, for all other CPUs (shorthand) and for some of them (x2APIC clusters). The sum is written here from
// parameters alone; alloc/smp/README.md has it in words.
#include <gtest/gtest.h>

#include <algorithm>

#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

constexpr std::uint64_t kPages = 3;
constexpr VirtAddr kRange{alloc::layout::kVmalloc};
enum class Targets : std::uint8_t { all_others, some };

// One socket, one cluster, one thread per core: every line and every interrupt takes the same time.
RunConfig uniform_machine(std::uint64_t cores, const std::string& isolation) {
    const std::string count = std::to_string(cores);
    return small_config({"platform.model=skylake-sp-2s", "platform.sockets=1", "platform.cores=" + count,
                         "platform.cores_per_socket=" + count, "platform.cluster_cores=" + count, "flush.strategy=none",
                         "workload.background.user_footprint=4KiB", "workload.background.kernel_footprint=0B",
                         "kernel.stat_interval=0cyc", "platform.idle=poll", "kernel.pti=" + isolation});
}

// Core 0 flushes twice, the second time on lines that have travelled before. The others sleep in the kernel.
class OneFlush : public Workload {
  public:
    OneFlush(std::uint64_t targets, Targets which) : targets_{targets}, which_{which} {}
    [[nodiscard]] std::vector<std::string> phases() const override { return {"flush"}; }
    [[nodiscard]] bool allocates(CpuId /*core*/) const override { return true; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        if (core != CpuId{0U}) return;
        CoreCpu& cpu = session.node().cpu(core);
        session.node().machine().core(core).timeline().advance(Cycles{100'000});  // until all sleep
        for (int i = 0; i < 2; ++i) {
            const Cycles begin = cpu.now();
            flush(session, cpu);
            latency_ = cpu.now() - begin;
        }
    }
    [[nodiscard]] Cycles latency() const { return latency_; }

  private:
    void flush(Session& session, CoreCpu& cpu) {
        if (which_ == Targets::all_others) return session.node().kernel().flush().kernel_range(cpu, kRange, PageCount{kPages});
        CpuMask targets;
        for (std::uint32_t i = 1; i <= targets_; ++i) targets.set(CpuId{i});
        session.node().kernel().mechanism().user(cpu, targets,
                                                 {alloc::RemoteWork::Kind::flush_range, kRange, PageCount{kPages}});
    }
    std::uint64_t targets_;
    Targets which_;
    Cycles latency_;
};

// Some of the cores: two more are online than are told, so that the shorthand does not fit.
Cycles simulated(std::uint64_t targets, Targets which, const std::string& isolation) {
    const std::uint64_t cores = targets + (which == Targets::all_others ? 1 : 2);
    return Cycles{std::stoull(run_in_child([&] {
        OneFlush workload{targets, which};
        Session session{uniform_machine(cores, isolation), workload};
        session.run();
        return std::to_string(workload.latency().raw());
    }))};
}

// Targets of each ICR write. A cluster of the x2APIC has 16 IDs; cores have two, of which one is online: 0 to 7, 8 to 15, ...
std::vector<std::uint64_t> icr_writes(std::uint64_t targets, Targets which) {
    if (which == Targets::all_others) return {targets};
    constexpr std::uint64_t kCoresOfCluster = 8;
    std::vector<std::uint64_t> writes;
    for (std::uint64_t first = 1; first <= targets;) {
        const std::uint64_t end = std::min((first / kCoresOfCluster + 1) * kCoresOfCluster, targets + 1);
        writes.push_back(end - first);
        first = end;
    }
    return writes;
}

Cycles closed_form(std::uint64_t targets, Targets which, const std::string& isolation) {
    const RunConfig config = uniform_machine(targets + 2, isolation);
    const alloc::StepCosts& costs = config.costs;
    const Cycles line = config.hw.mem.transfer_cluster;
    const Cycles user_pcid = isolation == "on" ? config.hw.core.invpcid_address : Cycles{0};
    const Cycles flush = (config.hw.core.invlpg + user_pcid) * kPages;
    const Cycles responder = config.hw.ipi.flight_socket + config.hw.core.interrupt_entry_kernel + line +  // its queue
                             costs[alloc::Step::csd_handle] + line + flush;  // the request, and the work
    const std::vector<std::uint64_t> writes = icr_writes(targets, which);
    Cycles sent = costs[alloc::Step::flush_setup] + (costs[alloc::Step::csd_enqueue] + line) * targets;
    const Cycles own_share = sent + config.hw.ipi.icr_write * writes.size() + flush + costs[alloc::Step::csd_wait];
    // Acknowledgements are collected in the order of the targets, a line each: the initiator is held up by its own share, or by
    // the answer to one of the ICR writes.
    Cycles end = own_share + line * targets;
    std::uint64_t left = targets;
    for (const std::uint64_t of_this_write : writes) {
        sent += config.hw.ipi.icr_write;
        end = std::max(end, sent + responder + line * left);
        left -= of_this_write;
    }
    return end;
}

class ShootdownClosedForm : public ::testing::TestWithParam<std::uint64_t> {
  protected:
    static void expect_to_the_cycle(Targets which) {
        for (const char* isolation : {"off", "on"})
            EXPECT_EQ(simulated(GetParam(), which, isolation), closed_form(GetParam(), which, isolation)) << isolation;
    }
};

TEST_P(ShootdownClosedForm, HoldsToTheCycleForAllOtherCpus) { expect_to_the_cycle(Targets::all_others); }

// alloc/smp has no such flush of the kernel's half: the mechanism is told the targets, as a flush of a user range tells it.
TEST_P(ShootdownClosedForm, HoldsToTheCycleForSomeCpus) { expect_to_the_cycle(Targets::some); }

INSTANTIATE_TEST_SUITE_P(Targets, ShootdownClosedForm, ::testing::Values(1, 2, 16, 17, 256));

}  // namespace
}  // namespace splinter::platforms::testing
