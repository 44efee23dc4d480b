// One set-associative TLB array for one or more page sizes, tagged with PCID, page size and Global (SDM Vol. 3A 4.10.2). Pure.
//
// A set is one run of words: its epoch and replacement state, a byte of each tag (digest_search.h), the tags of its ways, their
// entries. Many simulated cores share the host's caches: a hit should touch two or three host lines, not five. A full flush is
// O(1): it starts a new epoch, and a set of an older epoch is empty. Set index (linear, or folded as Skylake's L2 TLB does) and
// replacement (replacement.h) are parameters.
//
// An entry can be marked stale: it still gives rights that the page tables have taken away. Dropping a stale entry, for
// whatever reason, is reported to the StaleListener; that is what the exposure measure is made of.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/machine_params.h"
#include "hw/mmu/cached_entry.h"
#include "hw/mmu/hit_memo.h"
#include "hw/mmu/replacement.h"
#include "hw/mmu/tlb_probe.h"
#include "hw/x86/walk.h"

namespace splinter::hw {

// Which entries of an address or a PCID an invalidation drops besides the PCID's own.
enum class Globals : std::uint8_t { kept, dropped };

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
    // REQUIRES: params.check() passes.
    explicit TlbArray(const TlbParams& params);

    void set_listener(StaleListener* listener) { listener_ = listener; }
    // It forgets what this array drops.
    void set_memo(HitMemo& memo) { memo_ = &memo; }
    [[nodiscard]] bool holds(x86::PageSize size) const { return (sizes_ >> static_cast<unsigned>(size) & 1) != 0; }
    [[nodiscard]] std::size_t entries() const { return sets_ * ways_; }
    // Pages of `size` are spread over two arrays by their lowest page-number bit: the set index leaves that bit out.
    void share_with_twin(x86::PageSize size) { index_skip_[static_cast<std::size_t>(size)] = 1; }

    // The entry for `va` under `pcid` (or a global one) at a page size that the array holds, now the most recently used;
    // nullptr on a miss.
    [[nodiscard, gnu::always_inline]] const CachedEntry* lookup(const TlbProbe& probe) {
        const std::size_t set = set_of(probe.page_, probe.size_);
        std::uint64_t* const words = header(set);
        if (*words >> 32 != epoch_) [[unlikely]]
            return nullptr;
        const std::size_t way = find(words, probe);
        if (way == kNoPlace) {
            missed_ = {probe.tag_, words, set};
            return nullptr;
        }
        replacement_.touch(*words, set, way);
        return reinterpret_cast<const CachedEntry*>(words + entries_at_ + way);
    }
    [[nodiscard]] const CachedEntry* lookup(VirtAddr va, x86::PageSize size, Pcid pcid) {
        return lookup(TlbProbe{va, size, pcid});
    }
    // Makes an entry the most recently used, as a lookup() that finds it again would. REQUIRES: it came from lookup(), and no
    // insert() or drop since then.
    void use_again(const CachedEntry* entry) { touch(slot_of(entry)); }
    // The same for a hit that the memo remembers; returns the entry.
    [[gnu::always_inline]] const CachedEntry* use_again(const HitMemo::Hit& hit) {
        replacement_.touch(*hit.set_header, hit.set, hit.way);
        return reinterpret_cast<const CachedEntry*>(hit.set_header + entries_at_ + hit.way);
    }
    void remember(HitMemo& memo, VirtAddr va, std::size_t row, const CachedEntry* entry) {
        const Slot slot = slot_of(entry);
        memo.remember(
            va, row,
            {0, this, header(slot.set), static_cast<std::uint32_t>(slot.set), static_cast<std::uint16_t>(slot.way), 0});
    }
    // Replaces an entry of the same page, else an invalid way, else the victim of the replacement policy.
    // REQUIRES: holds(entry.size()).
    // REQUIRES also: the probe is for the entry's size.
    [[gnu::always_inline]] void insert(const TlbProbe& probe, CachedEntry entry) {
        // The way of nearly every fill: the look-up before it has found the set, which is live and full.
        if (missed_.tag == probe.tag_ && *missed_.words >> kFullBit == (std::uint64_t{epoch_} << 1 | 1)) [[likely]] {
            std::uint64_t* const words = missed_.words;
            missed_.tag = 0;
            const std::size_t way = replacement_.victim(*words, missed_.set);
            announce_drop(words, way);
            put(words, missed_.set, way, probe, entry);
        } else {
            insert_anywhere(probe.tag_, entry);
        }
    }
    void insert(VirtAddr va, Pcid pcid, CachedEntry entry) { insert(TlbProbe{va, entry.size(), pcid}, entry); }
    void insert(VirtAddr va, Pcid pcid, const x86::Translation& translation) { insert(va, pcid, CachedEntry{translation}); }

