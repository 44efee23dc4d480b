#include "hw/core/timeline.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::hw {

void Timeline::advance_to_barrier(Cycles cycles) {
    Cycles left = cycles;
    while (true) {
        const Cycles step = barrier_ > now_ ? std::min(left, barrier_ - now_) : Cycles{0};
        now_ += step;
        ledger_.charge(step);
        left -= step;
        if (now_ >= limit_) suspend(effect_time());
        deliver_due();
        if (left == Cycles{0} && now_ < barrier_) return;
    }
}

// The earliest time at which this core can do anything that another could notice.
Cycles Timeline::effect_time() const {
    if (!passive()) return now_;
    return std::max(now_, std::min(next_interrupt(), now_ + conductor_->lag()));
}

void Timeline::order() {
    SPLINTER_CHECK(!passive(), "core" + std::to_string(id_.raw()) + " promised to touch nothing that others can change");
    if (now_ >= barrier_) advance_to_barrier(Cycles{0});
    suspend(now_);
    last_order_ = now_;
}

void Timeline::wait_for_wake() {
    waiting_ = true;
    while (true) {
        deliver_due();
        if (wake_at_ <= now_) break;
        suspend(std::min(next_delivery(), wake_at_));
    }
    waiting_ = false;
    wake_at_ = kNever;
    if (now_ >= barrier_) advance_to_barrier(Cycles{0});
}

void Timeline::wake(Cycles when) {
    wake_at_ = when;
    if (waiting_) conductor_->ready(*this, std::max(when, now_));
}

void Timeline::set_timer(Cycles when, std::uint32_t vector) {
    timer_ = {when, id_, 0, vector};
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

void Timeline::post_interrupt(const Message& message) {
    interrupts_.push(message);
    message_arrived();
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

void Timeline::set_queued(Cycles key) { queue_key_ = key; }

// A waiting core has let the time up to `key` pass; one in the middle of its program goes on where it was.
void Timeline::set_dispatched(Cycles key, Cycles limit) {
    SPLINTER_CHECK(key >= now_, "a core is never dispatched in its past");
    if (waiting_) pay_until(key);
    limit_ = limit;
    queue_key_ = kNever;
    suspended_ = false;
    update_barrier();
}

void Timeline::clip_limit(Cycles limit) {
    limit_ = std::min(limit_, limit);
    update_barrier();
}

void Timeline::pay_until(Cycles time) {
    ledger_.charge(time - now_);
    now_ = time;
}

void Timeline::suspend(Cycles key) {
    suspended_ = true;
    queue_key_ = kNever;
    conductor_->suspend(*this, key);
}

Cycles Timeline::next_delivery() const {
    const Cycles notice = notices_.next_arrival();
    return interrupts_enabled_ ? std::min(notice, next_interrupt()) : notice;
}

void Timeline::update_barrier() { barrier_ = std::min(limit_, next_delivery()); }

// Notices first: they describe the world at their cycle, before kernel code runs in it.
void Timeline::deliver_due() {
    while (next_delivery() <= now_) {
        if (notices_.next_arrival() <= now_) {
            const Message notice = notices_.pop();
            update_barrier();
            on_notice_(notice);
            continue;
        }
        if (timer_.arrival < interrupts_.next_arrival())
            handle_interrupt(std::exchange(timer_, {kNever, {}}));
        else
            handle_interrupt(interrupts_.pop());
    }
    update_barrier();
}

void Timeline::handle_interrupt(const Message& message) {
    const bool was_waiting = std::exchange(waiting_, false);
    handling_ = true;
    interrupts_enabled_ = false;
    update_barrier();
    on_interrupt_(message);
    handling_ = false;
    interrupts_enabled_ = true;
    waiting_ = was_waiting;
    update_barrier();
}

}  // namespace splinter::hw
