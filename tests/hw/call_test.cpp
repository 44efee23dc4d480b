// Cores that call each other, as a kernel does for a shootdown: whatever the simulator saves by letting handlers run on spare
// stacks and ahead of each other, times and counters are those of cores that all run in the order of their steps.
#include <gtest/gtest.h>

#include "hw/base/rng.h"
#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

constexpr Vector kCall{0xfc};

struct Choice {
    std::uint64_t cores = 6;
    std::uint32_t callers = 2;  // the first ones; the others wait, or are passive
    std::uint32_t passive = 2;  // the last ones
    bool shares = false;        // handlers touch a line in common, in the order of their times
    bool timers = false;        // every core has one, and works when it rings
    std::uint64_t seed = 1;
};

class Calls {
  public:
    Calls(const Choice& choice, std::uint64_t quantum, const std::string& handlers)
        : choice_{choice},
          test_{params(choice, quantum, handlers)},
          queues_(choice.cores),
          stopped_(choice.cores, false),
          in_handler_(choice.cores, false) {
        test_.machine().set_call_vector(kCall);
        for (std::uint32_t cpu = 0; cpu < choice.cores; ++cpu) {
            rngs_.emplace_back(choice.seed, "core" + std::to_string(cpu));
            test_.program(cpu).body = [this](Core& core) { body(core); };
            test_.program(cpu).interrupt = [this](Core& core, Vector vector) {
                in_handler_[core.id().index()] = true;
                vector == kCall ? on_call(core) : on_timer(core);
                in_handler_[core.id().index()] = false;
                if (stopped_[core.id().index()]) core.timeline().wake(core.timeline().now());
            };
            test_.program(cpu).notice = [this](Core& core, const Message&) {
                stopped_[core.id().index()] = true;
                if (!in_handler_[core.id().index()]) core.timeline().wake(core.timeline().now());
            };
            if (cpu >= choice.cores - choice.passive) test_.core(cpu).timeline().set_conduct(Timeline::Conduct::passive);
        }
    }
    std::string run() {
        test_.run();
        return fingerprint(test_) + "digest " + std::to_string(digest_);
    }

  private:
    static MachineParams params(const Choice& choice, std::uint64_t quantum, const std::string& handlers) {
        MachineParams params;
        params.cores = choice.cores;
        params.cores_per_socket = (choice.cores + 1) / 2;
        params.cluster_cores = 2;
        params.quantum = quantum;
        params.handlers = handlers;
        return params;
    }
    void body(Core& core) {
        const std::uint32_t id = core.id().raw();
        if (choice_.timers) core.apic().set_timer(Cycles{2000 + 700 * id}, Vector{0xec});
        if (id < choice_.callers) return call_again_and_again(core);
        if (core.timeline().passive())
            while (!stopped_[id]) core.timeline().advance(Cycles{rng(core).below(90)});
        else
            while (!stopped_[id]) core.timeline().wait_for_wake();
    }
    void call_again_and_again(Core& core) {
        const std::uint32_t id = core.id().raw();
        for (int i = 0; i < 25; ++i) {
            core.timeline().advance(Cycles{rng(core).below(3000)});
            call(core);
        }
        core.timeline().order();
        if (++done_ == choice_.callers) test_.machine().notify_all(core, 0, 0);
        while (!stopped_[id]) core.timeline().wait_for_wake();
    }
    void call(Core& core) {
        CpuMask targets;
        for (std::uint32_t cpu = 0; cpu < choice_.cores; ++cpu)
            if (CpuId{cpu} != core.id() && rng(core).below(4) != 0) targets.set(CpuId{cpu});
        if (targets.empty()) return;
        Acknowledgements& acknowledgements = test_.machine().acknowledgements();
        acknowledgements.begin_call(core.timeline(), targets.count());
        CpuMask to_interrupt;
        targets.for_each([&](CpuId target) {
            take_contended(core, queue_line(target));
            if (queues_[target.index()].empty()) to_interrupt.set(target);
            queues_[target.index()].push_back(core.id());
        });
        if (!to_interrupt.empty()) core.apic().send(to_interrupt, kCall);
        core.timeline().advance(Cycles{rng(core).below(500)});
        targets.for_each([&](CpuId target) {
            acknowledgements.wait_for(core.timeline(), target);
            take(core, data_line(core.id(), target));
        });
        acknowledgements.end_call(core.timeline());
        see(core);
    }
    void on_call(Core& core) {
        core.timeline().order_for_callee();
        take(core, queue_line(core.id()));
        core.timeline().order_for_callee();
        const std::vector<CpuId> callers = std::exchange(queues_[core.id().index()], {});
        for (const CpuId caller : callers) {
            take(core, data_line(caller, core.id()));
            core.timeline().advance(Cycles{rng(core).below(800)});
            if (choice_.shares) touch_common_line(core);
            test_.machine().acknowledgements().acknowledge(core.timeline(), caller);
            core.timeline().advance(Cycles{rng(core).below(1500)});
        }
    }
    void on_timer(Core& core) {
        core.apic().set_timer(core.timeline().now() + Cycles{1500 + rng(core).below(3000)}, Vector{0xec});
        core.timeline().advance(Cycles{rng(core).below(200)});
        if (core.id().raw() >= choice_.cores - choice_.passive) return;
        touch_common_line(core);
    }
    void touch_common_line(Core& core) {
        take_contended(core, 0);
        see(core);
    }
    // At an ordering point: in an order that the simulated machine decides.
    void see(const Core& core) { digest_ = (digest_ ^ core.timeline().now().raw()) * 0x100000001b3U + core.id().raw(); }
    void take(Core& core, std::uint64_t line) {
        core.timeline().advance(test_.machine().memory().lines().take(core.id(), VirtAddr{line * 64}));
    }
    void take_contended(Core& core, std::uint64_t line) {
        core.timeline().order();
        take(core, line);
        core.timeline().order();
    }
    Rng& rng(const Core& core) { return rngs_[core.id().index()]; }
    static std::uint64_t queue_line(CpuId target) { return 1 + target.raw(); }
    static std::uint64_t data_line(CpuId caller, CpuId target) {
        return 1000 + 64 * std::uint64_t{caller.raw()} + target.raw();
    }