    // All page sizes of `va`: the entries of the PCID, and the global ones if asked.
    void drop_address(VirtAddr va, Pcid pcid, Globals globals);
    void drop_address_everywhere(VirtAddr va, Globals globals);  // under every PCID
    void drop_pcid(Pcid pcid);                                   // all non-global entries of the PCID
    void drop_global();                                          // all global entries
    void drop_non_global();                                      // of every PCID
    void drop_all();

    // visit(Pcid) for each entry of `va`, of any page size, that is not global.
    template <class Visitor>
    void for_each_pcid_of(VirtAddr va, Visitor&& visit) const;

    // Marks the entry of `va` at `size` under `pcid`, if there is one.
    void mark_stale(VirtAddr va, x86::PageSize size, Pcid pcid);
    // Marks each valid entry that overlaps [begin, begin + bytes) and reports it to `visit(page, size)`.
    template <class Visitor>
    void mark_stale_range(VirtAddr begin, std::uint64_t bytes, Visitor&& visit);
    template <class Visitor>
    void for_each(Visitor&& visit) const;
    // Each valid entry that overlaps [begin, begin + bytes).
    template <class Visitor>
    void for_each_in(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) const {
        for_each_slot_in(begin, bytes, [&](Slot slot) { visit(describe(slot)); });
    }

  private:
    static constexpr std::uint64_t kValid = TlbProbe::kValid;
    static constexpr std::uint64_t kGlobal = TlbProbe::kGlobal;
    static constexpr unsigned kSizeShift = TlbProbe::kSizeShift;
    static constexpr unsigned kPcidShift = TlbProbe::kPcidShift;
    static constexpr unsigned kPageShiftInTag = TlbProbe::kPageShiftInTag;
    static constexpr unsigned kNoFold = 63;  // more than a page number has bits
    struct Slot {
        std::size_t set = 0;
        std::size_t way = kNoPlace;
        [[nodiscard]] bool found() const { return way != kNoPlace; }
    };

    // What a look-up has missed last, this tag and the global one of its page, if nothing was inserted since; and its set.
    struct Missed {
        std::uint64_t tag = 0;
        std::uint64_t* words = nullptr;
        std::size_t set = 0;
    };

