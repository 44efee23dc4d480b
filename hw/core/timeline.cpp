#include "hw/core/timeline.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::hw {

void Timeline::advance_to_barrier(Cycles cycles) {
    left_ = cycles;
    paying_ = true;
    suspend_while_paused();
    paying_ = false;
}

void Timeline::suspend_while_paused() {
    for (Progress progress = proceed(); progress.pauses; progress = proceed()) suspend(progress.until);
}

Timeline::Progress Timeline::proceed() { return paying_ ? proceed_with_payment() : proceed_with_wait(); }

Timeline::Progress Timeline::proceed_with_payment() {
    while (true) {
        const Cycles step = barrier_ > now_ ? std::min(left_, barrier_ - now_) : Cycles{0};
        pay_until(now_ + step);
        left_ -= step;
        if (now_ >= limit_) return {true, effect_time()};
        deliver_due();
        if (left_ == Cycles{0} && now_ < barrier_) return {false, now_};
    }
}

Timeline::Progress Timeline::proceed_with_wait() {
    deliver_due();
    if (wake_at_ <= now_) return {false, now_};
    return {true, std::min(next_delivery(), wake_at_)};
}

// REQUIRES: paused(), dispatched. It may be that something else comes first.
bool Timeline::handler_ahead() const {
    if (!interrupts_enabled_) return false;
    return next_interrupt() <= (paying_ ? std::min(limit_, now_ + left_) : now_);
}

// The earliest time at which this core can do anything that another could notice. While it pays it does nothing.
Cycles Timeline::effect_time() const {
    if (!passive()) return now_;
    return std::max(now_, std::min(next_interrupt(), now_ + std::max(left_, conductor_->lag())));
}

void Timeline::order_among_others() {
    SPLINTER_CHECK(!passive(), "core" + std::to_string(id_.raw()) + " promised to touch nothing that others can change");
    if (now_ >= barrier_) advance_to_barrier(Cycles{0});
    suspend(now_);
    last_order_ = now_;
}

void Timeline::wait_for_wake() {
    waiting_ = true;
    suspend_while_paused();
    waiting_ = false;
    wake_at_ = kNever;
    if (now_ >= barrier_) advance_to_barrier(Cycles{0});
}

void Timeline::wake(Cycles when) { wake_unnoticed(when, when); }

void Timeline::wake_unnoticed(Cycles when, Cycles effect_time) {
    wake_at_ = when;
    if (waiting_ && effect_time != kNever) conductor_->ready(*this, std::max(effect_time, now_));
}

void Timeline::set_timer(Cycles when, std::uint32_t vector) {
    timer_ = {when, id_, vector, 0};
    update_barrier();
}

void Timeline::disable_interrupts() {
    interrupts_enabled_ = false;
    update_barrier();
}

void Timeline::enable_interrupts() {
    interrupts_enabled_ = true;
    update_barrier();
    if (now_ >= barrier_) advance_to_barrier(Cycles{0});
}

void Timeline::post_notice(const Message& message) {
    notices_.push(message);
    message_arrived();
}

void Timeline::message_arrived() {
    if (!suspended_) {  // a message to itself
        update_barrier();
        return;
    }
    if (waiting_ && next_delivery() != kNever) conductor_->ready(*this, std::max(next_delivery(), now_));
    if (passive()) conductor_->ready(*this, effect_time());
}

// A waiting core has let the time up to `key` pass; one in the middle of its program goes on where it was.
void Timeline::set_dispatched(Cycles key, Cycles others, Cycles limit) {
    SPLINTER_CHECK(key >= now_, "a core is never dispatched in its past");
    if (waiting_) pay_until(std::min(key, std::max(now_, wake_at_)));
    limit_ = limit;
    first_until_ = others;
    ahead_until_ = Cycles{0};
    queue_key_ = kNever;
    suspended_ = false;
    update_barrier();
}

void Timeline::suspend(Cycles key) {
    set_suspended();
    conductor_->suspend(*this, key);
}

void Timeline::set_suspended() {
    suspended_ = true;
    queue_key_ = kNever;
}

// Notices first: they describe the world at their cycle, before kernel code runs in it.
void Timeline::deliver_due() {
    Cycles next = next_delivery();
    for (; next <= now_; next = next_delivery()) {
        if (notices_.next_arrival() <= now_) {
            const Message notice = notices_.pop();
            update_barrier();
            on_notice_(notice);
            continue;
        }
        handle_interrupt(timer_.arrival < interrupts_.next_arrival() ? std::exchange(timer_, {kNever, {}}) : interrupts_.pop());
    }
    barrier_ = std::min(limit_, next);
}

inline void Timeline::handle_interrupt(const Message& message) {
    const bool was_waiting = std::exchange(waiting_, false);
    const bool was_paying = std::exchange(paying_, false);
    const Cycles left = std::exchange(left_, Cycles{0});
    const Cycles limit = limit_;
    handling_ = true;
    interrupts_enabled_ = false;
    if (message.what == call_vector_) {
        ahead_until_ = conductor_->callees_run_until();
        limit_ = std::max(limit_, conductor_->limit_before(ahead_until_));
    }
    update_barrier();
    on_interrupt_(message);
    handling_ = false;
    interrupts_enabled_ = true;
    if (std::exchange(ahead_until_, Cycles{0}) != Cycles{0}) limit_ = std::min(limit_, limit);
    waiting_ = was_waiting;
    paying_ = was_paying;
    left_ = left;  // deliver_due() updates the barrier
}

}  // namespace splinter::hw
