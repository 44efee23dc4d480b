// The TLB arrays that one kind of access looks up together: one level (L1 data, L1 instruction, store, L2) of the hierarchy, as
// several arrays that hold the page sizes apart or together. Pure.
//
// Look-ups go by page size, smallest first, and skip the sizes of which nothing was filled since the last full flush. Where two
// arrays hold the same size, the lowest bit of the page number says which one a page belongs to (assumed: Intel does not say
// how 4 KiB pages are spread over the two halves of the L2 TLB of Ice Lake and later).
#pragma once

#include <array>
#include <vector>

#include "hw/mmu/tlb_array.h"

namespace splinter::hw {

class TlbLevel {
  public:
    // REQUIRES: MmuParams::check() lets them pass as arrays of one level. Arrays without entries are left out.
    explicit TlbLevel(const std::vector<TlbParams>& arrays);

    [[nodiscard]] bool present() const { return !arrays_.empty(); }
    // Inline for 4 KiB pages; most look-ups end there.
    // `small` asks for the 4 KiB page of `va` under `pcid`.
    [[nodiscard, gnu::always_inline]] const CachedEntry* lookup(VirtAddr va, Pcid pcid, const TlbProbe& small) {
        constexpr x86::PageSize kSmall = x86::PageSize::k4;
        if (filled(kSmall)) [[likely]]
            if (const CachedEntry* hit = array_of(va, kSmall).lookup(small)) [[likely]]
                return hit;
        return (filled_ >> 1) == 0 ? nullptr : lookup_large(va, pcid);
    }
    [[nodiscard]] const CachedEntry* lookup(VirtAddr va, Pcid pcid) {
        return lookup(va, pcid, TlbProbe{va, x86::PageSize::k4, pcid});
    }
    // A page size that no array holds is not cached.
    // Inline for 4 KiB pages, of which most are.
    [[gnu::always_inline]] void insert(VirtAddr va, Pcid pcid, const TlbProbe& small, CachedEntry entry) {
        constexpr x86::PageSize kSmall = x86::PageSize::k4;
        if (entry.size() != kSmall || !holds(kSmall)) [[unlikely]]
            return insert(va, pcid, entry);
        filled_ |= 1U << static_cast<unsigned>(kSmall);
        array_of(va, kSmall).insert(small, entry);
    }
    void insert(VirtAddr va, Pcid pcid, CachedEntry entry) {
        const x86::PageSize size = entry.size();
        if (!holds(size)) return;
        filled_ |= 1U << static_cast<unsigned>(size);
        array_of(va, size).insert(va, pcid, entry);
    }
    void insert(VirtAddr va, Pcid pcid, const x86::Translation& translation) { insert(va, pcid, CachedEntry{translation}); }
    void drop_address(VirtAddr va, Pcid pcid, Globals globals);
    void drop_address_everywhere(VirtAddr va, Globals globals);
    void drop_pcid(Pcid pcid);
    void drop_global();
    void drop_non_global();
    void drop_all();

    void set_listener(StaleListener* listener);
    void set_memo(HitMemo& memo);
    // `entry` came from lookup(va, ...) and serves the kind of access that has this number.
    void remember(HitMemo& memo, VirtAddr va, std::size_t row, const CachedEntry* entry) {
        array_of(va, entry->size()).remember(memo, va, row, entry);
    }
    void mark_stale(VirtAddr va, x86::PageSize size, Pcid pcid);
    template <class Visitor>
    void mark_stale_range(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) {
        for (TlbArray& array : arrays_) array.mark_stale_range(begin, bytes, visit);
    }
    template <class Visitor>
    void for_each_pcid_of(VirtAddr va, Visitor&& visit) const {
        for (const TlbArray& array : arrays_) array.for_each_pcid_of(va, visit);
    }
    template <class Visitor>
    void for_each(Visitor&& visit) const {
        for (const TlbArray& array : arrays_) array.for_each(visit);
    }
    template <class Visitor>
    void for_each_in(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) const {
        for (const TlbArray& array : arrays_) array.for_each_in(begin, bytes, visit);
    }

  private:
    [[nodiscard]] bool holds(x86::PageSize size) const { return routes_[static_cast<std::size_t>(size)][0] != nullptr; }
    [[nodiscard]] bool filled(x86::PageSize size) const { return (filled_ >> static_cast<unsigned>(size) & 1) != 0; }
    [[nodiscard]] const CachedEntry* lookup_large(VirtAddr va, Pcid pcid);
    [[nodiscard]] TlbArray& array_of(VirtAddr va, x86::PageSize size) {
        const Route& route = routes_[static_cast<std::size_t>(size)];
        return *route[va.raw() >> x86::leaf_level(size).shift() & 1];
    }
    // The array of even and of odd pages; the same twice where one array holds the size, null where none does.
    using Route = std::array<TlbArray*, 2>;
    std::vector<TlbArray> arrays_;
    std::array<Route, 3> routes_{};
    unsigned filled_ = 0;  // bit per page size
};

}  // namespace splinter::hw
