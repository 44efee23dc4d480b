// A handful of page-table words at any physical addresses, in the order in which they were given; all others read 0. Stands
// in for PhysMem in x86::translate().
#pragma once

#include <algorithm>
#include <vector>

#include "hw/base/check.h"
#include "hw/x86/pte.h"

namespace splinter::platforms {

struct Word {
    PhysAddr address;
    x86::Pte value;
    friend constexpr bool operator==(const Word&, const Word&) = default;
};

class WordMap {
  public:
    // An address may occur more than once (a table that maps itself), always with the same value.
    explicit WordMap(std::vector<Word> words) : words_{std::move(words)} {}

    [[nodiscard]] bool contains(PhysAddr address) const { return find(address) != words_.end(); }
    [[nodiscard]] x86::Pte load(PhysAddr address) const {
        const auto word = find(address);
        return word == words_.end() ? x86::Pte{} : word->value;
    }
    // REQUIRES: contains(address). A walker stores to entries that are present only.
    void store(PhysAddr address, x86::Pte value) {
        SPLINTER_CHECK(contains(address), "a walker changes words that it found present");
        for (Word& word : words_)
            if (word.address == address) word.value = value;
    }
    [[nodiscard]] const std::vector<Word>& words() const { return words_; }

  private:
    [[nodiscard]] std::vector<Word>::const_iterator find(PhysAddr address) const {
        return std::find_if(words_.begin(), words_.end(), [&](const Word& word) { return word.address == address; });
    }
    std::vector<Word> words_;
};

}  // namespace splinter::platforms
