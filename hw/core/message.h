// What one core or the platform sends to a core: a timestamped value in the target's inbox, ordered by (arrival, sender,
// sequence), never an event per target.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "hw/base/types.h"

namespace splinter::hw {

struct Message {
    Cycles arrival;
    CpuId sender;
    std::uint32_t what = 0;      // interrupt vector, or the platform's notice kind
    std::uint64_t sequence = 0;  // of the sender: keeps equal arrivals of one sender in order
    std::uint64_t payload = 0;
};

// Messages by arrival: the next one, and a binary heap of the others, which are few at any time.
class Inbox {
  public:
    void push(const Message& message) {
        if (empty())
            next_ = message;
        else
            push_behind(later(next_, message) ? std::exchange(next_, message) : message);
    }
    // REQUIRES: empty().
    void push_first(const Message& message) { next_ = message; }
    // REQUIRES: !empty().
    Message pop() {
        const Message message = next_;
        if (others_.empty())
            next_.arrival = kNever;
        else
            next_ = pop_other();
        return message;
    }
    [[nodiscard]] bool empty() const { return next_.arrival == kNever; }
    [[nodiscard]] std::size_t size() const { return empty() ? 0 : 1 + others_.size(); }
    [[nodiscard]] const Message& next() const { return next_; }
    [[nodiscard]] Cycles next_arrival() const { return next_.arrival; }

  private:
    static bool later(const Message& a, const Message& b) {
        return std::tie(a.arrival, a.sender, a.sequence) > std::tie(b.arrival, b.sender, b.sequence);
    }
    void push_behind(const Message& message) {
        others_.push_back(message);
        std::push_heap(others_.begin(), others_.end(), later);
    }
    Message pop_other() {
        std::pop_heap(others_.begin(), others_.end(), later);
        const Message message = others_.back();
        others_.pop_back();
        return message;
    }
    Message next_{kNever, {}};  // kNever: none
    std::vector<Message> others_;
};

}  // namespace splinter::hw
