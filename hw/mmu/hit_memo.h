// A shortcut of the simulator that the silicon does not have: where the L1 TLB hit of the last access to a page was found, and
// which kinds of access it is known to serve. A memo saves the look-up and the permission check, never their effect: the entry
// is still used, so that replacement goes as without it. Pure.
//
// Direct-mapped by 4 KiB page. Whoever drops or overwrites an entry forgets it here, and whoever changes a register that
// look-up or permission check read forgets everything.
#pragma once

#include <array>

#include "hw/mmu/cached_entry.h"
#include "hw/x86/canonical.h"

namespace splinter::hw {

class TlbArray;

class HitMemo {
  public:
    struct alignas(32) Hit {
        std::uint64_t key = 0;
        TlbArray* array = nullptr;
        std::uint64_t* set_header = nullptr;  // of the set that holds the entry
        std::uint32_t set = 0;
        std::uint16_t way = 0;
        std::uint16_t served = 0;  // bit per PermissionTable::row_of()
    };
    static_assert(sizeof(Hit) == 32);  // two to a host cache line

    // The hit for the page of `va` that serves this kind of access; nullptr if none is known.
    [[nodiscard]] const Hit* find(VirtAddr va, std::size_t row) const {
        const Hit& hit = hits_[slot_of(va)];
        return hit.key == key_of(va) && (hit.served >> row & 1) != 0 ? &hit : nullptr;
    }
    // `where`: array, set header, set and way.
    void remember(VirtAddr va, std::size_t row, const Hit& where) {
        Hit& known = hits_[slot_of(va)];
        const unsigned others = known.key == key_of(va) ? known.served : 0;
        known = where;
        known.key = key_of(va);
        known.served = static_cast<std::uint16_t>(others | 1U << row);
    }
    // A translation of this page is about to go.
    void forget(VirtAddr page, x86::PageSize size) { forget_number(x86::linear_bits_of(page) >> kPageShift, size); }
    // The same by the page's number: bits 56:0 of its address, shifted by its size. The generation of a hit does not matter.
    void forget_number(std::uint64_t page, x86::PageSize size) {
        constexpr std::uint64_t kPage = (std::uint64_t{1} << (x86::kMaxLinearBits - kPageShift)) - 1;
        if (size != x86::PageSize::k4) [[unlikely]]
            forget_all();
        else if (Hit& hit = hits_[page & (kHits - 1)]; ((hit.key ^ page) & kPage) == 0)
            hit.key = 0;
    }
    void forget_all() {
        if (++generation_ < kGenerations) return;
        hits_ = {};
        generation_ = 1;
    }

  private:
    static constexpr std::size_t kHits = 64;  // as many as most L1 TLBs have entries
    static constexpr unsigned kPageBits = 52;
    static constexpr std::uint64_t kGenerations = std::uint64_t{1} << (64 - kPageBits);
    static std::size_t slot_of(VirtAddr va) { return va.raw() >> kPageShift & (kHits - 1); }
    // Never 0: the generation is not.
    [[nodiscard]] std::uint64_t key_of(VirtAddr va) const { return va.raw() >> kPageShift | generation_ << kPageBits; }
    std::array<Hit, kHits> hits_{};
    std::uint64_t generation_ = 1;
};

}  // namespace splinter::hw
