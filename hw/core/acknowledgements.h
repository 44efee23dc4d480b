// What called cores tell their caller: one word for each pair of cores, as the lock of a call_single_data is (kernel/smp.c). A
// caller calls each target once, then waits for all of them, one after the other. Nobody but the two looks at a word, and what
// a caller does between its waits is noticed by nobody, so that it is woken but once, when the last has answered; it then makes
// up for what it would have done since. Plain C++.
#pragma once

#include <vector>

#include "hw/core/timeline.h"

namespace splinter::hw {

class Acknowledgements {
  public:
    Acknowledgements(Conductor& conductor, std::size_t cores) : conductor_{&conductor}, calls_(cores) {}

    // `caller` is going to call this many cores. REQUIRES: its last call has ended.
    void begin_call(Timeline& caller, std::size_t targets);
    // It has waited for all of them. An ordering point.
    void end_call(Timeline& caller);
    // On the called core, once for each call: it has done what it was asked. An ordering point against callers.
    void acknowledge(Timeline& self, CpuId caller);
    // Returns when `target` has acknowledged. Interruptible.
    void wait_for(Timeline& caller, CpuId target);
    // What the targets of a caller's call have told it, to look at many in a row.
    class Answers {
      public:
        explicit Answers(std::vector<Cycles>& words) : words_{words.data()} {}
        // The cycles that wait_for() would take at `now`, if that is known already; else kNever. The caller may pay them itself
        // and then forget() the target.
        [[nodiscard]] Cycles left_to_wait(Cycles now, CpuId target) const {
            const Cycles when = words_[target.index()];
            if (when == kNever) return kNever;
            return when > now ? when - now : Cycles{0};
        }
        void forget(CpuId target) const { words_[target.index()] = kNever; }

      private:
        Cycles* words_;
    };
    // REQUIRES: begin_call() before. Good until it calls again.
    [[nodiscard]] Answers answers_to(const Timeline& caller) { return Answers{calls_[caller.id().index()].acknowledged}; }

  private:
    static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
    struct Call {
        std::vector<Cycles> acknowledged;  // by target; kNever: not yet, or waited for. Empty before the first call
        std::size_t missing = 0;
        Cycles last;                      // of those that have come
        std::uint32_t awaited = kNobody;  // the target that the caller waits for
    };
    Conductor* conductor_;
    std::vector<Call> calls_;  // by caller
};

}  // namespace splinter::hw
