// A set of CPUs, iterated in increasing order (Linux: struct cpumask).
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

#include "hw/base/types.h"

namespace splinter {

class CpuMask {
  public:
    CpuMask() = default;
    // The CPUs 0 to count-1.
    static CpuMask first(std::size_t count) {
        CpuMask mask;
        for (std::size_t i = 0; i < count; ++i) mask.set(CpuId{static_cast<std::uint32_t>(i)});
        return mask;
    }
    void set(CpuId cpu) {
        if (word(cpu) >= words_.size()) words_.resize(word(cpu) + 1);
        words_[word(cpu)] |= bit(cpu);
    }
    void clear(CpuId cpu) {
        if (word(cpu) < words_.size()) words_[word(cpu)] &= ~bit(cpu);
    }
    [[nodiscard]] bool test(CpuId cpu) const { return word(cpu) < words_.size() && (words_[word(cpu)] & bit(cpu)) != 0; }
    [[nodiscard]] std::size_t count() const {
        std::size_t n = 0;
        for (std::uint64_t w : words_) n += static_cast<std::size_t>(std::popcount(w));
        return n;
    }
    [[nodiscard]] bool empty() const { return count() == 0; }
    template <class Function>
    void for_each(Function&& visit) const {
        for (std::size_t i = 0; i < words_.size(); ++i)
            for (std::uint64_t w = words_[i]; w != 0; w &= w - 1)
                visit(CpuId{static_cast<std::uint32_t>(i * 64 + static_cast<unsigned>(std::countr_zero(w)))});
    }

  private:
    static std::size_t word(CpuId cpu) { return cpu.index() / 64; }
    static std::uint64_t bit(CpuId cpu) { return std::uint64_t{1} << (cpu.index() % 64); }
    std::vector<std::uint64_t> words_;
};

}  // namespace splinter
