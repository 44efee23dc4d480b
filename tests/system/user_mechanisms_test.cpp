// User ranges under each mechanism: threads of one process on several cores, one of which unmaps what all have read. After the
// unmapping returns no core can use an old translation, or, under `latr`, three ticks later, and nothing depends on the
// quantum.
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "alloc/smp/mechanisms.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using Json = nlohmann::json;
using alloc::AddressSpace;

constexpr std::uint64_t kTick = 50'000;
constexpr VirtAddr kArea{0x0000200000000000U};
constexpr x86::Access kUserRead{x86::AccessKind::read, x86::Mode::user};

// Core 0 maps an area and unmaps it, phase by phase; the cores that run the process with it read all of it in between.
class Threads : public Workload {
  public:
    Threads(std::uint32_t threads, std::uint64_t pages) : threads_{threads}, pages_{pages} {}
    std::vector<std::string> phases() const override {
        std::vector<std::string> names;
        for (unsigned i = 0; i < kRounds; ++i)
            for (const char* what : {"map-", "read-", "unmap-", "check-"}) names.push_back(what + std::to_string(i));
        names.emplace_back("exit");
        return names;
    }
    bool allocates(CpuId) const override { return true; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        const bool runs = core.raw() < threads_;
        for (unsigned round = 0; round < kRounds; ++round) {
            if (core.raw() == 0) map(session);
            session.begin_phase(core);
            if (runs) read(session, core);
            session.begin_phase(core);
            if (core.raw() == 0) unmap(session);
            session.begin_phase(core);
            if (runs) check(session, core);
            if (round + 1 < kRounds) session.begin_phase(core);
        }
        CoreCpu& cpu = session.node().cpu(core);
        if (runs) session.node().kernel().tlb_state().switch_mm(cpu, session.node().space(core));
        session.begin_phase(core);
        if (core.raw() == 0) space_->exit(cpu);
    }
    [[nodiscard]] std::uint64_t reads() const { return reads_; }
    [[nodiscard]] std::uint64_t stale() const { return stale_; }
    [[nodiscard]] std::uint64_t late() const { return late_; }

  private:
    static constexpr unsigned kRounds = 3;
    void map(Session& session) {
        CoreCpu& cpu = session.node().cpu(CpuId{0U});
        if (space_ == nullptr) space_ = session.node().kernel().mm().new_space(cpu, alloc::MmUse::any_cpu);
        session.node().kernel().tlb_state().switch_mm(cpu, space_->mm());
        EXPECT_EQ(space_->populate(cpu, kArea, PageCount{pages_}, alloc::FolioSize::small), AddressSpace::Outcome::done);
    }
    void read(Session& session, CpuId core) {
        session.node().kernel().tlb_state().switch_mm(session.node().cpu(core), space_->mm());
        for (std::uint64_t page = 0; page < pages_; ++page)
            session.node().machine().core(core).access(kArea + page * kPageBytes, kUserRead);
        ++reads_;
    }
    void unmap(Session& session) { space_->munmap(session.node().cpu(CpuId{0U}), kArea); }
    void check(Session& session, CpuId core) {
        late_ += usable(session, core);
        for (std::uint64_t i = 0; i < 3 * kTick / 1000; ++i) {
            session.node().machine().core(core).timeline().advance(Cycles{1000});
            session.serve_kernel(core);
        }
        stale_ += usable(session, core);
    }
    // A read that does not fault would have used an old translation.
    std::uint64_t usable(Session& session, CpuId core) const {
        std::uint64_t count = 0;
        hw::TranslationUnit& mmu = session.node().machine().core(core).mmu().unit();
        for (std::uint64_t page = 0; page < pages_; ++page)
            if (mmu.access(kArea + page * kPageBytes, kUserRead).result.kind == x86::AccessOutcome::Kind::ok) ++count;
        return count;
    }
    std::uint32_t threads_;
    std::uint64_t pages_;
    std::unique_ptr<AddressSpace> space_;
    std::uint64_t reads_ = 0;  // host-side sums: their order does not matter
    std::uint64_t late_ = 0;
    std::uint64_t stale_ = 0;
};

