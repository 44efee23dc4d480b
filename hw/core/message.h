// What one core or the platform sends to a core: a timestamped value in the target's inbox, ordered by (arrival, sender,
// sequence), never an event per target.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "hw/base/types.h"

namespace splinter::hw {

struct Message {
    Cycles arrival;
    CpuId sender;
    std::uint64_t sequence = 0;  // of the sender: keeps equal arrivals of one sender in order
    std::uint32_t what = 0;      // interrupt vector, or the platform's notice kind
    std::uint64_t payload = 0;
};

// Messages by arrival; a binary heap, since few are pending at any time.
class Inbox {
  public:
    void push(const Message& message) {
        heap_.push_back(message);
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    Message pop() {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const Message message = heap_.back();
        heap_.pop_back();
        return message;
    }
    [[nodiscard]] std::size_t size() const { return heap_.size(); }
    // REQUIRES: size() > 0.
    [[nodiscard]] const Message& next() const { return heap_.front(); }
    [[nodiscard]] Cycles next_arrival() const { return heap_.empty() ? kNever : heap_.front().arrival; }

  private:
    static bool later(const Message& a, const Message& b) {
        return std::tie(a.arrival, a.sender, a.sequence) > std::tie(b.arrival, b.sender, b.sequence);
    }
    std::vector<Message> heap_;
};

}  // namespace splinter::hw
