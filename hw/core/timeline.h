// One core's simulated time: local clock, who pays for each cycle, messages on their way to it, interrupts masked or not.
// Plain C++; the Conductor decides when it runs.
//
// Time is paid by advance(), which an interrupt splits at its exact cycle. The barrier is the nearest time at which something
// can happen to this core: the end of its quantum or the next message; below it, advance() is one comparison.
#pragma once

#include <functional>

#include "hw/base/ledger.h"
#include "hw/core/conductor.h"
#include "hw/core/message.h"
#include "hw/mem/recent_stores.h"

namespace splinter::hw {

class Timeline {
  public:
    using Handler = std::function<void(const Message&)>;

    Timeline(CpuId id, Conductor& conductor, AccountTree& accounts)
        : id_{id}, stack_{id.raw()}, conductor_{&conductor}, ledger_{accounts} {}
    Timeline(const Timeline&) = delete;
    Timeline& operator=(const Timeline&) = delete;

    // Runs on this core's stack, with interrupts masked.
    void set_interrupt_handler(Handler handler) { on_interrupt_ = std::move(handler); }
    // The simulator's own messages (phase, stop, narrowed ranges): delivered at the exact cycle, masked or not, at no cost.
    void set_notice_handler(Handler handler) { on_notice_ = std::move(handler); }
    // The interrupt by which cores call each other: whatever its handler does, it calls nobody and sends nothing.
    void set_call_vector(std::uint32_t vector) { call_vector_ = vector; }

    [[nodiscard]] CpuId id() const { return id_; }
    [[nodiscard]] Cycles now() const { return now_; }
    [[nodiscard]] Ledger& ledger() { return ledger_; }
    [[nodiscard]] const Ledger& ledger() const { return ledger_; }
    [[nodiscard]] OrderPoint last_order() const { return {last_order_, id_}; }

    // --- called by the running core ---
    // Spends cycles on the current account; interrupts and notices due on the way are handled at their cycle.
    void advance(Cycles cycles) {
        if (now_ + cycles < barrier_) [[likely]] {
            now_ += cycles;
            ledger_.charge(cycles);
            return;
        }
        advance_to_barrier(cycles);
    }
    // Ordering point: returns when this core is globally the earliest. Before any access to state that another core can change
    // and that no held lock protects.
    void order() {
        if (now_ < barrier_ && now_ < first_until_ && !passive()) [[likely]] {
            last_order_ = now_;
            return;
        }
        order_among_others();
    }
    // Before this time nothing comes in between what the core does now, and (first_until) any moment is an ordering point.
    [[nodiscard]] Cycles undisturbed_until() const { return barrier_; }
    [[nodiscard]] Cycles first_until() const { return passive() ? Cycles{0} : std::min(barrier_, first_until_); }
    // advance() and order() there. REQUIRES: the time that has then come is before the one or the other.
    void pass(Cycles cycles) {
        now_ += cycles;
        ledger_.charge(cycles);
    }
    void note_order() { last_order_ = now_; }
    // order() for the handler of a call, before it touches what none but callers and this core touch (Conductor): it need not
    // be the earliest among called cores. Orders no stores to page tables.
    void order_for_callee() {
        if (now_ >= barrier_ || now_ >= ahead_until_) [[unlikely]]
            order();
    }
    // Before when that need not wait, nor anything else comes in between.
    [[nodiscard]] Cycles callee_until() const { return std::min(barrier_, ahead_until_); }
    // The caller may now call again: it is not in this call's way any more.
    void has_answered() { limit_to(now_ + conductor_->quantum()); }
    // Waits, interruptibly, until wake() has set a time and that time has come.
    void wait_for_wake();
    // What this core does until it says otherwise, outside of interrupt handlers.
    enum class Conduct : std::uint8_t {
        active,
        endless,  // runs for ever, and nobody who waits can wait for it: counts for nothing when a deadlock is looked for
        passive   // endless, and a promise to reach no ordering point and send nothing: may lag behind the others
    };
    void set_conduct(Conduct conduct) { conduct_ = conduct; }
    // One shot, as the TSC-deadline timer of the local APIC (SDM Vol. 3A 11.5.4.1): an interrupt of this core to itself at
    // `when`, or as soon as interrupts are enabled then. Replaces the one before; kNever disarms. It counts for nothing when a
    // deadlock is looked for: a timer that is armed again and again would hide any.
    void set_timer(Cycles when, std::uint32_t vector);
    [[nodiscard]] bool interrupts_enabled() const { return interrupts_enabled_; }
    void disable_interrupts();
    void enable_interrupts();

    // --- called by another core, at its ordering point (wake) or any time (post) ---
    void wake(Cycles when);
    // The same for a core that will be noticed by nobody before `effect_time`, whatever it does in between; kNever: before it
    // is woken again.
    void wake_unnoticed(Cycles when, Cycles effect_time);
    // REQUIRES: arrival is at least the lookahead after the sender's time.
    void post_interrupt(const Message& message) {
        if (message.what == call_vector_ && message.arrival < queue_key_ && waits_to_be_called()) [[likely]] {
            interrupts_.push_first(message);
            conductor_->called(*this, std::max(message.arrival, now_));
        } else {
            interrupts_.push(message);
            message_arrived();
        }
    }
    void post_notice(const Message& message);

