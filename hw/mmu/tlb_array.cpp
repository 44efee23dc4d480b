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

// The way of nearly every fill: the look-up before it has found the set, which is full.
void TlbArray::replace_victim(const Missed& missed, std::uint64_t tag, CachedEntry entry) {
    const std::size_t way = replacement_.victim(static_cast<std::uint32_t>(*missed.words & ~kFull), missed.set);
    announce_drop(missed.words, way);
    put(missed.words, {missed.set, way}, tag, entry);
}

void TlbArray::insert_anywhere(VirtAddr va, Pcid pcid, CachedEntry entry) {
    const PageSize size = entry.size();
    SPLINTER_CHECK(holds(size), "a TLB array holds the page sizes of its parameters");
    const std::uint64_t page = page_number(va, size);
    const std::size_t set = set_of(page, size);
    if (!live(set)) revive(set);
    const std::uint64_t own = tag(page, size, pcid);
    const std::uint64_t global = global_tag(page, size);
    // A second fill of the same page replaces the first. With Global set and cleared in turn both forms can be there.
    for (Slot slot = find(set, own, global); slot.found(); slot = find(set, own, global)) drop(slot);
    put(header(set), find_place(set), entry.global() ? global : own, entry);
}

// An invalid way, else the victim, whose drop is announced.
TlbArray::Slot TlbArray::find_place(std::size_t set) {
    if (const Slot free = find_free(set); free.found()) return free;
    std::uint64_t* const words = header(set);
    *words |= kFull;
    const std::size_t way = replacement_.victim(static_cast<std::uint32_t>(*words & ~kFull), set);
    announce_drop(words, way);
    return {set, way};
}

// In this order: after the store of a byte, which may alias anything, the compiler reads members anew.
inline void TlbArray::put(std::uint64_t* words, Slot slot, std::uint64_t tag, CachedEntry entry) {
    touch(*words, slot.set, slot.way);
    words[tags_at_ + slot.way] = tag;
    reinterpret_cast<CachedEntry&>(words[entries_at_ + slot.way]) = entry;
    reinterpret_cast<std::uint8_t*>(words + 1)[slot.way] = digest_of(tag >> kPageShiftInTag);
}

void TlbArray::drop_address(VirtAddr va, Pcid pcid, Globals globals) {
    for (PageSize size : x86::kPageSizes) {
        if (!holds(size)) continue;
        const std::uint64_t page = page_number(va, size);
        const std::size_t set = set_of(page, size);
        if (!live(set)) continue;
        const std::uint64_t own = tag(page, size, pcid);
        const std::uint64_t global = globals == Globals::dropped ? global_tag(page, size) : own;
        for (Slot slot = find(set, own, global); slot.found(); slot = find(set, own, global)) drop(slot);
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
    drop_if([&](std::uint64_t tag) {
        return tag >> kPageShiftInTag == page_number(va, size_of(tag)) && (globals == Globals::dropped || (tag & kGlobal) == 0);
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
    const std::uint64_t page = page_number(va, size);
    const std::size_t set = set_of(page, size);
    if (!live(set)) return;
    const Slot slot = find(set, tag(page, size, pcid), global_tag(page, size));
    if (slot.found()) mark(slot);
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
