#include "hw/mmu/tlb_array.h"

#include "hw/base/check.h"

namespace splinter::hw {
namespace {

constexpr unsigned kVirtualBits = 57;
constexpr std::uint64_t kSignBit = std::uint64_t{1} << (kVirtualBits - 1);

// Undoes the cut to 57 bits: addresses are canonical, so the upper bits repeat bit 56.
VirtAddr sign_extend(std::uint64_t address) {
    return VirtAddr{(address & kSignBit) != 0 ? address | ~((std::uint64_t{1} << kVirtualBits) - 1) : address};
}

}  // namespace

TlbArray::TlbArray(const TlbParams& params, x86::PageSize size, std::string_view name)
    : size_{size}, shift_{x86::leaf_level(size).shift()}, ways_{params.ways}, sets_{checked_sets(params, name)} {
    if (params.entries == 0) return;
    floor_pcid_.assign(kPcidCount, 0);
    tags_.assign(params.entries, 0);
    ages_.assign(params.entries, 0);
    data_.resize(params.entries);
    stale_.assign(params.entries, 0);
}

bool TlbArray::valid(std::size_t slot) const {
    if (ages_[slot] <= floor_all_) return false;
    if ((tags_[slot] & kGlobalTag) != 0) return true;
    return ages_[slot] > floor_pcid_[(tags_[slot] >> 1) & (kPcidCount - 1)];
}

std::size_t TlbArray::find(std::uint64_t page_number, Pcid pcid) const {
    if (sets_ == 0) return kNone;
    const std::uint64_t own = tag(page_number, pcid);
    const std::uint64_t global = tag(page_number, Pcid{}) | kGlobalTag;
    const std::size_t base = set_base(page_number);
    for (std::size_t slot = base; slot < base + ways_; ++slot)
        if ((tags_[slot] == own || tags_[slot] == global) && valid(slot)) return slot;
    return kNone;
}

const x86::Translation* TlbArray::lookup(VirtAddr va, Pcid pcid) {
    const std::size_t slot = find(vpn(va), pcid);
    if (slot == kNone) return nullptr;
    ages_[slot] = ++clock_;
    return &data_[slot];
}

void TlbArray::insert(VirtAddr va, Pcid pcid, const x86::Translation& translation) {
    if (sets_ == 0) return;
    SPLINTER_CHECK(translation.size == size_, "a TLB array holds one page size");
    const std::uint64_t page_number = vpn(va);
    std::size_t victim = find(page_number, pcid);  // a second fill of the same page replaces the first
    if (victim == kNone) {
        const std::size_t base = set_base(page_number);
        std::uint64_t oldest = ~std::uint64_t{0};
        for (std::size_t slot = base; slot < base + ways_; ++slot) {
            const std::uint64_t age = valid(slot) ? ages_[slot] : 0;
            if (age < oldest) {
                oldest = age;
                victim = slot;
            }
        }
    }
    drop(victim);
    tags_[victim] = translation.rights.global ? tag(page_number, Pcid{}) | kGlobalTag : tag(page_number, pcid);
    ages_[victim] = ++clock_;
    data_[victim] = translation;
}

void TlbArray::invalidate_page(VirtAddr va, Pcid pcid) {
    // At most one entry of the PCID and one global one.
    for (std::size_t slot = find(vpn(va), pcid); slot != kNone; slot = find(vpn(va), pcid)) drop(slot);
}

void TlbArray::invalidate_pcid(Pcid pcid) {
    if (sets_ == 0) return;
    floor_pcid_[pcid.raw()] = clock_;
    drop_stale_if_invalid();
}

void TlbArray::invalidate_all() {
    floor_all_ = clock_;
    drop_stale_if_invalid();
}

CachedTranslation TlbArray::describe(std::size_t slot) const {
    const std::uint64_t pcid = (tags_[slot] >> 1) & (kPcidCount - 1);
    return {sign_extend((tags_[slot] >> 13) << shift_), size_, Pcid{static_cast<std::uint16_t>(pcid)}, data_[slot]};
}

void TlbArray::mark_stale(VirtAddr va, Pcid pcid) {
    const std::size_t slot = find(vpn(va), pcid);
    if (slot != kNone) mark(slot);
}

void TlbArray::mark(std::size_t slot) {
    if (stale_[slot] == 0) ++stale_count_;
    stale_[slot] = 1;
}

void TlbArray::drop(std::size_t slot) {
    if (stale_[slot] != 0) {
        stale_[slot] = 0;
        --stale_count_;
        const CachedTranslation gone = describe(slot);
        if (listener_ != nullptr) listener_->on_stale_drop(gone.page, gone.size);
    }
    ages_[slot] = 0;
}

void TlbArray::drop_stale_if_invalid() {
    if (stale_count_ == 0) return;
    for (std::size_t slot = 0; slot < stale_.size(); ++slot)
        if (stale_[slot] != 0 && !valid(slot)) drop(slot);
}

}  // namespace splinter::hw
