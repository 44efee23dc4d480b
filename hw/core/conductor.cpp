#include "hw/core/conductor.h"

#include <algorithm>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "hw/core/timeline.h"

namespace splinter::hw {

void Conductor::add(Timeline& core) {
    SPLINTER_CHECK(guests_.empty(), "cores come before spare stacks");
    cores_.push_back(&core);
    active_.grow();
    quiet_.grow();
}

StackId Conductor::add_spare_stack() {
    const StackId stack{static_cast<std::uint32_t>(cores_.size() + guests_.size())};
    guests_.push_back(nullptr);
    free_.push_back(stack);
    return stack;
}

StackId Conductor::start() {
    for (Timeline* core : cores_) queue(*core, Cycles{0});
    dispatch(pop());
    return running_->stack();
}

void Conductor::suspend(Timeline& self, Cycles key) {
    if (key != kNever) {
        // Still the earliest: no queue, no switch. Endless cores come through the queue when a deadlock check is due.
        const Entry entry{key, self.id()};
        if (!check_is_due(self, key) && nobody_before(entry)) {
            dispatch(entry);
            return;
        }
    }
    queue(self, key);
    const Turn turn = find_turn(self.stack());
    if (turn.stack != self.stack()) switcher_->switch_stack(self.stack(), turn.stack, turn.when);
}

bool Conductor::finish(Timeline& self, Turn& next) {
    self.set_finished();
    queue(self, kNever);
    const auto finished = [](const Timeline* core) { return core->finished(); };
    if (std::all_of(cores_.begin(), cores_.end(), finished)) return false;
    next = find_turn(self.stack());
    return true;
}

void Conductor::serve(StackId spare) {
    while (true) {
        Timeline& guest = *guest_on(spare);
        expect_next();
        guest.move_to(spare);
        const Timeline::Progress progress = guest.proceed();
        guest.move_to(StackId{guest.id().raw()});
        Turn turn{guest.stack(), guest.now()};
        if (progress.pauses) {
            give_way(guest, progress.until);
            turn = find_turn(spare);
        }
        if (turn.stack == spare) continue;
        free_.push_back(spare);
        switcher_->switch_stack(spare, turn.stack, turn.when);
    }
}

// The host fetches the core after the next while this one is simulated.
void Conductor::expect_next() const {
    if (const Entry* next = quiet_.behind_top(1)) core(next->cpu()).prefetch();
}

Conductor::Turn Conductor::find_turn(StackId here) {
    while (true) {
        const Entry next = pop();
        dispatch(next);
        Timeline& core = *running_;
        if (!core.paused()) return {core.stack(), next.key()};
        if (core.handler_ahead()) return {stack_for_handler(core, here), next.key()};
        const Timeline::Progress progress = core.proceed();
        if (!progress.pauses) return {core.stack(), next.key()};
        give_way(core, progress.until);
    }
}

inline StackId Conductor::stack_for_handler(Timeline& core, StackId here) {
    if (core.stack() == here) return here;
    StackId spare = here;
    if (!is_unused(here)) {
        if (free_.empty()) return core.stack();
        spare = free_.back();
        free_.pop_back();
    }
    guest_on(spare) = &core;
    return spare;
}

// A spare stack whose guest has gone.
inline bool Conductor::is_unused(StackId stack) { return stack.raw() >= cores_.size() && guest_on(stack)->stack() != stack; }

inline void Conductor::give_way(Timeline& core, Cycles key) {
    core.set_suspended();
    queue(core, key);
}

void Conductor::ready(Timeline& core, Cycles key) {
    if (!core.suspended()) return;
    const bool sooner = key < core.queue_key();
    queue(core, std::min(key, core.queue_key()));
    if (sooner && running_ != nullptr) running_->clip(key, limit_before(key));
}

// What it does after that stays where it is in active_.
void Conductor::called(Timeline& core, Cycles key) {
    core.set_queued(key);
    quiet_.set(core.id(), key);
    if (running_ != nullptr) running_->clip(key, limit_before(key));
}

void Conductor::queue(Timeline& core, Cycles key) {
    core.set_queued(key);
    const Cycles acts = key == kNever ? kNever : core.acts_from(key);
    active_.set(core.id(), acts);
    quiet_.set(core.id(), acts > key ? key : kNever);
}

inline ReadyQueue& Conductor::first_queue() {
    while (true) {
        ReadyQueue& queue = quiet_.top() < active_.top() ? quiet_ : active_;
        if (queue.settle()) return queue;
    }
}

inline Conductor::Entry Conductor::pop() {
    ReadyQueue& queue = first_queue();
    if (queue.top().never()) report_deadlock();
    const Entry entry = queue.pop();
    if (check_is_due(core(entry.cpu()), entry.key())) {
        check_for_deadlock();
        next_deadlock_check_ = entry.key() + lag_;
    }
    return entry;
}

inline void Conductor::dispatch(const Entry& entry) {
    running_ = &core(entry.cpu());
    const Cycles key = entry.key();
    const Cycles others = std::min(active_.top(), quiet_.top()).key();
    // A core that is alone comes back now and then, too: it may be one that runs for ever while the others wait for nobody.
    running_->set_dispatched(key, others, others == kNever ? key + lag_ : others + quantum_);
    if (key < next_horizon_ || !on_horizon_) return;
    if (key > lag_) on_horizon_(key - lag_);
    next_horizon_ = key + quantum_;
}

inline bool Conductor::check_is_due(const Timeline& core, Cycles key) const {
    return key >= next_deadlock_check_ && (core.endless() || core.waits_but_for_timer());
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
    std::string report = "deadlock: these cores wait for ever";
    for (const Timeline* core : cores_)
        if (!core->finished() && !core->endless())
            report += "\n  core" + std::to_string(core->id().raw()) + " at cycle " + std::to_string(core->now().raw()) +
                      " in " + core->ledger().path() + (core->interrupts_enabled() ? "" : ", interrupts off");
    throw SimulatedFinding(report);
}

}  // namespace splinter::hw