    // --- called by the Conductor ---
    void set_queued(Cycles key) { queue_key_ = key; }
    // `others`: the earliest effect time of all others.
    void set_dispatched(Cycles key, Cycles others, Cycles limit);
    // Another core has become ready: at `others`, and cannot be noticed here before `limit`.
    void clip(Cycles others, Cycles limit) {
        first_until_ = std::min(first_until_, others);
        ahead_until_ = std::min(ahead_until_, others);
        if (limit < limit_) limit_to(limit);
    }
    // Pays cycles or waits, so that it can go on, with proceed(), on any stack, as far as no handler is ahead.
    [[nodiscard]] bool paused() const { return waiting_ || paying_; }
    [[nodiscard]] bool handler_ahead() const;
    struct Progress {
        bool pauses;   // or the program goes on
        Cycles until;  // if it pauses: when to be dispatched next
    };
    // Pays, waits, handles what is due. REQUIRES: paused().
    [[nodiscard]] Progress proceed();
    // From when on this core may do more than handle a call or go on as it does, if it is dispatched at `key`: that at the
    // earliest.
    [[nodiscard]] Cycles acts_from(Cycles key) const {
        if (passive()) return interrupts_.empty() || awaits_call_only() ? std::max(key, timer_.arrival) : key;
        if (!waiting_ || wake_at_ != kNever || !interrupts_enabled_ || !awaits_call_only()) return key;
        return std::max(key, std::min(timer_.arrival, notices_.next_arrival()));
    }
    // Where this core's frames are: its own stack, or a spare one while its handler runs there.
    [[nodiscard]] StackId stack() const { return stack_; }
    void move_to(StackId stack) { stack_ = stack; }
    void set_suspended();
    [[nodiscard]] bool passive() const { return conduct_ == Conduct::passive && !handling_; }
    [[nodiscard]] bool endless() const { return conduct_ != Conduct::active && !handling_; }
    // When the next notice comes that it has not seen yet: a passive core may be behind it.
    [[nodiscard]] Cycles next_notice() const { return notices_.next_arrival(); }
    [[nodiscard]] bool interrupt_pending() const { return interrupts_.next_arrival() != kNever; }
    // Nothing but its timer can make it run.
    [[nodiscard]] bool waits_but_for_timer() const {
        return waiting_ && wake_at_ == kNever && !interrupt_pending() && notices_.next_arrival() == kNever;
    }
    // A hint to the host: this core will be dispatched soon.
    void prefetch() const {
        constexpr std::size_t kHostLine = 64;
        const auto* const bytes = reinterpret_cast<const char*>(this);
        for (std::size_t offset = 0; offset < sizeof(Timeline) + 2 * kHostLine; offset += kHostLine)
            __builtin_prefetch(bytes + offset, 1);
        ledger_.prefetch();
    }
    void set_finished() { finished_ = true; }
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] bool suspended() const { return suspended_; }
    [[nodiscard]] Cycles queue_key() const { return queue_key_; }

  private:
    void order_among_others();
    void limit_to(Cycles limit) {
        limit_ = std::min(limit_, limit);
        barrier_ = std::min(barrier_, limit_);
    }
    void suspend_while_paused();
    void advance_to_barrier(Cycles cycles);
    void pay_until(Cycles time) {
        ledger_.charge(time - now_);
        now_ = time;
    }
    void suspend(Cycles key);
    [[nodiscard]] Progress proceed_with_payment();
    [[nodiscard]] Progress proceed_with_wait();
    [[nodiscard]] bool awaits_call_only() const { return interrupts_.size() == 1 && interrupts_.next().what == call_vector_; }
    [[nodiscard]] Cycles effect_time() const;
    [[nodiscard]] Cycles next_delivery() const {
        const Cycles notice = notices_.next_arrival();
        return interrupts_enabled_ ? std::min(notice, next_interrupt()) : notice;
    }
    void deliver_due();
    void handle_interrupt(const Message& message);
    [[nodiscard]] Cycles next_interrupt() const { return std::min(timer_.arrival, interrupts_.next_arrival()); }
    // Waits for nothing but its timer or a notice.
    [[nodiscard]] bool waits_to_be_called() const {
        return suspended_ && waiting_ && interrupts_enabled_ && conduct_ != Conduct::passive && wake_at_ == kNever &&
               interrupts_.empty();
    }
    void update_barrier() { barrier_ = std::min(limit_, next_delivery()); }
    void message_arrived();

    CpuId id_;
    StackId stack_;
    Conductor* conductor_;
    Ledger ledger_;
    Cycles now_;
    Cycles limit_;    // how far it may run before it comes back to the Conductor
    Cycles barrier_;  // min(limit, next delivery)
    Cycles last_order_;
    Cycles first_until_;  // before this, the running core is the earliest of all
    Cycles ahead_until_;  // before this, a call's handler need not wait for other called cores; 0 outside
    Cycles left_;         // to be paid, in advance()
    Cycles wake_at_ = kNever;
    Cycles queue_key_ = kNever;
    bool interrupts_enabled_ = true;
    bool paying_ = false;    // inside advance(), of the handler if in one
    bool waiting_ = false;   // inside wait_for_wake(), outside handlers
    bool handling_ = false;  // inside an interrupt handler
    bool suspended_ = true;  // not the running core
    bool finished_ = false;
    Conduct conduct_ = Conduct::active;
    std::uint32_t call_vector_ = 0;  // none
    Inbox interrupts_;
    Message timer_{kNever, {}};
    Inbox notices_;
    Handler on_interrupt_;
    Handler on_notice_;
};

}  // namespace splinter::hw
