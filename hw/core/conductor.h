// Who runs next. The Conductor owns the queue of (time, core) and resumes exactly one core at a time, the earliest; whoever
// supplies the stacks (SystemC threads) only switches between them. Plain C++.
//
// A core may run up to `quantum` cycles past its dispatch time, as long as it touches nothing that another core can change;
// before that it comes back (Timeline::order) and goes on only when it is the earliest. An empty queue with unfinished cores is
// a deadlock: a finding about the simulated system.
#pragma once

#include <exception>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "hw/base/types.h"

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
    explicit Conductor(Cycles quantum) : quantum_{quantum} {}
    void set_switcher(StackSwitcher& switcher) { switcher_ = &switcher; }
    // Called with the earliest time that any core can still read at, whenever it has grown.
    void set_horizon_listener(std::function<void(Cycles)> listener) { on_horizon_ = std::move(listener); }
    void add(Timeline& core) { cores_.push_back(&core); }

    // All cores ready at time 0; returns the one to resume first.
    CpuId start();
    // The running core gives way until it is the earliest at `key`; kNever: until somebody calls ready().
    void suspend(Timeline& self, Cycles key);
    // The running core has finished its program; control does not come back. Returns the core to resume, if any is left.
    bool finish(Timeline& self, CpuId& next, Cycles& when);
    // A suspended core became ready earlier, at `key`.
    void ready(Timeline& core, Cycles key);

    [[nodiscard]] Cycles quantum() const { return quantum_; }
    [[nodiscard]] const std::vector<Timeline*>& cores() const { return cores_; }
    [[nodiscard]] Timeline& core(CpuId cpu) const { return *cores_[cpu.index()]; }

  private:
    struct Entry {
        Cycles key;
        CpuId cpu;
        std::uint64_t version;   // an entry whose core has a newer version is dead
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };
    void push(Timeline& core, Cycles key);
    // The earliest live entry, taken off the queue. Throws SimulatedFinding if there is none but unfinished cores.
    Entry pop();
    [[nodiscard]] bool drop_dead_entries();
    void dispatch(const Entry& entry);
    [[nodiscard]] std::string deadlock_report() const;

    Cycles quantum_;
    StackSwitcher* switcher_ = nullptr;
    std::function<void(Cycles)> on_horizon_;
    std::vector<Timeline*> cores_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace splinter::hw
