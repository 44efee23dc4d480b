// The cores that can run, by (effect time, core), each with one key, which can be brought forward. A binary heap with the place
// of each core, and beside it a run of entries that came in order, as the arrivals of one interrupt at many cores do: they are
// appended and taken off in constant time. Plain C++.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "hw/base/types.h"

namespace splinter::hw {

class ReadyQueue {
  public:
    struct Entry {
        Cycles key;
        CpuId cpu;
        friend constexpr bool operator==(const Entry&, const Entry&) = default;
        friend constexpr bool operator<(const Entry& a, const Entry& b) {
            return a.key != b.key ? a.key < b.key : a.cpu < b.cpu;
        }
    };

    // For one more core.
    void grow() {
        places_.push_back(kNowhere);
        keys_.push_back(kNever);
    }
    [[nodiscard]] bool empty() const { return top_.key == kNever; }
    // With the key kNever, behind all others, if the queue is empty.
    [[nodiscard]] const Entry& top() const { return top_; }
    // Queues the core, or gives it another key; kNever takes it off.
    void set(const Entry& entry) {
        const Cycles before = std::exchange(keys_[entry.cpu.index()], entry.key);
        if (before == entry.key) return;
        before == kNever ? insert(entry) : change(before, entry);
    }
    // REQUIRES: !empty().
    Entry pop() {
        const Entry first = top_;
        const std::size_t place = places_[first.cpu.index()];
        keys_[first.cpu.index()] = kNever;
        place >= kInRun ? take_off_run(place - kInRun) : take_off_heap(place);
        find_top();
        return first;
    }
    // Which core comes some places after the top, as far as that is known without a search: for hints.
    [[nodiscard]] const Entry* behind_top(std::size_t places) const {
        return first_ + places < run_.size() && run_[first_] == top_ ? &run_[first_ + places] : nullptr;
    }

  private:
    static constexpr std::size_t kNowhere = ~std::size_t{0};
    static constexpr std::size_t kInRun = std::size_t{1} << 32;  // added to a place in run_
    static constexpr Cycles kClose{4096};                        // a few flights of an interrupt
    static constexpr std::size_t kGoneAtMost = 8192;             // entries that the run keeps though they were taken off
    static constexpr Entry kNobody{kNever, CpuId{~std::uint32_t{0}}};

    void find_top() {
        top_ = heap_.empty() ? kNobody : heap_.front();
        if (!run_.empty() && run_[first_] < top_) top_ = run_[first_];
    }
    void change(Cycles before, const Entry& entry) {
        const std::size_t place = places_[entry.cpu.index()];
        const bool in_run = place >= kInRun;
        if (!in_run && entry.key < before && !goes_on_run(entry)) {
            rise(place, entry);
        } else {
            in_run ? take_off_run(place - kInRun) : take_off_heap(place);
            if (entry.key != kNever) insert(entry);
        }
        find_top();
    }
    // The run is for what comes close together: one entry far ahead would keep it closed for all that come before that.
    [[nodiscard]] bool goes_on_run(const Entry& entry) const {
        if (!run_.empty()) return run_.back() < entry && entry.key <= run_.back().key + kClose;
        return heap_.empty() || entry.key <= heap_.front().key + kClose;
    }
    void insert(const Entry& entry) {
        if (entry < top_) top_ = entry;
        if (goes_on_run(entry)) return append(entry);
        heap_.push_back(entry);
        rise(heap_.size() - 1, entry);
    }
    void append(const Entry& entry) {
        if (first_ >= kGoneAtMost) forget_gone();
        places_[entry.cpu.index()] = kInRun + run_.size();
        run_.push_back(entry);
    }
    void forget_gone() {
        const std::vector<Entry> run = std::exchange(run_, {});
        for (std::size_t place = std::exchange(first_, 0); place < run.size(); ++place) {
            if (places_[run[place].cpu.index()] != kInRun + place) continue;
            places_[run[place].cpu.index()] = kInRun + run_.size();
            run_.push_back(run[place]);
        }
    }
    // An entry that has gone leaves a gap, which its core's place shows. The run begins and ends with entries that are there.
    [[nodiscard]] bool is_gap(std::size_t place) const { return places_[run_[place].cpu.index()] != kInRun + place; }
    void take_off_run(std::size_t place) {
        places_[run_[place].cpu.index()] = kNowhere;
        if (place != first_ && place + 1 != run_.size()) return;
        while (first_ < run_.size() && is_gap(first_)) ++first_;
        if (first_ == run_.size()) {
            run_.clear();
            first_ = 0;
            return;
        }
        while (is_gap(run_.size() - 1)) run_.pop_back();
    }

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
    void take_off_heap(std::size_t place) {
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

    Entry top_ = kNobody;
    std::vector<Entry> heap_;
    std::vector<Entry> run_;  // by key, from first_ on
    std::size_t first_ = 0;
    std::vector<Cycles> keys_;         // by core; kNever: not queued
    std::vector<std::size_t> places_;  // by core: in heap_, or kInRun more than in run_
};

}  // namespace splinter::hw
