#include "hw/core/shared_words.h"

#include <utility>

#include "hw/base/check.h"

namespace splinter::hw {

void SharedWords::post(Timeline& self, WordId word, std::uint64_t value) {
    self.order();
    Word& w = words_[word.raw()];
    w.value = value;
    if (w.waiter == nullptr || value < w.wanted) return;
    w.waiter->wake(self.now());
    w.waiter = nullptr;
}

void SharedWords::wait_until(Timeline& self, WordId word, std::uint64_t value) {
    self.order();
    Word& w = words_[word.raw()];
    if (w.value >= value) return;
    SPLINTER_CHECK(w.waiter == nullptr, "a shared word has one waiter at most");
    w.waiter = &self;
    w.wanted = value;
    self.wait_for_wake();
    self.order();
}

void SpinLocks::lock(Timeline& self, SpinLockId id) {
    self.order();
    Lock& lock = locks_[id.raw()];
    if (lock.owner == nullptr) {
        const Cycles cost = lines_->transfer(lock.last_owner.value_or(self.id()), self.id());
        lock.owner = &self;  // taken now; the line arrives later
        lock.last_owner = self.id();
        self.advance(cost);
        return;
    }
    SPLINTER_CHECK(lock.owner != &self, "a spinlock is not recursive");
    ++contended_;
    lock.queue.push_back(&self);
    self.wait_for_wake();
    self.order();
}

bool SpinLocks::try_lock(Timeline& self, SpinLockId id) {
    self.order();
    Lock& lock = locks_[id.raw()];
    if (lock.owner != nullptr) return false;
    const std::optional<CpuId> last = std::exchange(lock.last_owner, self.id());
    lock.owner = &self;
    if (last && *last != self.id()) self.advance(lines_->transfer(*last, self.id()));
    return true;
}

void SpinLocks::unlock(Timeline& self, SpinLockId id) {
    self.order();
    Lock& lock = locks_[id.raw()];
    SPLINTER_CHECK(lock.owner == &self, "a spinlock is released by its owner");
    lock.owner = nullptr;
    if (lock.queue.empty()) return;
    Timeline* next = lock.queue.front();
    lock.queue.pop_front();
    lock.owner = next;
    lock.last_owner = next->id();
    next->wake(self.now() + lines_->transfer(self.id(), next->id()));
}

}  // namespace splinter::hw
