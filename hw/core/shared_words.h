// Words and queued spinlocks that cores wait on. Every look at one is an ordering point of the looking core. A lock's hand-over
// takes the transfer of its line; the line of a word is the caller's to touch. Plain C++.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "hw/base/flat_map.h"
#include "hw/core/timeline.h"
#include "hw/mem/line_directory.h"

namespace splinter::hw {

// A word in shared memory that grows: a completion counter. Identified by the caller.
class WordId : public Quantity<class WordIdTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
};

class SharedWords {
  public:
    // Stores `value` and wakes the core that waits for it.
    void post(Timeline& self, WordId word, std::uint64_t value);
    // Returns when the word is at least `value`. One waiter per word. Interruptible.
    void wait_until(Timeline& self, WordId word, std::uint64_t value);

  private:
    struct Word {
        std::uint64_t value = 0;
        Timeline* waiter = nullptr;
        std::uint64_t wanted = 0;
    };
    FlatMap<Word> words_;
};

class SpinLockId : public Quantity<class SpinLockIdTag, std::uint32_t> {
  public:
    using Quantity::Quantity;
};

// Queued spinlocks (queued_spin_lock_slowpath() of kernel/locking/qspinlock.c, Linux 6.12): first come first served. A waiter
// spins on a line of its own, so that a release reaches the first of the queue one line transfer later, by the distance
// between the two, however many wait: published pings of a line between two spinning cores, which transfer_* are, hold the
// store's miss and the load's. The exchange of the queue's tail, by which a waiter joins, moves a line as well, but is over
// before the hand-over can be: the line comes from the core that is served before it, which has not released the lock yet.
// Leaves out: the pending bit of the first waiter, what the spinning of the queue's head does to the holder's lines.
class SpinLocks {
  public:
    explicit SpinLocks(LineDirectory& lines) : lines_{&lines} {}
    void lock(Timeline& self, SpinLockId lock);
    void unlock(Timeline& self, SpinLockId lock);
    // Takes it if nobody holds it; the holder may be this core, outside of the interrupt handler that asks. A line that this
    // core had last costs nothing: that is part of the path length.
    [[nodiscard]] bool try_lock(Timeline& self, SpinLockId lock);
    [[nodiscard]] std::uint64_t contended() const { return contended_; }

  private:
    struct Lock {
        Timeline* owner = nullptr;
        std::optional<CpuId> last_owner;
        std::deque<Timeline*> queue;
    };
    LineDirectory* lines_;
    std::unordered_map<std::uint32_t, Lock> locks_;  // looked up only, never iterated
    std::uint64_t contended_ = 0;
};

}  // namespace splinter::hw
