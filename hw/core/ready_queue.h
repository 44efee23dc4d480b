// The cores that can run, by (effect time, core), each with one key, which can be brought forward. A binary heap with the place
// of each core, and beside it a run of entries that came in order, as the arrivals of one interrupt at many cores do: they are
// appended and taken off in constant time. Plain C++.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "hw/base/check.h"
#include "hw/base/types.h"

namespace splinter::hw {

class ReadyQueue {
  public:
    // In one word, which is all that is compared: time above, core below. From 2^54 cycles on, two months at 3 GHz, a key is
    // kNever, which comes after all others.
    class Entry {
      public:
        static constexpr unsigned kCoreBits = 10;
        static constexpr std::uint64_t kCores = std::uint64_t{1} << kCoreBits;
        static constexpr std::uint64_t kCycles = std::uint64_t{1} << (64 - kCoreBits);
        constexpr Entry() = default;
        constexpr Entry(Cycles key, CpuId cpu)
            : word_{key.raw() >= kCycles ? kNeverWord : key.raw() << kCoreBits | cpu.raw()} {}
        [[nodiscard]] constexpr Cycles key() const { return word_ == kNeverWord ? kNever : Cycles{word_ >> kCoreBits}; }
        // REQUIRES: the key is not kNever.
        [[nodiscard]] constexpr CpuId cpu() const { return CpuId{static_cast<std::uint32_t>(word_ % kCores)}; }
        [[nodiscard]] constexpr bool never() const { return word_ == kNeverWord; }
        // REQUIRES: the key is not kNever, nor what it becomes.
        [[nodiscard]] constexpr Entry later_by(Cycles cycles) const {
            Entry later = *this;
            later.word_ += cycles.raw() << kCoreBits;
            return later;
        }
        friend constexpr auto operator<=>(const Entry&, const Entry&) = default;

      private:
        static constexpr std::uint64_t kNeverWord = ~std::uint64_t{0};
        std::uint64_t word_ = kNeverWord;
    };

    // For one more core.
    void grow() {
        SPLINTER_CHECK(seats_.size() < Entry::kCores, "a core's number fits into an entry");
        seats_.emplace_back();
    }
    [[nodiscard]] bool empty() const { return top_.never(); }
    // With the key kNever, behind all others, if the queue is empty.
    [[nodiscard]] const Entry& top() const { return top_; }
    // Queues the core, or gives it another key; kNever takes it off.
    [[gnu::always_inline]] void set(CpuId cpu, Cycles key) {
        const Entry entry{key, cpu};
        Seat& seat = seats_[cpu.index()];
        if (seat.entry == entry) return;
        const Entry before = std::exchange(seat.entry, entry);
        before.never() ? insert(seat, entry) : change(seat, before, entry);
    }
    // REQUIRES: !empty().
    Entry pop() {
        const Entry first = top_;
        Seat& seat = seats_[first.cpu().index()];
        seat.entry = Entry{};
        if (seat.place == kInRun + first_) {
            seat.place = kNowhere;
            take_off_front();
        } else {
            take_off(seat);
        }
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
    struct Seat {
        Entry entry;                   // never(): not queued
        std::size_t place = kNowhere;  // in heap_, or kInRun more than in run_
    };
    [[nodiscard]] Seat& seat_of(Entry entry) { return seats_[entry.cpu().index()]; }

    void find_top() {
        top_ = heap_.empty() ? Entry{} : heap_.front();
        if (!run_.empty() && run_[first_] < top_) top_ = run_[first_];
    }
    [[gnu::noinline]] void change(Seat& seat, Entry before, Entry entry) {
        if (seat.place < kInRun && entry < before && !goes_on_run(entry)) {
            rise(seat.place, entry);
        } else {
            take_off(seat);
            if (!entry.never()) insert(seat, entry);
        }
        find_top();
    }
    void take_off(Seat& seat) {
        const std::size_t place = std::exchange(seat.place, kNowhere);
        place >= kInRun ? take_off_run(place - kInRun) : take_off_heap(place);
    }
    // The run is for what comes close together: one entry far ahead would keep it closed for all that come before that.
    [[nodiscard]] bool goes_on_run(Entry entry) const {
        if (!run_.empty()) return run_.back() < entry && entry <= run_.back().later_by(kClose);
        return heap_.empty() || entry <= heap_.front().later_by(kClose);
    }
    [[gnu::noinline]] void insert(Seat& seat, Entry entry) {
        if (entry < top_) top_ = entry;
        if (goes_on_run(entry)) return append(seat, entry);
        heap_.push_back(entry);
        rise(heap_.size() - 1, entry);
    }
    void append(Seat& seat, Entry entry) {
        if (first_ >= kGoneAtMost) forget_gone();
        seat.place = kInRun + run_.size();
        run_.push_back(entry);
    }
    void forget_gone() {
        const std::vector<Entry> run = std::exchange(run_, {});
        for (std::size_t place = std::exchange(first_, 0); place < run.size(); ++place) {
            Seat& seat = seat_of(run[place]);
            if (seat.place != kInRun + place) continue;
            seat.place = kInRun + run_.size();
            run_.push_back(run[place]);
        }
    }
    // An entry that has gone leaves a gap, which its core's place shows. The run begins and ends with entries that are there.
    [[nodiscard]] bool is_gap(std::size_t place) { return seat_of(run_[place]).place != kInRun + place; }
    void take_off_run(std::size_t place) {
        if (place == first_) return take_off_front();
        if (place + 1 != run_.size()) return;
        while (is_gap(run_.size() - 1)) run_.pop_back();
    }
    void take_off_front() {
        do {
            if (++first_ == run_.size()) {
                run_.clear();
                first_ = 0;
                return;
            }
        } while (is_gap(first_));
    }

    void put(std::size_t place, Entry entry) {
        heap_[place] = entry;
        seat_of(entry).place = place;
    }
    void rise(std::size_t place, Entry entry) {
        while (place > 0) {
            const std::size_t parent = (place - 1) / 2;
            if (!(entry < heap_[parent])) break;
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, entry);
    }
    void take_off_heap(std::size_t place) {
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size()) return;
        if (place > 0 && last < heap_[(place - 1) / 2]) return rise(place, last);
        sink(place, last);
    }
    // Finds the place of an entry that is to stand at `place` or below.
    void sink(std::size_t place, Entry entry) {
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

    Entry top_;
    std::vector<Entry> heap_;
    std::vector<Entry> run_;  // by key, from first_ on
    std::size_t first_ = 0;
    std::vector<Seat> seats_;  // by core
};

}  // namespace splinter::hw
