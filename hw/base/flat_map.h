// A map from 64-bit numbers to small values in one array: open addressing, linear probing, at most half full. For what is
// looked up for each line and word that travels; never iterated, entries never go away. Values move when the map grows.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace splinter {

template <class Value>
class FlatMap {
  public:
    struct Found {
        Value& value;
        bool added;
    };
    // The value of `key`; a new one is `Value{}`. The reference holds until the next call. REQUIRES: key < 2^64 - 1.
    Found find_or_add(std::uint64_t key) {
        for (std::size_t place = home_of(key);; place = (place + 1) & (slots_.size() - 1)) {
            Slot& slot = slots_[place];
            if (slot.key_plus_one == key + 1) [[likely]]
                return {slot.value, false};
            if (slot.key_plus_one == 0) return add(key);
        }
    }
    Value& operator[](std::uint64_t key) { return find_or_add(key).value; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    struct Slot {
        std::uint64_t key_plus_one = 0;  // 0: free
        Value value{};
    };
    static constexpr std::size_t kFirstSlots = 64;

    [[gnu::noinline]] Found add(std::uint64_t key) {
        if (2 * size_ >= slots_.size()) grow();
        Slot& slot = slots_[place_of(key)];
        slot.key_plus_one = key + 1;
        ++size_;
        return {slot.value, true};
    }
    [[nodiscard]] std::size_t home_of(std::uint64_t key) const {
        return key * 0x9e3779b97f4a7c15U >> shift_;  // Fibonacci hashing
    }
    [[nodiscard]] std::size_t place_of(std::uint64_t key) const {
        std::size_t place = home_of(key);
        while (slots_[place].key_plus_one != 0 && slots_[place].key_plus_one != key + 1)
            place = (place + 1) & (slots_.size() - 1);
        return place;
    }
    void grow() {
        std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
        --shift_;
        for (Slot& slot : old)
            if (slot.key_plus_one != 0) slots_[place_of(slot.key_plus_one - 1)] = std::move(slot);
    }

    std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);  // a power of two
    unsigned shift_ = 64 - std::countr_zero(kFirstSlots);
    std::size_t size_ = 0;
};

}  // namespace splinter
