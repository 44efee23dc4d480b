// Work of the kernel's own: when it is due, where it runs, and whom a wake-up interrupts.
#include <gtest/gtest.h>

#include "alloc/work/vmstat_worker.h"
#include "tests/alloc/test_kernel.h"

namespace splinter::alloc {
namespace {

struct Note : Work {
    Note(std::string& story, std::string_view name) : story_{story}, name_{name} {}
    void run(Cpu& cpu) override { story_ += std::string{name_} + "@" + std::to_string(cpu.id().raw()) + " "; }
    std::string& story_;
    std::string_view name_;
};

struct KernelWorkTest : ::testing::Test {
    RecordedKernel node{kInLargeLeaves, "none", 3};
    KernelWork& work = node.kernel.work;
    std::string story;
    Note a{story, "a"};
    Note b{story, "b"};
    // The clock of the fake goes on by 10 for each step.
    void pass(std::uint64_t cycles, std::uint32_t cpu = 0) { node.cpu(cpu).retire(Step::pcp_alloc, cycles / kFakeStep.raw()); }
    std::string due(std::uint32_t cpu = 0) {
        story.clear();
        work.on_timer(node.cpu(cpu));
        if (work.pending(CpuId{cpu})) work.run_pending(node.cpu(cpu));
        return story;
    }
};

TEST_F(KernelWorkTest, IsDueAtItsDeadlineAndNotBefore) {
    work.at(node.cpu(), Cycles{1000}, a);
    pass(990);
    EXPECT_EQ(due(), "");
    pass(10);
    EXPECT_EQ(due(), "a@0 ");
    EXPECT_EQ(due(), "");
}

TEST_F(KernelWorkTest, RunsInTheOrderOfTheDeadlinesAndThenOfArming) {
    work.at(node.cpu(), Cycles{2000}, b);
    work.at(node.cpu(), Cycles{1000}, a);
    work.at(node.cpu(), Cycles{1000}, b);
    pass(5000);
    EXPECT_EQ(due(), "a@0 b@0 b@0 ");
}

TEST_F(KernelWorkTest, DoesNotRunInTheInterruptThatFindsItDue) {
    work.at(node.cpu(), Cycles{0}, a);
    work.on_timer(node.cpu());
    EXPECT_EQ(story, "");
    EXPECT_TRUE(work.pending(CpuId{0U}));
    EXPECT_FALSE(work.pending(CpuId{1U}));
}

TEST_F(KernelWorkTest, AWakeUpInterruptsItsTargetOnceUntilThatHasLooked) {
    node.log().clear();
    work.wake(node.cpu(), CpuId{2U}, a);
    work.wake(node.cpu(), CpuId{2U}, b);
    work.wake(node.cpu(), CpuId{2U}, a);
    EXPECT_EQ(node.log().story("icr"), "icr1");
    work.on_reschedule(node.cpu(2));
    work.run_pending(node.cpu(2));
    EXPECT_EQ(story, "a@2 b@2 ");
    node.log().clear();
    work.wake(node.cpu(), CpuId{2U}, a);
    EXPECT_EQ(node.log().story("icr"), "icr1");
}

TEST_F(KernelWorkTest, AWakeUpOfItsOwnCpuNeedsNoInterrupt) {
    node.log().clear();
    work.wake(node.cpu(), CpuId{0U}, a);
    EXPECT_EQ(node.log().story("icr"), "");
    work.run_pending(node.cpu());
    EXPECT_EQ(story, "a@0 ");
}

// Pages above the limit of a CPU's lists go back to the buddy, a share of the limit at a time (decay_pcp_high()).
TEST_F(KernelWorkTest, TheVmstatWorkerDrainsListsThatNobodyUsesAndArmsItselfAgain) {
    PageAllocator& pages = node.kernel.pages;
    PerCpuPages& lists = pages.pcp(node.zone(), CpuId{0U});
    std::vector<Pfn> taken;
    for (int i = 0; i < 900; ++i) taken.push_back(pages.alloc_pages(node.cpu(), AllocRequest{}).value());
    for (Pfn page : taken) pages.free_pages(node.cpu(), page, Order{0U});
    lists.state().high = lists.state().high_min = PageCount{100};
    const PageCount before = lists.count();
    ASSERT_GT(before, lists.state().high_min);
    VmstatWorker worker{work, pages, Cycles{1'000'000}};
    worker.start(node.cpu());
    (void)due();
    EXPECT_EQ(lists.count(), before);
    pass(1'000'000);
    (void)due();
    EXPECT_LT(lists.count(), before);
    pass(1'000'000);
    work.on_timer(node.cpu());
    EXPECT_TRUE(work.pending(CpuId{0U}));
}

TEST_F(KernelWorkTest, AVmstatWorkerWithoutAnIntervalNeverRuns) {
    VmstatWorker worker{work, node.kernel.pages, Cycles{0}};
    worker.start(node.cpu());
    pass(1'000'000);
    work.on_timer(node.cpu());
    EXPECT_FALSE(work.pending(CpuId{0U}));
}

}  // namespace
}  // namespace splinter::alloc