    static std::uint64_t page_number(VirtAddr va, x86::PageSize size) {
        return x86::linear_bits_of(va) >> x86::leaf_level(size).shift();
    }
    static x86::PageSize size_of(std::uint64_t tag) { return static_cast<x86::PageSize>(tag >> kSizeShift & 3); }
    static VirtAddr page_of(std::uint64_t tag) {
        return x86::canonical_from(tag >> kPageShiftInTag << x86::leaf_level(size_of(tag)).shift());
    }
    static Pcid pcid_of(std::uint64_t tag) { return Pcid{static_cast<std::uint16_t>(tag >> kPcidShift & 0xfff)}; }
    // In the order word of a set whose ways are all valid; no replacement policy uses the bit.
    static constexpr unsigned kFullBit = 31;
    static constexpr std::uint64_t kFull = std::uint64_t{1} << kFullBit;
    static_assert(kFullBit >= Replacement::kStateBits);
    [[nodiscard]] std::size_t set_of(std::uint64_t page, x86::PageSize size) const {
        const std::uint64_t bits = page >> index_skip_[static_cast<std::size_t>(size)];
        return (bits ^ bits >> fold_) & set_mask_;
    }
    [[nodiscard]] std::uint64_t* header(std::size_t set) { return &words_[set * set_words_]; }
    [[nodiscard]] const std::uint8_t* digests(std::size_t set) const {
        return reinterpret_cast<const std::uint8_t*>(&words_[set * set_words_ + 1]);
    }
    [[nodiscard]] std::uint8_t& digest_at(Slot slot) { return const_cast<std::uint8_t*>(digests(slot.set))[slot.way]; }
    [[nodiscard]] const std::uint64_t* tags(std::size_t set) const { return &words_[set * set_words_ + tags_at_]; }
    [[nodiscard]] std::uint64_t& tag_at(Slot slot) { return words_[slot.set * set_words_ + tags_at_ + slot.way]; }
    [[nodiscard]] CachedEntry& entry_at(Slot slot) {
        return *reinterpret_cast<CachedEntry*>(&words_[slot.set * set_words_ + entries_at_ + slot.way]);
    }
    [[nodiscard]] const CachedEntry& entry_at(Slot slot) const { return const_cast<TlbArray*>(this)->entry_at(slot); }
    [[nodiscard]] bool live(std::size_t set) const { return words_[set * set_words_] >> 32 == epoch_; }
    // The way of the set at `words` that has the page, for this PCID or for all.
    [[nodiscard, gnu::always_inline]] std::size_t find(const std::uint64_t* words, const TlbProbe& probe) const {
        const std::uint64_t* const known = words + tags_at_;
        const auto* const digests = reinterpret_cast<const std::uint8_t*>(words + 1);
        const std::size_t way = find_digest(digests, kDigestBlock, probe.all_digests_, [&](std::size_t candidate) {
            return known[candidate] == probe.tag_ || known[candidate] == probe.global_tag();
        });
        return way != kNoPlace || ways_ <= kDigestBlock ? way : find_beyond(words, probe.tag_);
    }
    // The same in the blocks of digests after the first.
    [[nodiscard]] std::size_t find_beyond(const std::uint64_t* words, std::uint64_t tag) const;
    [[nodiscard]] Slot slot_of(const CachedEntry* entry) const {
        const auto word = static_cast<std::uint32_t>(reinterpret_cast<const std::uint64_t*>(entry) - words_.data());
        const auto set_words = static_cast<std::uint32_t>(set_words_);
        return {word / set_words, word % set_words - entries_at_};
    }
    void touch(Slot slot) { replacement_.touch(*header(slot.set), slot.set, slot.way); }
    [[nodiscard]] CachedTranslation describe(Slot slot) const;
    void insert_anywhere(std::uint64_t tag, CachedEntry entry);
    [[nodiscard]] std::size_t find_place(std::size_t set);
    // In this order: what is stored may alias the members, which the compiler then reads anew.
    [[gnu::always_inline]] void put(std::uint64_t* words, std::size_t set, std::size_t way, const TlbProbe& probe,
                                    CachedEntry entry) {
        std::uint64_t* const tag_word = words + tags_at_ + way;
        std::uint64_t* const entry_word = words + entries_at_ + way;
        replacement_.touch(*words, set, way);
        *tag_word = entry.global() ? probe.global_tag() : probe.tag_;
        reinterpret_cast<CachedEntry&>(*entry_word) = entry;
        reinterpret_cast<std::uint8_t*>(words + 1)[way] = probe.digest_;
    }
    void revive(std::size_t set);
    void drop(Slot slot) {
        if (tag_at(slot) != 0) drop_valid(slot);
    }
    void drop_valid(Slot slot) {
        std::uint64_t* const words = header(slot.set);
        announce_drop(words, slot.way);
        tag_at(slot) = 0;
        *words &= ~kFull;
        digest_at(slot) = kNoDigest;
    }
    // Tells memo and listener of an entry that is about to go.
    [[gnu::always_inline]] void announce_drop(std::uint64_t* words, std::size_t way) {
        const std::uint64_t tag = words[tags_at_ + way];
        if (memo_ != nullptr) memo_->forget_number(tag >> kPageShiftInTag, size_of(tag));
        if (reinterpret_cast<const CachedEntry&>(words[entries_at_ + way]).stale()) [[unlikely]]
            report_stale_drop(tag);
    }
    void report_stale_drop(std::uint64_t tag);
    void mark(Slot slot);
    // visit(Slot, tag) for every valid entry.
    template <class Visitor>
    void for_each_slot(Visitor&& visit) const;
    template <class Visitor>
    void for_each_slot_in(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) const;
    template <class Predicate>
    void drop_if(Predicate&& dies);