    Choice choice_;
    TestMachine test_;
    std::vector<Rng> rngs_;
    std::vector<std::vector<CpuId>> queues_;  // by target
    std::uint32_t done_ = 0;
    std::vector<bool> stopped_;  // by core
    std::vector<bool> in_handler_;
    std::uint64_t digest_ = 0;
};

using Named = std::pair<std::string, Choice>;
class CallsInAnyOrder : public ::testing::TestWithParam<Named> {};

TEST_P(CallsInAnyOrder, TakeTheSameTime) {
    const std::uint64_t lookahead = MachineParams{}.lookahead().raw();
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        Choice choice = GetParam().second;
        choice.seed = seed;
        const std::string reference = Calls{choice, 1, "ordered"}.run();
        for (const std::uint64_t quantum : {std::uint64_t{1}, std::uint64_t{7}, lookahead})
            for (const std::string handlers : {"apart", "ordered"})
                ASSERT_EQ((Calls{choice, quantum, handlers}.run()), reference) << quantum << " " << handlers << " " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Machines, CallsInAnyOrder,
    ::testing::Values(Named{"one_caller", {.callers = 1}}, Named{"two_callers", {}},
                      Named{"all_call", {.callers = 6, .passive = 0}}, Named{"timers", {.callers = 1, .timers = true}},
                      Named{"two_callers_and_timers", {.timers = true}}, Named{"shared_line", {.callers = 1, .shares = true}},
                      // More handlers that have given way than there are spare stacks.
                      Named{"many_and_a_shared_line", {.cores = 16, .callers = 2, .passive = 4, .shares = true}},
                      Named{"many", {.cores = 16, .callers = 1, .passive = 4, .timers = true}}),
    [](const auto& test) { return test.param.first; });

TEST(Call, AFindingInAHandlerOnASpareStackEndsTheRun) {
    MachineParams params;
    params.cores = 3;
    TestMachine test{params};
    test.machine().set_call_vector(kCall);
    CpuMask targets = CpuMask::first(3);  // not on the stack of a core, which nobody unwinds after a finding
    targets.clear(CpuId{0U});
    test.program(0).body = [&](Core& core) {
        test.machine().acknowledgements().begin_call(core.timeline(), 2);
        core.apic().send(targets, kCall);
        test.machine().acknowledgements().wait_for(core.timeline(), CpuId{1U});
    };
    for (const std::uint32_t cpu : {1U, 2U}) {
        test.program(cpu).body = [](Core& core) { core.timeline().wait_for_wake(); };
        test.program(cpu).interrupt = [](Core& core, Vector) {
            if (core.id() == CpuId{2U}) throw SimulatedFinding("core2 has had enough");
        };
    }
    try {
        test.run();
        FAIL() << "the finding was lost";
    } catch (const SimulatedFinding& finding) {
        EXPECT_STREQ(finding.what(), "core2 has had enough");
    }
}

TEST(Call, ToACoreThatAcknowledgesTwiceIsABugOfOurs) {
    MachineParams params;
    params.cores = 2;
    TestMachine test{params};
    CpuMask target;
    target.set(CpuId{1U});
    test.program(0).body = [&](Core& core) {
        test.machine().acknowledgements().begin_call(core.timeline(), 2);
        core.apic().send(target, kCall);
        test.machine().acknowledgements().wait_for(core.timeline(), CpuId{1U});
    };
    test.program(1).body = [](Core& core) { core.timeline().wait_for_wake(); };
    test.program(1).interrupt = [&](Core& core, Vector) {
        test.machine().acknowledgements().acknowledge(core.timeline(), CpuId{0U});
        test.machine().acknowledgements().acknowledge(core.timeline(), CpuId{0U});
    };
    EXPECT_THROW(test.run(), InternalError);
}

}  // namespace
}  // namespace splinter::hw
