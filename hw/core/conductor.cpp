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
        if (!drop_dead_entries() || Entry{key, self.id(), 0} < queue_.top()) {   // still the earliest: no queue, no switch
            dispatch({key, self.id(), 0});
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
    if (core.suspended() && key < core.queue_key()) push(core, key);
}

void Conductor::push(Timeline& core, Cycles key) {
    core.set_queued(key);
    queue_.push({key, core.id(), core.queue_version()});
}

bool Conductor::drop_dead_entries() {
    while (!queue_.empty() && core(queue_.top().cpu).queue_version() != queue_.top().version) queue_.pop();
    return !queue_.empty();
}

Conductor::Entry Conductor::pop() {
    if (!drop_dead_entries()) throw SimulatedFinding(deadlock_report());
    const Entry entry = queue_.top();
    queue_.pop();
    return entry;
}

void Conductor::dispatch(const Entry& entry) {
    core(entry.cpu).set_dispatched(entry.key, quantum_);
    if (on_horizon_) on_horizon_(entry.key);
}

std::string Conductor::deadlock_report() const {
    std::string report = "deadlock: no core can run";
    for (const Timeline* core : cores_)
        if (!core->finished())
            report += "\n  core" + std::to_string(core->id().raw()) + " at cycle " + std::to_string(core->now().raw()) + " in " +
                      core->ledger().path();
    return report;
}

}  // namespace splinter::hw
