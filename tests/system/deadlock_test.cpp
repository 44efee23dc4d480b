// Cores that wait for each other for ever end the run as a finding about the simulated system.
#include <gtest/gtest.h>

#include <functional>

#include "hw/base/user_error.h"
#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

// Cores 0 and 1 run kernel code of the test; the others run the background loop.
class TwoCores : public Workload {
  public:
    using Code = std::function<void(Session&, CoreCpu&)>;
    explicit TwoCores(Code code) : code_{std::move(code)} {}
    std::vector<std::string> phases() const override { return {"test"}; }
    bool allocates(CpuId core) const override { return core.raw() < 2; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{10}, Cycles{10});
        code_(session, session.node().cpu(core));
    }

  private:
    Code code_;
};

// The finding that the run ends with, "" if it ends.
std::string finding_of(const TwoCores::Code& code) {
    try {
        (void)run_in_child([&] {
            TwoCores cores{code};
            Session session{small_config({"platform.cores=4"}), cores};
            session.run();
            return std::string{"done"};
        });
    } catch (const SimulatedFinding& finding) {
        return finding.what();
    }
    return "";
}

void expect_deadlock_of_cores_0_and_1(const std::string& finding) {
    EXPECT_TRUE(finding.starts_with("deadlock")) << finding;
    EXPECT_NE(finding.find("core0 at cycle "), std::string::npos) << finding;
    EXPECT_NE(finding.find("core1 at cycle "), std::string::npos) << finding;
    EXPECT_EQ(finding.find("core2 "), std::string::npos) << finding;
}

// smp_call_function_many_cond() forbids this: "Can deadlock when called with interrupts disabled."
TEST(Deadlock, OfTwoFlushesWithInterruptsOffIsFound) {
    const std::string finding = finding_of([](Session& session, CoreCpu& cpu) {
        const alloc::IrqState state = cpu.irq_save();
        session.node().kernel().flush().all(cpu);
        cpu.irq_restore(state);
    });
    expect_deadlock_of_cores_0_and_1(finding);
    EXPECT_NE(finding.find("flush/ack-wait"), std::string::npos) << finding;
}

TEST(Deadlock, IsNotReportedForTwoFlushesWithInterruptsOn) {
    EXPECT_EQ(finding_of([](Session& session, CoreCpu& cpu) { session.node().kernel().flush().all(cpu); }), "");
}

constexpr alloc::LockId kLockA{100U};
constexpr alloc::LockId kLockB{101U};

TEST(Deadlock, OfTwoLocksTakenInOppositeOrderIsFound) {
    expect_deadlock_of_cores_0_and_1(finding_of([](Session& session, CoreCpu& cpu) {
        const bool first = cpu.id() == CpuId{0U};
        const alloc::IrqLockGuard outer{cpu, first ? kLockA : kLockB};
        session.node().machine().core(cpu.id()).timeline().advance(Cycles{5000});
        const alloc::IrqLockGuard inner{cpu, first ? kLockB : kLockA};
    }));
}

}  // namespace
}  // namespace splinter::platforms::testing