struct UserFindings {
    std::uint64_t reads, late, stale, broadcasts, interrupts;
    std::string bytes;
};

UserFindings run_phases(const std::string& mechanism, std::uint32_t threads, std::uint64_t pages, std::uint64_t quantum) {
    const Json json = Json::parse(run_in_child([&] {
        Threads workload{threads, pages};
        Session session{
            small_config({"platform.model=zen3-2s", "flush.mechanism=" + mechanism, "flush.strategy=none",
                          "kernel.tick=" + std::to_string(kTick) + "cyc", "platform.quantum=" + std::to_string(quantum)}),
            workload};
        session.run();
        const WorkloadResult result = measure("threads", workload, session);
        std::uint64_t interrupts = 0;
        for (const auto& [name, value] : result.counters)
            if (name.ends_with(".apic.received")) interrupts += value;
        RunResult alone;
        alone.workloads.push_back(result);
        return Json{workload.reads(), workload.late(), workload.stale(), result.counters.at("invlpgb"),
                    interrupts,       to_json(alone)}
            .dump();
    }));
    return {json[0], json[1], json[2], json[3], json[4], json[5]};
}

class UserMechanism : public ::testing::TestWithParam<std::string> {};

TEST_P(UserMechanism, LeavesNoCoreATranslationOfWhatWasUnmapped) {
    for (const std::uint64_t pages : {std::uint64_t{1}, std::uint64_t{20}, std::uint64_t{60}}) {  // the last: everything
        const UserFindings findings = run_phases(GetParam(), 6, pages, 1);
        EXPECT_EQ(findings.reads, 18U) << pages;
        EXPECT_EQ(findings.stale, 0U) << pages;
        if (GetParam() == "latr")
            EXPECT_GT(findings.late, 0U) << pages;
        else
            EXPECT_EQ(findings.late, 0U) << pages;
    }
}

TEST_P(UserMechanism, DoesNotDependOnTheQuantum) {
    const std::uint64_t lookahead = small_config({"platform.model=zen3-2s"}).hw.lookahead().raw();
    const UserFindings reference = run_phases(GetParam(), 6, 20, 1);
    for (const std::uint64_t quantum : {std::uint64_t{7}, std::uint64_t{333}, lookahead})
        EXPECT_EQ(run_phases(GetParam(), 6, 20, quantum).bytes, reference.bytes) << "quantum " << quantum;
}

const Sets kZenUserFlush{"platform.model=zen3-2s",
                         "workload.run=user-flush",
                         "workload.user_flush.threads=5",
                         "workload.user_flush.repetitions=20",
                         "workload.user_flush.warm_up=3",
                         "kernel.tick=20000cyc",
                         "flush.unsafe=true"};

WorkloadResult user_flush(const Sets& sets) { return small_run(kZenUserFlush + sets).workloads.front(); }

TEST_P(UserMechanism, RunsTheWorkloadWithTheSameResultForEveryQuantum) {
    for (const char* op : {"dontneed", "munmap", "mprotect_ro"})
        for (const Sets& who : {Sets{"workload.user_flush.initiators=all", "workload.user_flush.helpers_touch=yes"},
                                Sets{"workload.user_flush.helpers=sleep"}, Sets{"workload.user_flush.helpers=other"}}) {
            const Sets sets = who + Sets{"flush.mechanism=" + GetParam(), std::string{"workload.user_flush.op="} + op};
            const std::uint64_t hash = user_flush(sets + Sets{"platform.quantum=1"}).state_hash;
            for (const char* quantum : {"333", "0"})
                EXPECT_EQ(user_flush(sets + Sets{std::string{"platform.quantum="} + quantum}).state_hash, hash)
                    << op << " " << who.front() << " " << quantum;
        }
}

