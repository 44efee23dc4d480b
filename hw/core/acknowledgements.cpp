#include "hw/core/acknowledgements.h"

#include <algorithm>
#include <utility>

#include "hw/base/check.h"

namespace splinter::hw {

void Acknowledgements::begin_call(Timeline& caller, std::size_t targets) {
    Call& call = calls_[caller.id().index()];
    SPLINTER_CHECK(call.missing == 0, "a core calls others again when all have acknowledged");
    if (call.acknowledged.empty()) call.acknowledged.resize(calls_.size(), kNever);
    call.missing = targets;
    call.last = caller.now();
    conductor_->enter_call();
}

void Acknowledgements::end_call(Timeline& caller) {
    conductor_->leave_call();
    caller.order();
}

void Acknowledgements::acknowledge(Timeline& self, CpuId caller) {
    self.order_for_callee();
    Call& call = calls_[caller.index()];
    Cycles& word = call.acknowledged[self.id().index()];
    SPLINTER_CHECK(call.missing > 0 && word == kNever, "a called core acknowledges once");
    word = self.now();
    call.last = std::max(call.last, word);
    const bool all = --call.missing == 0;
    self.has_answered();
    if (call.awaited == kNobody || (call.awaited != self.id().raw() && !all)) return;
    const Cycles awaited = call.acknowledged[call.awaited];
    conductor_->core(caller).wake_unnoticed(awaited, awaited != kNever && all ? call.last : kNever);
}

void Acknowledgements::wait_for(Timeline& caller, CpuId target) {
    Call& call = calls_[caller.id().index()];
    if (call.acknowledged[target.index()] == kNever) {
        call.awaited = target.raw();
        caller.wait_for_wake();
        call.awaited = kNobody;
    }
    const Cycles when = std::exchange(call.acknowledged[target.index()], kNever);
    if (when > caller.now()) caller.advance(when - caller.now());
}

}  // namespace splinter::hw
