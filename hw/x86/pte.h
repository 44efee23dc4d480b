// A page-table entry of any level as a value (SDM Vol. 3A 4.5.4, tables 4-14 to 4-20). Bits keep the manual's names.
#pragma once

#include "hw/x86/page_size.h"

namespace splinter::x86 {

class Pte {
  public:
    static constexpr std::uint64_t kPresent = 1U << 0;       // P
    static constexpr std::uint64_t kWritable = 1U << 1;      // R/W
    static constexpr std::uint64_t kUser = 1U << 2;          // U/S
    static constexpr std::uint64_t kWriteThrough = 1U << 3;  // PWT
    static constexpr std::uint64_t kCacheDisable = 1U << 4;  // PCD
    static constexpr std::uint64_t kAccessed = 1U << 5;      // A
    static constexpr std::uint64_t kDirty = 1U << 6;         // D, leaves only
    static constexpr std::uint64_t kPageSizeBit = 1U << 7;   // PS, PDE and PDPTE leaves
    static constexpr std::uint64_t kGlobal = 1U << 8;        // G, leaves only
    static constexpr unsigned kKeyShift = 59;                // protection key, leaves only, bits 62:59
    static constexpr std::uint64_t kKeyMask = std::uint64_t{15} << kKeyShift;
    static constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;  // XD
    static constexpr std::uint64_t kAddressMask = 0x000ffffffffff000U;   // bits 51:12

    constexpr Pte() = default;
    explicit constexpr Pte(std::uint64_t raw) : raw_{raw} {}
    // An entry that points to the next table.
    static constexpr Pte table(Pfn pfn, std::uint64_t flags) { return Pte{(pfn.raw() << kPageShift) | flags}; }
    // A leaf of `size`; sets PS where the size needs it.
    static constexpr Pte leaf(Pfn pfn, PageSize size, std::uint64_t flags) {
        return Pte{(pfn.raw() << kPageShift) | flags | (size == PageSize::k4 ? 0 : kPageSizeBit)};
    }

    [[nodiscard]] constexpr std::uint64_t raw() const { return raw_; }
    [[nodiscard]] constexpr bool present() const { return (raw_ & kPresent) != 0; }
    [[nodiscard]] constexpr bool has(std::uint64_t flags) const { return (raw_ & flags) == flags; }
    [[nodiscard]] constexpr bool is_leaf(Level level) const { return level == kPte || (raw_ & kPageSizeBit) != 0; }
    [[nodiscard]] constexpr unsigned key() const { return static_cast<unsigned>((raw_ & kKeyMask) >> kKeyShift); }
    // Frame of the next table, or first frame of a leaf of `level` (bits below the leaf size are not part of the address).
    [[nodiscard]] constexpr Pfn frame(Level level = kPte) const {
        return Pfn{((raw_ & kAddressMask) >> kPageShift) & ~(level.pages().raw() - 1)};
    }
    [[nodiscard]] constexpr Pfn next_table() const { return Pfn{(raw_ & kAddressMask) >> kPageShift}; }
    // Everything but the address.
    [[nodiscard]] constexpr std::uint64_t flags() const { return raw_ & ~kAddressMask; }
    [[nodiscard]] constexpr Pte with(std::uint64_t flags) const { return Pte{raw_ | flags}; }
    [[nodiscard]] constexpr Pte without(std::uint64_t flags) const { return Pte{raw_ & ~flags}; }
    friend constexpr bool operator==(Pte, Pte) = default;

  private:
    std::uint64_t raw_ = 0;
};
static_assert(sizeof(Pte) == 8);

}  // namespace splinter::x86
