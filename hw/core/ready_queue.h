// The cores that can run, by (effect time, core), each with one key, which can be changed. Two places to queue at: a run of
// entries that came close together and in order, as the arrivals of one interrupt at many cores do, where they are appended and
// taken off in constant time; and a binary heap for all others. What is taken off or gets another key stays behind where it was
// queued, and is dealt with when it is the first: so a core that is interrupted in what it does, and goes on with it later than
// it would have, leaves the heap alone. Plain C++.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
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
    // Not after any other; the earliest, or never() if the queue is empty, when it is settled.
    [[nodiscard]] const Entry& top() const { return top_; }
    // Whether the queue is settled; if it was not, it has come nearer to that.
    [[nodiscard]] bool settle() {
        if (top_.never() || seat_of(top_).queued == top_) [[likely]]
            return true;
        correct_top();
        return false;
    }
    // Queues the core, or gives it another key; kNever takes it off.
    [[gnu::always_inline]] void set(CpuId cpu, Cycles key) {
        const Entry entry{key, cpu};
        Entry& queued = seats_[cpu.index()].queued;
        if (queued == entry) return;
        queued = entry;
        if (!entry.never()) insert(entry);
    }
    // REQUIRES: settled, not empty.
    Entry pop() {
        const Entry first = top_;
        seat_of(first).queued = Entry{};
        run_.front() == first ? pass_over_run() : take_off_heap();
        find_top();
        return first;
    }
    // Which core comes some places after the top, as far as that is known without a search: for hints.
    [[nodiscard]] const Entry* behind_top(std::ptrdiff_t places) const { return run_.behind(top_, places); }

  private:
    // Entries in order, with never() behind the last.
    class Run {
      public:
        [[nodiscard]] bool empty() const { return front().never(); }
        [[nodiscard]] Entry front() const { return entries_[first_]; }
        // REQUIRES: !empty().
        [[nodiscard]] Entry back() const { return entries_[end_ - 1]; }
        [[nodiscard]] bool full() const { return end_ + 1 == std::ssize(entries_); }
        // REQUIRES: !full().
        void append(Entry entry) {
            entries_[end_++] = entry;
            entries_[end_] = Entry{};
        }
        // Takes off the first entry, and those behind it that have gone. REQUIRES: !empty().
        template <class IsGone>
        void pass_over(IsGone&& is_gone) {
            do {
                ++first_;
            } while (first_ != end_ && is_gone(entries_[first_]));
            if (first_ == end_) clear();
        }
        template <class Take>
        void give_up(Take&& take) {
            std::for_each(entries_.begin() + first_, entries_.begin() + end_, take);
            clear();
        }
        // Forgets what has gone, and grows if that was not much.
        template <class IsGone>
        void make_room(IsGone&& is_gone) {
            const auto end = std::remove_if(entries_.begin() + first_, entries_.begin() + end_, is_gone);
            end_ = std::move(entries_.begin() + first_, end, entries_.begin()) - entries_.begin();
            first_ = 0;
            entries_[end_] = Entry{};
            if (2 * static_cast<std::size_t>(end_) > entries_.size()) entries_.resize(2 * entries_.size());
        }
        [[nodiscard]] const Entry* behind(Entry front, std::ptrdiff_t places) const {
            return end_ - first_ > places && entries_[first_] == front ? &entries_[first_ + places] : nullptr;
        }

      private:
        void clear() {
            first_ = end_ = 0;
            entries_[0] = Entry{};
        }
        std::vector<Entry> entries_ = std::vector<Entry>(1024);
        std::ptrdiff_t first_ = 0;
        std::ptrdiff_t end_ = 0;
    };
    static constexpr Cycles kClose{4096};  // a few flights of an interrupt
    struct Seat {
        Entry queued;   // never(): not queued
        Entry in_heap;  // what the core has there, or the earliest of that; not after `queued` if that is not on the run
    };
    [[nodiscard]] Seat& seat_of(Entry entry) { return seats_[entry.cpu().index()]; }

    void find_top() {
        top_ = run_.front();
        if (!heap_.empty() && heap_.front() < top_) top_ = heap_.front();
    }
    [[gnu::noinline]] void correct_top() {
        run_.front() == top_ ? pass_over_run() : correct_heap();
        find_top();
    }
    void pass_over_run() {
        run_.pass_over([this](Entry entry) { return seat_of(entry).queued != entry; });
    }
    [[gnu::noinline]] void insert(Entry entry) {
        if (seat_of(entry).in_heap <= entry) return;
        if (!goes_on_run(entry) || run_.full()) return insert_elsewhere(entry);
        run_.append(entry);
        top_ = std::min(top_, entry);
    }
    [[nodiscard]] bool goes_on_run(Entry entry) const {
        return !run_.empty() && run_.back() < entry && entry <= run_.back().later_by(kClose);
    }
    // An entry far ahead would keep the run closed for all that come before that: it does not begin one, or gives way.
    [[gnu::noinline]] void insert_elsewhere(Entry entry) {
        if (run_.full()) run_.make_room([this](Entry other) { return seat_of(other).queued != other; });
        if (!run_.empty() && entry.later_by(kClose) < run_.front()) run_.give_up([this](Entry later) { requeue(later); });
        const bool begins = run_.empty() && (top_.never() || entry <= top_.later_by(kClose));
        begins || goes_on_run(entry) ? run_.append(entry) : push(entry);
        find_top();
    }
    // In the heap, where `entry` is not, if its core is queued with it.
    void requeue(Entry entry) {
        const Seat& seat = seat_of(entry);
        if (seat.queued == entry && seat.in_heap > entry) push(entry);
    }
    void push(Entry entry) {
        if (heap_.size() >= 2 * seats_.size()) [[unlikely]]
            forget_in_heap();
        seat_of(entry).in_heap = entry;
        heap_.push_back(entry);
        std::push_heap(heap_.begin(), heap_.end(), std::greater<>{});
    }
    [[gnu::noinline]] void take_off_heap() {
        Seat& seat = seat_of(heap_.front());
        if (seat.in_heap == heap_.front()) seat.in_heap = Entry{};
        std::pop_heap(heap_.begin(), heap_.end(), std::greater<>{});
        heap_.pop_back();
    }
    // Its first is not what its core is queued with: that may be a later one.
    void correct_heap() {
        const Seat& seat = seat_of(heap_.front());
        take_off_heap();
        if (!seat.queued.never()) requeue(seat.queued);
    }
    // All but one entry for each core.
    void forget_in_heap() {
        std::erase_if(heap_, [this](Entry entry) { return seat_of(entry).in_heap != entry; });
        std::sort(heap_.begin(), heap_.end());
        heap_.erase(std::unique(heap_.begin(), heap_.end()), heap_.end());
    }

    Entry top_;
    Run run_;
    std::vector<Entry> heap_;
    std::vector<Seat> seats_;  // by core
};

}  // namespace splinter::hw
