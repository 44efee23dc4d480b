#include "hw/core/conductor.h"

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "hw/core/timeline.h"

namespace splinter::hw {

CpuId Conductor::start() {
    for (Timeline* core : cores_) push(*core, Cycles{0});
    const Entry first = pop();
    dispatch(first);
    return first.cpu;
}

void Conductor::suspend(Timeline& self, Cycles key) {
    if (key != kNever) {
        // Still the earliest: no queue, no switch. Endless cores come through the queue when a deadlock check is due.
        if (!check_is_due(self, key) && (queue_.empty() || Entry{key, self.id()} < queue_.top())) {
            dispatch({key, self.id()});
            return;
        }
        push(self, key);
    }
    const Entry next = pop();
    dispatch(next);
    if (next.cpu != self.id()) switcher_->switch_stack(self.id(), next.cpu, next.key);
}

bool Conductor::finish(Timeline& self, CpuId& next, Cycles& when) {
    self.set_finished();
    bool all_finished = true;
    for (const Timeline* core : cores_) all_finished = all_finished && core->finished();
    if (all_finished) return false;
    const Entry entry = pop();
    dispatch(entry);
    next = entry.cpu;
    when = entry.key;
    return true;
}

void Conductor::ready(Timeline& core, Cycles key) {
    if (!core.suspended() || key >= core.queue_key()) return;
    push(core, key);
    if (running_ != nullptr) running_->clip_limit(limit_before(key));
}

Cycles Conductor::limit_before(Cycles effect_time) const { return effect_time == kNever ? kNever : effect_time + quantum_; }

void Conductor::push(Timeline& core, Cycles key) {
    core.set_queued(key);
    queue_.push({key, core.id()});
}

Conductor::Entry Conductor::pop() {
    if (queue_.empty()) report_deadlock();
    const Entry entry = queue_.pop();
    if (check_is_due(core(entry.cpu), entry.key)) {
        check_for_deadlock();
        next_deadlock_check_ = entry.key + lag_;
    }
    return entry;
}

void Conductor::dispatch(const Entry& entry) {
    running_ = &core(entry.cpu);
    const Cycles others = !queue_.empty() ? queue_.top().key : kNever;
    // A core that is alone comes back now and then, too: it may be one that runs for ever while the others wait for nobody.
    running_->set_dispatched(entry.key, others == kNever ? entry.key + lag_ : limit_before(others));
    if (on_horizon_ && entry.key > lag_) on_horizon_(entry.key - lag_);
}

bool Conductor::check_is_due(const Timeline& core, Cycles key) const {
    return (core.endless() || core.waits_but_for_timer()) && key >= next_deadlock_check_;
}

// Endless cores run for ever; what they do without interrupts helps nobody who waits, and neither does a timer.
void Conductor::check_for_deadlock() const {
    bool somebody_waits = false;
    for (const Timeline* core : cores_) {
        if (core->finished()) continue;
        const bool runs = core->queue_key() != kNever && !core->waits_but_for_timer();
        if (core->endless() ? core->interrupt_pending() : runs) return;
        somebody_waits = somebody_waits || !core->endless();
    }
    if (somebody_waits) report_deadlock();
}

void Conductor::report_deadlock() const {
    std::string report = "deadlock: no core can run";
    for (const Timeline* core : cores_)
        if (!core->finished() && !core->endless())
            report += "\n  core" + std::to_string(core->id().raw()) + " at cycle " + std::to_string(core->now().raw()) +
                      " in " + core->ledger().path() + (core->interrupts_enabled() ? "" : ", interrupts off");
    throw SimulatedFinding(report);
}

}  // namespace splinter::hw
