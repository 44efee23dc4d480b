#include "hw/mmu/tlb_array.h"

#include <algorithm>
#include <bit>

#include "hw/base/check.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

unsigned size_bits(const TlbParams& params) {
    unsigned bits = 0;
    for (const auto& [name, size] : {std::pair{"4k", PageSize::k4}, {"2m", PageSize::m2}, {"1g", PageSize::g1}})
        if (params.holds(name)) bits |= 1U << static_cast<unsigned>(size);
    return bits;
}

}  // namespace

TlbArray::TlbArray(const TlbParams& params)
    : ways_{params.ways},
      sets_{params.sets()},
      set_mask_{sets_ - 1},
      tags_at_{1 + (params.ways + kDigestBlock - 1) / kDigestBlock * (kDigestBlock / sizeof(std::uint64_t))},
      entries_at_{tags_at_ + params.ways},
      set_words_{entries_at_ + params.ways},
      sizes_{size_bits(params)},
      fold_{params.index == "folded" ? static_cast<unsigned>(std::countr_zero(sets_)) : kNoFold},
      replacement_{params},
      words_(sets_ * set_words_, 0) {}

// A set of an older epoch is empty.
void TlbArray::revive(std::size_t set) {
    std::uint64_t* const word = header(set);
    *word = std::uint64_t{epoch_} << 32;
    std::fill(word + 1, word + entries_at_, 0);
}

void TlbArray::insert_anywhere(std::uint64_t tag, CachedEntry entry) {
    const TlbProbe probe{tag};
    SPLINTER_CHECK(holds(probe.size_), "a TLB array holds the page sizes of its parameters");
    missed_.tag = 0;
    const std::size_t set = set_of(probe.page_, probe.size_);
    if (!live(set)) revive(set);
    std::uint64_t* const words = header(set);
    // A second fill of the same page replaces the first. With Global set and cleared in turn both forms can be there.
    for (std::size_t way = find(words, probe); way != kNoPlace; way = find(words, probe)) drop({set, way});
    put(words, set, find_place(set), probe, entry);
}

std::size_t TlbArray::find_beyond(const std::uint64_t* words, std::uint64_t tag) const {
    const TlbProbe probe{tag};
    const std::uint64_t* const known = words + tags_at_ + kDigestBlock;
    const auto* const digests = reinterpret_cast<const std::uint8_t*>(words + 1) + kDigestBlock;
    const std::size_t way = find_digest(digests, ways_ - kDigestBlock, probe.all_digests_, [&](std::size_t candidate) {
        return known[candidate] == tag || known[candidate] == probe.global_tag();
    });
    return way == kNoPlace ? way : way + kDigestBlock;
}

// An invalid way, else the victim, whose drop is announced.
std::size_t TlbArray::find_place(std::size_t set) {
    const std::size_t free = find_digest(digests(set), ways_, kNoDigest, [](std::size_t) { return true; });
    if (free != kNoPlace) return free;
    std::uint64_t* const words = header(set);
    *words |= kFull;
    const std::size_t way = replacement_.victim(*words, set);
    announce_drop(words, way);
    return way;
}

void TlbArray::drop_address(VirtAddr va, Pcid pcid, Globals globals) {
    for (PageSize size : x86::kPageSizes) {
        if (!holds(size)) continue;
        const std::size_t set = set_of(page_number(va, size), size);
        if (!live(set)) continue;
        const TlbProbe probe{va, size, pcid};
        const std::uint64_t global = globals == Globals::dropped ? probe.global_tag() : probe.tag_;
        find_digest(digests(set), ways_, probe.all_digests_, [&](std::size_t way) {
            const std::uint64_t tag = tags(set)[way];
            if (tag == probe.tag_ || tag == global) drop({set, way});
            return false;  // both forms can be there
        });
    }
}

template <class Predicate>
void TlbArray::drop_if(Predicate&& dies) {
    for_each_slot([&](Slot slot, std::uint64_t tag) {
        if (dies(tag)) drop(slot);
    });
}

void TlbArray::drop_pcid(Pcid pcid) {
    drop_if([&](std::uint64_t tag) { return (tag & kGlobal) == 0 && pcid_of(tag) == pcid; });
}

void TlbArray::drop_address_everywhere(VirtAddr va, Globals globals) {
    for_each_slot_in(va, 1, [&](Slot slot) {
        if (globals == Globals::dropped || (tags(slot.set)[slot.way] & kGlobal) == 0) drop(slot);
    });
}

void TlbArray::drop_global() {
    drop_if([](std::uint64_t tag) { return (tag & kGlobal) != 0; });
}

void TlbArray::drop_non_global() {
    drop_if([](std::uint64_t tag) { return (tag & kGlobal) == 0; });
}

void TlbArray::drop_all() {
    if (stale_count_ > 0)  // their drop is reported one by one
        for_each_slot([this](Slot slot, std::uint64_t) {
            if (entry_at(slot).stale()) drop(slot);
        });
    if (memo_ != nullptr) memo_->forget_all();
    if (++epoch_ != 0) return;
    words_.assign(words_.size(), 0);  // the epoch has wrapped
    epoch_ = 1;
}

CachedTranslation TlbArray::describe(Slot slot) const {
    const std::uint64_t tag = tags(slot.set)[slot.way];
    return {page_of(tag), size_of(tag), pcid_of(tag), entry_at(slot).translation()};
}

void TlbArray::mark_stale(VirtAddr va, PageSize size, Pcid pcid) {
    const std::size_t set = set_of(page_number(va, size), size);
    if (!live(set)) return;
    const std::size_t way = find(header(set), TlbProbe{va, size, pcid});
    if (way != kNoPlace) mark({set, way});
}

void TlbArray::mark(Slot slot) {
    if (!entry_at(slot).stale()) ++stale_count_;
    entry_at(slot).mark_stale();
}

void TlbArray::report_stale_drop(std::uint64_t tag) {
    --stale_count_;
    if (listener_ != nullptr) listener_->on_stale_drop(page_of(tag), size_of(tag));
}

}  // namespace splinter::hw
