// Lines taken one after the other in a run (Cpu::touch_each on a CoreCpu) cost, count and order as touches one by one do, with
// interrupts and other cores in between.
#include <gtest/gtest.h>

#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

constexpr std::uint64_t kCores = 100;  // their lines are on two pages

enum class Touches : std::uint8_t { in_a_run, one_by_one };

// All cores take the same lines at the same time, among the flushes of core 0 and their own timers.
class TakingTurns : public Workload {
  public:
    explicit TakingTurns(Touches touches) : touches_{touches} {}
    [[nodiscard]] std::vector<std::string> phases() const override { return {"touches"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core.raw() < 3; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        CoreCpu& cpu = session.node().cpu(core);
        for (int i = 0; i < 20; ++i) {
            take_all(session, cpu);
            if (core == CpuId{0U}) session.node().kernel().flush().kernel_range(cpu, alloc::layout::kVmalloc, PageCount{1});
        }
        const hw::MmuStats& mmu = cpu.core().mmu().unit().stats();
        seen_ += std::to_string(core.raw()) + ": cycle " + std::to_string(cpu.now().raw()) + ", ordered at " +
                 std::to_string(cpu.core().timeline().last_order().time.raw()) + ", " + std::to_string(mmu.accesses) +
                 " accesses, " + std::to_string(mmu.l1_misses) + " misses, order " + std::to_string(order_) + "\n";
    }
    [[nodiscard]] const std::string& seen() const { return seen_; }

  private:
    void take_all(Session& session, CoreCpu& cpu) {
        const alloc::layout::CpuLines lines = session.node().kernel().tlb_state().data().call_queues();
        const auto visit = [&](CpuId line) { order_ = (order_ ^ (line.raw() << 10 | cpu.id().raw())) * 0x100000001b3U; };
        if (touches_ == Touches::in_a_run)
            cpu.touch_each(cpu.online(), alloc::Step::csd_enqueue, lines, visit);
        else
            cpu.alloc::Cpu::touch_each(cpu.online(), alloc::Step::csd_enqueue, lines, visit);
    }
    Touches touches_;
    std::uint64_t order_ = 0xcbf29ce484222325U;
    std::string seen_;
};

std::string simulated(Touches touches, const std::string& caches) {
    return run_in_child([&] {
        TakingTurns workload{touches};
        Session session{small_config({"platform.cores=" + std::to_string(kCores), "flush.strategy=none",
                                      "platform.page_table_caches=" + caches}),
                        workload};
        session.run();
        return workload.seen();
    });
}

class LineRun : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Caches, LineRun, ::testing::Values("fixed", "l2", "l2+llc"),
                         [](const auto& info) { return std::to_string(info.index); });

TEST_P(LineRun, IsWhatTouchesOneByOneAre) {
    const std::string run = simulated(Touches::in_a_run, GetParam());
    EXPECT_EQ(run, simulated(Touches::one_by_one, GetParam()));
    EXPECT_NE(run.find("2: cycle"), std::string::npos);
}

}  // namespace
}  // namespace splinter::platforms::testing
