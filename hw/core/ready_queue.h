// The cores that can run, by (effect time, core): a binary heap with the place of each core, so that each has one key, which
// can be brought forward. Plain C++.
#pragma once

#include <vector>

#include "hw/base/types.h"

namespace splinter::hw {

class ReadyQueue {
  public:
    struct Entry {
        Cycles key;
        CpuId cpu;
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };

    // For one more core.
    void grow() { places_.push_back(kNowhere); }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    [[nodiscard]] const Entry& top() const { return heap_.front(); }
    // Queues the core, or brings its key forward. REQUIRES: a queued core's key is not later than before.
    void push(const Entry& entry) {
        std::size_t place = places_[entry.cpu.index()];
        if (place == kNowhere) {
            place = heap_.size();
            heap_.push_back(entry);
        }
        rise(place, entry);
    }
    Entry pop() {
        const Entry first = heap_.front();
        take_out(0);
        return first;
    }
    [[nodiscard]] bool contains(CpuId cpu) const { return places_[cpu.index()] != kNowhere; }
    // REQUIRES: contains(cpu).
    void remove(CpuId cpu) { take_out(places_[cpu.index()]); }

  private:
    static constexpr std::size_t kNowhere = ~std::size_t{0};

    void put(std::size_t place, const Entry& entry) {
        heap_[place] = entry;
        places_[entry.cpu.index()] = place;
    }
    void rise(std::size_t place, const Entry& entry) {
        while (place > 0) {
            const std::size_t parent = (place - 1) / 2;
            if (!(entry < heap_[parent])) break;
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, entry);
    }
    void take_out(std::size_t place) {
        places_[heap_[place].cpu.index()] = kNowhere;
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size()) return;
        if (place > 0 && last < heap_[(place - 1) / 2]) return rise(place, last);
        sink(place, last);
    }
    // Finds the place of an entry that is to stand at `place` or below.
    void sink(std::size_t place, const Entry& entry) {
        while (true) {
            std::size_t child = 2 * place + 1;
            if (child >= heap_.size()) break;
            if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
            if (!(heap_[child] < entry)) break;
            put(place, heap_[child]);
            place = child;
        }
        put(place, entry);
    }

    std::vector<Entry> heap_;
    std::vector<std::size_t> places_;  // in heap_, by core
};

}  // namespace splinter::hw
