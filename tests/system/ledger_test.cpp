// The cycle ledger: every cycle of every core has an owner, and the owners have the right names.
#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

constexpr std::string_view kInterrupt = "interrupt/";

std::uint64_t cycles_of(const WorkloadResult& result, LedgerSide side) {
    std::uint64_t sum = 0;
    for (const LedgerLine& line : result.ledger) sum += line.side == side ? line.cycles : 0;
    return sum;
}

std::uint64_t cycles_at_end_of_path(const WorkloadResult& result, LedgerSide side, std::string_view end) {
    std::uint64_t sum = 0;
    for (const LedgerLine& line : result.ledger)
        if (line.side == side && line.path.ends_with(end)) sum += line.cycles;
    return sum;
}

std::uint64_t cycles_in_interrupts(const WorkloadResult& result, LedgerSide side) {
    std::uint64_t sum = 0;
    for (const LedgerLine& line : result.ledger)
        if (line.side == side && line.path.starts_with(kInterrupt)) sum += line.cycles;
    return sum;
}

TEST(Ledger, SumsToTheElapsedTimeOfAllCores) {
    for (const std::string strategy : {"none", "per-page", "batched", "freetype"}) {
        const WorkloadResult result = small_run({"flush.strategy=" + strategy}).workloads.front();
        EXPECT_EQ(cycles_of(result, LedgerSide::initiator), 4 * result.end_cycles) << strategy;
        EXPECT_EQ(cycles_of(result, LedgerSide::victim), 4 * result.end_cycles) << strategy;
    }
}

TEST(Ledger, NamesTheStagesOfAnInitiatorsFlush) {
    const WorkloadResult result = small_run({"flush.strategy=per-page"}).workloads.front();
    for (const std::string_view stage : {"/flush/call-setup", "/flush/local-flush", "/flush/ack-wait"}) {
        EXPECT_GT(cycles_at_end_of_path(result, LedgerSide::initiator, stage), 0U) << stage;
        EXPECT_EQ(cycles_at_end_of_path(result, LedgerSide::victim, stage), 0U) << stage;
    }
}

// With a single initiator nobody interrupts it.
TEST(Ledger, ChargesInterruptsToVictimsOnly) {
    const WorkloadResult result =
        small_run({"flush.strategy=per-page", "workload.secretmem.cores_percent=1"}).workloads.front();
    EXPECT_EQ(cycles_in_interrupts(result, LedgerSide::initiator), 0U);
    EXPECT_GT(cycles_in_interrupts(result, LedgerSide::victim), 0U);
}

TEST(Ledger, HoldsNoInterruptsWithoutFlushes) {
    const WorkloadResult result = small_run({"flush.strategy=none"}).workloads.front();
    EXPECT_EQ(cycles_in_interrupts(result, LedgerSide::victim), 0U);
}

// One core that spends ten cycles, and charges `forged` more to an account than it lets pass.
class Forger : public Workload {
  public:
    explicit Forger(Cycles forged) : forged_{forged} {}
    std::vector<std::string> phases() const override { return {"forged"}; }
    bool allocates(CpuId core) const override { return core == CpuId{0U}; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{10}, Cycles{10});
        session.node().machine().core(core).timeline().ledger().charge(forged_);
    }

  private:
    Cycles forged_;
};

std::string run_forger(Cycles forged) {
    return run_in_child([&] {
        Forger forger{forged};
        Session session{small_config({"platform.cores=2"}), forger};
        session.run();
        return std::string{"balanced"};
    });
}

TEST(Ledger, OfOneCycleTooManyFailsTheRunAndNamesTheCore) {
    EXPECT_EQ(run_forger(Cycles{0}), "balanced");
    try {
        (void)run_forger(Cycles{1});
        FAIL() << "accepted";
    } catch (const InternalError& error) {
        EXPECT_NE(std::string{error.what()}.find("core0: the ledger holds"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace splinter::platforms::testing