    std::size_t ways_;
    std::size_t sets_ = 0;
    std::size_t set_mask_;
    std::size_t tags_at_;     // where a set's tags begin, in words
    std::size_t entries_at_;  // and its entries
    std::size_t set_words_;   // header, digests, tags, entries
    unsigned sizes_ = 0;      // bit per page size
    unsigned fold_;           // index = page ^ page >> fold
    std::uint8_t index_skip_[3] = {};
    Replacement replacement_;
    std::uint32_t epoch_ = 1;
    std::vector<std::uint64_t> words_;  // by set: epoch (63:32) and order (31:0); digests; tags, 0: invalid; entries
    Missed missed_;
    std::size_t stale_count_ = 0;
    StaleListener* listener_ = nullptr;
    HitMemo* memo_ = nullptr;
};

template <class Visitor>
void TlbArray::for_each_slot(Visitor&& visit) const {
    for (std::size_t set = 0; set < sets_; ++set) {
        if (!live(set)) continue;
        for (std::size_t way = 0; way < ways_; ++way)
            if ((tags(set)[way] & kValid) != 0) visit(Slot{set, way}, tags(set)[way]);
    }
}

template <class Visitor>
void TlbArray::for_each_pcid_of(VirtAddr va, Visitor&& visit) const {
    for (const x86::PageSize size : x86::kPageSizes) {
        if (!holds(size)) continue;
        const std::uint64_t page = page_number(va, size);
        const std::size_t set = set_of(page, size);
        if (!live(set)) continue;
        for (std::size_t way = 0; way < ways_; ++way) {
            const std::uint64_t tag = tags(set)[way];
            if (tag >> kPageShiftInTag == page && (tag & (kValid | kGlobal)) == kValid && size_of(tag) == size)
                visit(pcid_of(tag));
        }
    }
}

template <class Visitor>
void TlbArray::for_each_slot_in(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) const {
    const VirtAddr last = begin + (bytes - 1);
    for (x86::PageSize size : x86::kPageSizes) {
        if (!holds(size)) continue;
        const std::uint64_t first_page = page_number(begin, size);
        const std::uint64_t last_page = page_number(last, size);
        const auto consider = [&](Slot slot, std::uint64_t tag) {
            const std::uint64_t page = tag >> kPageShiftInTag;
            if (size_of(tag) == size && page >= first_page && page <= last_page) visit(slot);
        };
        if (last_page - first_page >= sets_) {
            for_each_slot(consider);
            continue;
        }
        for (std::uint64_t page = first_page; page <= last_page; ++page) {
            const std::size_t set = set_of(page, size);
            if (!live(set)) continue;
            for (std::size_t way = 0; way < ways_; ++way)
                if (tags(set)[way] >> kPageShiftInTag == page && (tags(set)[way] & kValid) != 0)
                    consider({set, way}, tags(set)[way]);
        }
    }
}

template <class Visitor>
void TlbArray::mark_stale_range(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) {
    for_each_slot_in(begin, bytes, [&](Slot slot) {
        mark(slot);
        const CachedTranslation entry = describe(slot);
        visit(entry.page, entry.size);
    });
}

template <class Visitor>
void TlbArray::for_each(Visitor&& visit) const {
    for_each_slot([&](Slot slot, std::uint64_t) { visit(describe(slot)); });
}

}  // namespace splinter::hw
