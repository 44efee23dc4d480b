// A translation as a TLB keeps it: one word. Bits 51:12 the frame, 11:8 the protection key, 7:6 the page size, 5 D, 4 Global,
// 2 XD, 1 U/S, 0 R/W (2:0 index PermissionTable's rows), 63 stale. Pure.
#pragma once

#include "hw/x86/walk.h"

namespace splinter::hw {

class CachedEntry {
  public:
    constexpr CachedEntry() = default;
    explicit constexpr CachedEntry(const x86::Translation& translation)
        : word_{translation.frame.raw() << kPageShift | std::uint64_t{translation.rights.key} << kKeyShift |
                std::uint64_t(translation.size) << kSizeShift | (translation.rights.dirty ? kDirty : 0) |
                (translation.rights.global ? kGlobal : 0) | (translation.rights.no_execute ? kNoExecute : 0) |
                (translation.rights.user ? kUser : 0) | (translation.rights.writable ? kWritable : 0)} {}

    // The same of a walk that has found a leaf: a TLB is filled at each walk, so straight from the leaf's bits.
    explicit CachedEntry(const x86::Walk& walk)
        : word_{(walk.leaf().raw() & kFrameMask & ~(walk.point().level.bytes() - 1)) |
                std::uint64_t{walk.leaf().key()} << kKeyShift |
                std::uint64_t(x86::leaf_size(walk.point().level)) << kSizeShift |
                (walk.leaf().has(x86::Pte::kDirty) ? kDirty : 0) | (walk.global() ? kGlobal : 0) | walk.point().rights.bits()} {
    }

    [[nodiscard]] constexpr x86::PageSize size() const { return static_cast<x86::PageSize>(word_ >> kSizeShift & 3); }
    [[nodiscard]] constexpr std::uint64_t page_bytes() const { return x86::leaf_level(size()).bytes(); }
    [[nodiscard]] constexpr PhysAddr base() const { return PhysAddr{word_ & kFrameMask}; }
    // REQUIRES: va is in the page.
    [[nodiscard]] constexpr PhysAddr address_of(VirtAddr va) const { return base() + (va.raw() & (page_bytes() - 1)); }
    [[nodiscard]] constexpr bool dirty() const { return (word_ & kDirty) != 0; }
    [[nodiscard]] constexpr bool global() const { return (word_ & kGlobal) != 0; }
    [[nodiscard]] constexpr bool user() const { return (word_ & kUser) != 0; }
    [[nodiscard]] constexpr unsigned key() const { return static_cast<unsigned>(word_ >> kKeyShift & 15); }
    // R/W, U/S and XD as a number from 0 to 7.
    [[nodiscard]] constexpr unsigned rights_index() const { return static_cast<unsigned>(word_ & 7); }
    [[nodiscard]] constexpr x86::Rights rights() const {
        return {(word_ & kWritable) != 0,        user(), (word_ & kNoExecute) != 0, global(), dirty(),
                static_cast<std::uint8_t>(key())};
    }
    [[nodiscard]] constexpr x86::Translation translation() const { return {pfn_of(base()), size(), rights()}; }

    // It gives rights that the page tables have taken away.
    [[nodiscard]] constexpr bool stale() const { return (word_ & kStale) != 0; }
    constexpr void mark_stale() { word_ |= kStale; }
    // The same rights, not marked.
    [[nodiscard]] constexpr CachedEntry unmarked() const {
        CachedEntry entry = *this;
        entry.word_ &= ~kStale;
        return entry;
    }

  private:
    static constexpr unsigned kKeyShift = 8;
    static constexpr unsigned kSizeShift = 6;
    static constexpr std::uint64_t kWritable = 1U << 0;
    static constexpr std::uint64_t kUser = 1U << 1;
    static constexpr std::uint64_t kNoExecute = 1U << 2;
    static constexpr std::uint64_t kGlobal = 1U << 4;
    static constexpr std::uint64_t kDirty = 1U << 5;
    static constexpr std::uint64_t kStale = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kFrameMask = x86::Pte::kAddressMask;
    std::uint64_t word_ = 0;
};
static_assert(sizeof(CachedEntry) == sizeof(std::uint64_t));

}  // namespace splinter::hw
