#include "hw/mmu/tlb_array.h"

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
      stride_{(params.ways + 1) & ~std::uint64_t{1}},
      sets_{params.sets()},
      set_words_{1 + 2 * stride_},
      sizes_{size_bits(params)},
      fold_{params.index == "folded" ? static_cast<unsigned>(std::countr_zero(sets_)) : kNoFold},
      replacement_{params},
      words_(sets_ * set_words_, 0) {}

// A set of an older epoch is empty.
void TlbArray::revive(std::size_t set) {
    std::uint64_t* const word = header(set);
    *word = std::uint64_t{epoch_} << 32;
    for (std::size_t way = 0; way < stride_; ++way) word[1 + way] = way < ways_ ? 0 : kNoEntry;
}

void TlbArray::insert(VirtAddr va, Pcid pcid, const x86::Translation& translation) {
    SPLINTER_CHECK(holds(translation.size), "a TLB array holds the page sizes of its parameters");
    const std::uint64_t page = page_number(va, translation.size);
    const std::size_t set = set_of(page, translation.size);
    if (!live(set)) revive(set);
    const std::uint64_t own = tag(page, translation.size, pcid);
    const std::uint64_t global = global_tag(page, translation.size);
    Slot slot = find(set, own, global);
    if (slot.found()) {  // a second fill of the same page replaces the first
        drop(slot);
        // With Global set and cleared in turn both forms can be there.
        if (const Slot other = find(set, own, global); other.found()) drop(other);
    } else {
        slot = {set, find_tag(tags(set), stride_, OneTag{0})};
        if (!slot.found()) slot = {set, replacement_.victim(static_cast<std::uint32_t>(*header(set)), set)};
        drop(slot);
    }
    tag_at(slot) = translation.rights.global ? global : own;
    entry_at(slot) = CachedEntry{translation};
    touch(slot);
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

void TlbArray::drop(Slot slot) {
    const std::uint64_t tag = tag_at(slot);
    if (tag == 0) return;
    if (memo_ != nullptr) memo_->forget(page_of(tag), size_of(tag));
    tag_at(slot) = 0;
    if (!entry_at(slot).stale()) return;
    --stale_count_;
    if (listener_ != nullptr) listener_->on_stale_drop(page_of(tag), size_of(tag));
}

}  // namespace splinter::hw
