// The three leaf sizes of x86-64 and the levels of its page tables (SDM Vol. 3A 4.5, table 4-14..4-20).
#pragma once

#include "hw/base/types.h"

namespace splinter::x86 {

// Level of a page-table entry: 1 = PTE, 2 = PDE, 3 = PDPTE, 4 = PML4E, 5 = PML5E.
class Level : public Quantity<class LevelTag, std::uint8_t> {
  public:
    using Quantity::Quantity;
    explicit constexpr Level(unsigned n) : Quantity{static_cast<std::uint8_t>(n)} {}
    [[nodiscard]] constexpr unsigned number() const { return raw(); }
    // log2 of the bytes that one entry of this level covers.
    [[nodiscard]] constexpr unsigned shift() const { return kPageShift + 9 * (number() - 1); }
    [[nodiscard]] constexpr std::uint64_t bytes() const { return std::uint64_t{1} << shift(); }
    [[nodiscard]] constexpr PageCount pages() const { return PageCount{bytes() >> kPageShift}; }
    [[nodiscard]] constexpr Level below() const { return Level{number() - 1U}; }
    // Index of the entry that translates `va` in a table of this level.
    [[nodiscard]] constexpr std::uint64_t index(VirtAddr va) const { return (va.raw() >> shift()) & 511; }
};

inline constexpr Level kPte{1U};
inline constexpr Level kPde{2U};
inline constexpr Level kPdpte{3U};
inline constexpr Level kPml4e{4U};
inline constexpr Level kPml5e{5U};
inline constexpr unsigned kEntriesPerTable = 512;

enum class PageSize : std::uint8_t { k4, m2, g1 };
inline constexpr PageSize kPageSizes[] = {PageSize::k4, PageSize::m2, PageSize::g1};

constexpr Level leaf_level(PageSize size) { return Level{static_cast<unsigned>(size) + 1U}; }
constexpr PageSize leaf_size(Level level) { return static_cast<PageSize>(level.number() - 1); }

}  // namespace splinter::x86
