// Who runs next. The Conductor owns the queue of (effect time, core) and resumes exactly one core at a time; whoever supplies
// the stacks (SystemC threads) only switches between them. Plain C++.
//
// The effect time of a core is the earliest time at which it can do anything that another core could notice: its local time,
// or, for a passive core (one that touches nothing shared until an interrupt comes), the arrival of its next interrupt. The
// core with the smallest effect time runs, up to `quantum` cycles past the smallest effect time of the others: no message can
// reach it before that, since messages travel for at least the lookahead, and quantum <= lookahead. Before it touches what
// another core can change it comes back (Timeline::order) and goes on only when it is the earliest by (time, core).
//
// Passive cores lag behind the others, by kLagQuanta quanta at most, and then catch up in one go. Results are the same for
// every quantum. If no core but endless ones can ever run again, that is a deadlock: a finding about the simulated system.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "hw/core/ready_queue.h"

namespace splinter::hw {

class Timeline;

// Supplies the stacks: leaves the running core's stack and continues `next` at time `when`; returns when `self` is resumed.
class StackSwitcher {
  public:
    virtual ~StackSwitcher() = default;
    virtual void switch_stack(CpuId self, CpuId next, Cycles when) = 0;
};

class Conductor {
  public:
    static constexpr std::uint64_t kLagQuanta = 64;

    explicit Conductor(Cycles quantum) : quantum_{quantum}, lag_{quantum * kLagQuanta} {}
    void set_switcher(StackSwitcher& switcher) { switcher_ = &switcher; }
    // Called with the earliest time that any core can still read at, whenever it has grown.
    void set_horizon_listener(std::function<void(Cycles)> listener) { on_horizon_ = std::move(listener); }
    void add(Timeline& core) {
        cores_.push_back(&core);
        queue_.grow();
    }

    // All cores ready at time 0; returns the one to resume first.
    CpuId start();
    // The running core gives way until it is the earliest at effect time `key`; kNever: until somebody calls ready().
    void suspend(Timeline& self, Cycles key);
    // The running core has finished its program; control does not come back. Returns the core to resume, if any is left.
    bool finish(Timeline& self, CpuId& next, Cycles& when);
    // The effect time of a suspended core has become `key` or stays, if that is earlier.
    void ready(Timeline& core, Cycles key);

    // How far a passive core may stay behind.
    [[nodiscard]] Cycles lag() const { return lag_; }
    [[nodiscard]] const std::vector<Timeline*>& cores() const { return cores_; }
    [[nodiscard]] Timeline& core(CpuId cpu) const { return *cores_[cpu.index()]; }

  private:
    using Entry = ReadyQueue::Entry;
    void push(Timeline& core, Cycles key);
    // The earliest entry, taken off the queue. Throws SimulatedFinding if there is none but unfinished cores.
    Entry pop();
    void dispatch(const Entry& entry);
    [[nodiscard]] bool check_is_due(const Timeline& core, Cycles key) const;
    void check_for_deadlock() const;
    [[noreturn]] void report_deadlock() const;
    [[nodiscard]] Cycles limit_before(Cycles effect_time) const;

    Cycles quantum_;
    Cycles lag_;
    Cycles next_deadlock_check_;  // it looks at all cores: not whenever an endless one is dispatched
    Timeline* running_ = nullptr;
    StackSwitcher* switcher_ = nullptr;
    std::function<void(Cycles)> on_horizon_;
    std::vector<Timeline*> cores_;
    ReadyQueue queue_;
};

}  // namespace splinter::hw
