// Who runs next, and on which stack. The Conductor owns the queue of (effect time, core) and lets exactly one core run at a
// time; whoever supplies the stacks (SystemC threads) only switches between them. Plain C++.
//
// The effect time of a core is the earliest time at which it can do anything that another core could notice: its local time,
// or, for a passive core (one that touches nothing shared until an interrupt comes), the arrival of its next interrupt. The
// core with the smallest effect time runs, up to `quantum` cycles past the smallest effect time of the others: no message can
// reach it before that, since messages travel for at least the lookahead, and quantum <= lookahead. Before it touches what
// another core can change it comes back (Timeline::order) and goes on only when it is the earliest by (time, core).
//
// Passive cores lag behind the others, by kLagQuanta quanta at most, and then catch up in one go. Results are the same for
// every quantum. If no core but endless ones can ever run again, that is a deadlock: a finding about the simulated system.
//
// Stacks. A core's program runs on the core's own stack. What a core does while its program waits or pays cycles needs none:
// whoever finds that it is its turn lets it pay. An interrupt handler of such a core runs on a spare stack, one after the
// other on the same, so that a call to a thousand cores takes a few switches of stacks and not thousands. A handler that has
// to give way keeps its stack; when no spare stack is left, handlers run on their cores' own. Nothing simulated depends on it.
//
// Calls. Called cores handle a call at the same time, each with lines of its own, which nobody else touches but callers. So
// while one core is in a call, and no other, a handler need not let those of the others catch up at its ordering points, only
// cores that could become callers (order_for_callee). That is why there are two queues: of a core that will but handle a call,
// `quiet_` has the time of that, and `active_` the time of whatever it may do then. Nothing simulated depends on that either.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "hw/core/ready_queue.h"

namespace splinter::hw {

class Timeline;

// A stack that a core can run on: first one for each core's program, in the cores' order, then the spare ones.
class StackId : public Quantity<class StackIdTag, std::uint32_t> {
  public:
    using Quantity::Quantity;
};

// Supplies the stacks: leaves the stack `from` and continues `to` at time `when`; returns when `from` is continued.
class StackSwitcher {
  public:
    virtual ~StackSwitcher() = default;
    virtual void switch_stack(StackId from, StackId to, Cycles when) = 0;
};

class Conductor {
    using Entry = ReadyQueue::Entry;

  public:
    static constexpr std::uint64_t kLagQuanta = 64;

    explicit Conductor(Cycles quantum) : quantum_{quantum}, lag_{quantum * kLagQuanta} {}
    void set_switcher(StackSwitcher& switcher) { switcher_ = &switcher; }
    // Called with the earliest time that any core can still read at, whenever it has grown by a quantum.
    void set_horizon_listener(std::function<void(Cycles)> listener) { on_horizon_ = std::move(listener); }
    void add(Timeline& core);
    // After the last core: one more stack, for handlers. Its body is serve().
    StackId add_spare_stack();
    // Called cores wait for each other at ordering points like all others.
    void order_callees() { callees_run_ahead_ = false; }

    // All cores ready at time 0; returns the stack to continue first.
    StackId start();
    // The running core gives way until it is the earliest at effect time `key`; kNever: until somebody calls ready().
    void suspend(Timeline& self, Cycles key);
    // Which stack to continue, and when.
    struct Turn {
        StackId stack;
        Cycles when;
    };
    // The running core has finished its program; control does not come back. Whose turn it is, if any core is left.
    bool finish(Timeline& self, Turn& next);
    // What a spare stack does, for ever, from its first continuation on.
    [[noreturn]] void serve(StackId spare);
    // The effect time of a suspended core has become `key` or stays, if that is earlier; or what it may do then has changed.
    void ready(Timeline& core, Cycles key);
    // The same for a core that will but handle a call at `key` and then wait as it does now.
    void called(Timeline& core, Cycles key);

    // --- calls (Acknowledgements) ---
    void enter_call() { ++callers_; }
    void leave_call() { --callers_; }
    // Before when a handler of a call need not wait for other called cores; 0: always.
    [[nodiscard]] Cycles callees_run_until() const {
        if (callers_ != 1 || !callees_run_ahead_) return Cycles{0};
        return active_.top().key();
    }
    // How far a core may run while the earliest other has this effect time.
    [[nodiscard]] Cycles limit_before(Cycles effect_time) const {
        return effect_time == kNever ? kNever : effect_time + quantum_;
    }

    // How far a passive core may stay behind.
    [[nodiscard]] Cycles lag() const { return lag_; }
    [[nodiscard]] Cycles quantum() const { return quantum_; }
    [[nodiscard]] const std::vector<Timeline*>& cores() const { return cores_; }
    [[nodiscard]] Timeline& core(CpuId cpu) const { return *cores_[cpu.index()]; }

  private:
    // kNever: no time yet.
    void queue(Timeline& core, Cycles key);
    [[nodiscard]] bool nobody_before(const Entry& entry) const { return entry < active_.top() && entry < quiet_.top(); }
    // The queue that has the earliest entry, settled.
    [[nodiscard]] ReadyQueue& first_queue();
    // The earliest entry, taken off the queue. Throws SimulatedFinding if there is none but unfinished cores.
    Entry pop();
    void dispatch(const Entry& entry);
    // Lets cores that need no stack go on, by their times, until one needs one: its own, or, for a handler, a spare one. `here`
    // is the stack that this is called on.
    Turn find_turn(StackId here);
    [[nodiscard]] StackId stack_for_handler(Timeline& core, StackId here);
    [[nodiscard]] Timeline*& guest_on(StackId spare) { return guests_[spare.raw() - cores_.size()]; }
    [[nodiscard]] bool is_unused(StackId stack);
    void give_way(Timeline& core, Cycles key);
    void expect_next() const;
    [[nodiscard]] bool check_is_due(const Timeline& core, Cycles key) const;
    void check_for_deadlock() const;
    [[noreturn]] void report_deadlock() const;
    Cycles quantum_;
    Cycles lag_;
    Cycles next_deadlock_check_;  // it looks at all cores: not whenever an endless one is dispatched
    Cycles next_horizon_;
    Timeline* running_ = nullptr;
    StackSwitcher* switcher_ = nullptr;
    std::function<void(Cycles)> on_horizon_;
    std::vector<Timeline*> cores_;
    ReadyQueue active_;              // by when a core may do more than handle a call
    ReadyQueue quiet_;               // by when it handles one, or just goes on, before that
    std::vector<Timeline*> guests_;  // by spare stack: whose handler it is to run, or runs
    std::vector<StackId> free_;      // spare stacks
    bool callees_run_ahead_ = true;
    std::size_t callers_ = 0;
};

}  // namespace splinter::hw
