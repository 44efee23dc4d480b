// User ranges under each mechanism: threads of one process on several cores, one of which unmaps what all have read. After the
// unmapping returns no core can use an old translation, and nothing depends on the quantum.
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
    // A read that does not fault would have used an old translation.
    void check(Session& session, CpuId core) {
        hw::TranslationUnit& mmu = session.node().machine().core(core).mmu().unit();
        for (std::uint64_t page = 0; page < pages_; ++page)
            if (mmu.access(kArea + page * kPageBytes, kUserRead).result.kind == x86::AccessOutcome::Kind::ok) ++stale_;
    }
    std::uint32_t threads_;
    std::uint64_t pages_;
    std::unique_ptr<AddressSpace> space_;
    std::uint64_t reads_ = 0;  // host-side sums: their order does not matter
    std::uint64_t stale_ = 0;
};

struct Findings {
    std::uint64_t reads, stale, broadcasts, interrupts;
    std::string bytes;
};

Findings run(const std::string& mechanism, std::uint32_t threads, std::uint64_t pages, std::uint64_t quantum) {
    const Json json = Json::parse(run_in_child([&] {
        Threads workload{threads, pages};
        Session session{small_config({"platform.model=zen3-2s", "flush.mechanism=" + mechanism, "flush.strategy=none",
                                      "kernel.tick=50000cyc", "platform.quantum=" + std::to_string(quantum)}),
                        workload};
        session.run();
        const WorkloadResult result = measure("threads", workload, session);
        std::uint64_t interrupts = 0;
        for (const auto& [name, value] : result.counters)
            if (name.ends_with(".apic.received")) interrupts += value;
        RunResult alone;
        alone.workloads.push_back(result);
        return Json{workload.reads(), workload.stale(), result.counters.at("invlpgb"), interrupts, to_json(alone)}.dump();
    }));
    return {json[0], json[1], json[2], json[3], json[4]};
}

class UserMechanism : public ::testing::TestWithParam<std::string> {};

TEST_P(UserMechanism, LeavesNoCoreATranslationOfWhatWasUnmapped) {
    for (const std::uint64_t pages : {std::uint64_t{1}, std::uint64_t{20}, std::uint64_t{60}}) {  // the last: everything
        const Findings findings = run(GetParam(), 6, pages, 1);
        EXPECT_EQ(findings.reads, 18U) << pages;
        EXPECT_EQ(findings.stale, 0U) << pages;
    }
}

TEST_P(UserMechanism, DoesNotDependOnTheQuantum) {
    const std::uint64_t lookahead = small_config({"platform.model=zen3-2s"}).hw.lookahead().raw();
    const Findings reference = run(GetParam(), 6, 20, 1);
    for (const std::uint64_t quantum : {std::uint64_t{7}, std::uint64_t{333}, lookahead})
        EXPECT_EQ(run(GetParam(), 6, 20, quantum).bytes, reference.bytes) << "quantum " << quantum;
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
    EXPECT_EQ(run("invlpgb", 3, 20, 1).broadcasts, 0U);
    const Findings four = run("invlpgb", 4, 20, 1);
    EXPECT_GT(four.broadcasts, 0U);
    // The first flush and the transition to the global ASID interrupt; after that nothing does.
    EXPECT_EQ(four.interrupts, 2 * 3U);
    EXPECT_EQ(run("ipi", 4, 20, 1).interrupts, 3 * 3U);
}

TEST(UserBroadcast, OfTheIdealMechanismInterruptsNobody) { EXPECT_EQ(run("ideal", 6, 20, 1).interrupts, 0U); }

}  // namespace
}  // namespace splinter::platforms::testing