std::vector<std::string> rows() {
    std::vector<std::string> names;
    for (const alloc::MechanismInfo& row : alloc::flush_mechanisms()) names.emplace_back(row.name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Rows, UserMechanism, ::testing::ValuesIn(rows()), [](const auto& test) {
    std::string name = test.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

// mm_active_cpus_exceeds(mm, 3), use_global_asid() of Linux 6.15.
TEST(UserBroadcast, BeginsWithFourCpus) {
    EXPECT_EQ(run_phases("invlpgb", 3, 20, 1).broadcasts, 0U);
    const UserFindings four = run_phases("invlpgb", 4, 20, 1);
    EXPECT_GT(four.broadcasts, 0U);
    // The first flush and the transition to the global ASID interrupt; after that nothing does.
    EXPECT_EQ(four.interrupts, 2 * 3U);
    EXPECT_EQ(run_phases("ipi", 4, 20, 1).interrupts, 3 * 3U);
}

TEST(UserBroadcast, OfTheIdealMechanismInterruptsNobody) { EXPECT_EQ(run_phases("ideal", 6, 20, 1).interrupts, 0U); }

// --- latr ---

double user_flush_figure(const WorkloadResult& result, const char* name) { return metric(result, "user-flush", name); }

Sets latr(const char* op) {
    return {"flush.mechanism=latr", std::string{"workload.user_flush.op="} + op, "workload.user_flush.pages=4",
            "workload.user_flush.repetitions=100"};
}

TEST(UserLatr, IsLazyForWhatFreesMemoryAndInterruptsForTheRest) {
    for (const char* op : {"dontneed", "munmap"})
        EXPECT_EQ(user_flush_figure(user_flush(latr(op)), "ipis_per_operation"), 0) << op;
    const WorkloadResult protect = user_flush(latr("mprotect_ro"));
    EXPECT_EQ(protect.phases.front().metrics.count("quarantine_peak_bytes"), 0U);
    EXPECT_GE(user_flush_figure(protect, "ipis_per_operation"), 4);
}

TEST(UserLatr, ShowsWhatItKeepsAndForHowLong) {
    constexpr double kTickCycles = 20'000;
    const WorkloadResult result = user_flush(latr("dontneed") + Sets{"kernel.pti=off"});
    EXPECT_GE(user_flush_figure(result, "quarantine_peak_bytes"), 4 * 4096);
    EXPECT_GT(user_flush_figure(result, "unmapped_exposure_cycles"), kTickCycles / 10);
    EXPECT_LT(user_flush_figure(result, "longest_unmapped_exposure_cycles"), 1.4 * kTickCycles);
    EXPECT_GT(user_flush_figure(result, "quarantine_cycles"), kTickCycles);
    EXPECT_GT(user_flush_figure(result, "quarantine_cycles"), user_flush_figure(result, "unmapped_exposure_cycles"));
    // Two ticks to the second one, a tick that the operation before the work for it can hide, and an operation (shorter than a
    // tick without isolation).
    EXPECT_LT(user_flush_figure(result, "longest_quarantine_cycles"), 4 * kTickCycles);
    const WorkloadResult interrupts = user_flush(latr("dontneed") + Sets{"flush.mechanism=ipi"});
    EXPECT_LT(user_flush_figure(result, "cycles_per_operation"), user_flush_figure(interrupts, "cycles_per_operation"));
    EXPECT_EQ(interrupts.phases.front().metrics.count("quarantine_peak_bytes"), 0U);
}

TEST(UserLatr, KeepsMoreTheLongerTheTick) {
    const auto peak = [](const char* tick) {
        return user_flush_figure(user_flush(latr("dontneed") + Sets{std::string{"kernel.tick="} + tick}),
                                 "quarantine_peak_bytes");
    };
    EXPECT_GT(peak("40000cyc"), peak("10000cyc"));
}

}  // namespace
}  // namespace splinter::platforms::testing
