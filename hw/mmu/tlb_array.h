// One set-associative TLB array for one page size, tagged with PCID and Global (SDM Vol. 3A 4.10.2), true LRU. Pure.
//
// Structure of arrays: 64-bit tags and 64-bit ages per way. An age is the time of last use on the array's own clock; an entry
// is valid if its age is above the floor of its kind (all, non-global, its PCID), so that every flush is O(1).
// Models: linear set index, true LRU. Leaves out: hashed indices and tree-PLRU of real parts.
//
// An entry can be marked stale: it still gives rights that the page tables have taken away. Dropping a stale entry, for
// whatever reason, is reported to the StaleListener; that is what the exposure measure is made of.
#pragma once

#include <optional>
#include <vector>

#include "hw/machine_params.h"
#include "hw/x86/walk.h"

namespace splinter::hw {

// Process-context identifier (SDM 4.10.1), 0 to 4095.
class Pcid : public Quantity<class PcidTag, std::uint16_t> {
  public:
    using Quantity::Quantity;
};
inline constexpr std::size_t kPcidCount = 4096;

// One cached translation, for audits.
struct CachedTranslation {
    VirtAddr page;  // first address that the entry translates
    x86::PageSize size;
    Pcid pcid;  // meaningless for global entries
    x86::Translation translation;
};

class StaleListener {
  public:
    virtual ~StaleListener() = default;
    virtual void on_stale_drop(VirtAddr page, x86::PageSize size) = 0;
};

class TlbArray {
  public:
    // Throws UserError if entries / ways is not a power of two.
    TlbArray(const TlbParams& params, x86::PageSize size, std::string_view name);

    void set_listener(StaleListener* listener) { listener_ = listener; }
    // The entry for `va` under `pcid` (or a global one), now most recently used; nullptr on a miss.
    [[nodiscard]] const x86::Translation* lookup(VirtAddr va, Pcid pcid);
    // Makes an entry the most recently used, as a lookup() that finds it again would. REQUIRES: as is_stale(), and no
    // invalidation.
    void use_again(const x86::Translation* entry) { ages_[static_cast<std::size_t>(entry - data_.data())] = ++clock_; }
    // Replaces the least recently used way. REQUIRES: translation.size is this array's.
    void insert(VirtAddr va, Pcid pcid, const x86::Translation& translation);
    void invalidate_page(VirtAddr va, Pcid pcid);  // the entry of the PCID and the global one
    void invalidate_pcid(Pcid pcid);               // all non-global entries of the PCID
    void invalidate_all();

    // Marks the entry for `va` under `pcid`, if there is one.
    void mark_stale(VirtAddr va, Pcid pcid);
    // REQUIRES: `entry` came from lookup() and nothing was inserted since.
    [[nodiscard]] bool is_stale(const x86::Translation* entry) const {
        return stale_[static_cast<std::size_t>(entry - data_.data())] != 0;
    }
    // Marks each valid entry that overlaps [begin, begin + bytes) and reports it to `visit(page, size)`.
    template <class Visitor>
    void mark_stale(VirtAddr begin, std::uint64_t bytes, Visitor&& visit);
    template <class Visitor>
    void for_each(Visitor&& visit) const;
    [[nodiscard]] std::size_t entries() const { return tags_.size(); }

  private:
    static constexpr std::uint64_t kGlobalTag = 1;
    static constexpr std::size_t kNone = ~std::size_t{0};
    [[nodiscard]] std::uint64_t vpn(VirtAddr va) const { return (va.raw() & kCanonicalBits) >> shift_; }
    [[nodiscard]] std::uint64_t tag(std::uint64_t page_number, Pcid pcid) const {
        return page_number << 13 | std::uint64_t{pcid.raw()} << 1;
    }
    [[nodiscard]] std::size_t set_base(std::uint64_t page_number) const { return (page_number & (sets_ - 1)) * ways_; }
    [[nodiscard]] bool valid(std::size_t slot) const;
    [[nodiscard]] std::size_t find(std::uint64_t page_number, Pcid pcid) const;
    [[nodiscard]] CachedTranslation describe(std::size_t slot) const;
    void drop(std::size_t slot);
    void drop_stale_if_invalid();
    void mark(std::size_t slot);

    static constexpr std::uint64_t kCanonicalBits = 0x01ffffffffffffffU;  // bits 56:0, enough for LA57
    x86::PageSize size_;
    unsigned shift_;
    std::size_t ways_;
    std::size_t sets_;
    std::uint64_t clock_ = 0;
    std::uint64_t floor_all_ = 0;            // entries not used since are invalid
    std::vector<std::uint64_t> floor_pcid_;  // the same for non-global entries, per PCID
    std::vector<std::uint64_t> tags_;
    std::vector<std::uint64_t> ages_;  // 0: never filled
    std::vector<x86::Translation> data_;
    std::vector<std::uint8_t> stale_;
    std::size_t stale_count_ = 0;
    StaleListener* listener_ = nullptr;
};

template <class Visitor>
void TlbArray::mark_stale(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) {
    const std::uint64_t first = vpn(begin);
    const std::uint64_t last = vpn(begin + (bytes - 1));
    const auto consider = [&](std::size_t slot) {
        const std::uint64_t page_number = tags_[slot] >> 13;
        if (!valid(slot) || page_number < first || page_number > last) return;
        mark(slot);
        visit(describe(slot).page, size_);
    };
    if (sets_ == 0) return;
    if (last - first + 1 >= sets_) {
        for (std::size_t slot = 0; slot < tags_.size(); ++slot) consider(slot);
        return;
    }
    for (std::uint64_t page_number = first; page_number <= last; ++page_number)
        for (std::size_t way = 0; way < ways_; ++way) {
            const std::size_t slot = set_base(page_number) + way;
            if (tags_[slot] >> 13 == page_number) consider(slot);
        }
}

template <class Visitor>
void TlbArray::for_each(Visitor&& visit) const {
    for (std::size_t slot = 0; slot < tags_.size(); ++slot)
        if (valid(slot)) visit(describe(slot));
}

}  // namespace splinter::hw
