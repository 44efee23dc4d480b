// Accesses drawn ahead of time, so that the host can fetch what the simulation of the next ones reads while it simulates this
// one. What is drawn, and in which order, stays the same: only when. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

namespace splinter::hw {

// `Source` has a next(), whose results depend on nothing but the calls before: it is called kAhead times too often.
template <class Source>
class LookAhead {
  public:
    using Drawn = decltype(std::declval<Source&>().next());
    static constexpr std::size_t kAhead = 8;  // a miss of the host's caches is as long as a few simulated walks

    explicit LookAhead(Source source) : source_{std::move(source)} {
        for (Drawn& drawn : ring_) drawn = source_.next();
    }
    // What the source draws next. Tells expect(drawn) what it will return kAhead calls later.
    template <class Expect>
    Drawn next(Expect&& expect) {
        Drawn& slot = ring_[next_++ % kAhead];
        const Drawn now = std::exchange(slot, source_.next());
        expect(std::as_const(slot));
        return now;
    }

  private:
    Source source_;
    std::array<Drawn, kAhead> ring_{};
    std::size_t next_ = 0;
};

}  // namespace splinter::hw
