#include "hw/mmu/paging_cache.h"

#include <algorithm>

namespace splinter::hw {

PagingCache::PagingCache(const MmuParams& params) {
    const std::array<std::uint64_t, kLevels> sizes{params.pd_cache, params.pdpt_cache, params.pml4_cache, params.pml5_cache};
    const auto add_bank = [this](std::uint64_t entries) {
        const std::size_t slots = (entries + 1) & ~std::uint64_t{1};
        banks_.push_back({std::vector<std::uint64_t>(slots), std::vector<std::uint64_t>(slots),
                          std::vector<x86::WalkPoint>(slots), entries});
    };
    if (params.shared_paging_cache > 0) {
        add_bank(params.shared_paging_cache);
        return;
    }
    for (unsigned i = 0; i < kLevels; ++i) {
        add_bank(sizes[i]);
        bank_index_[i] = static_cast<std::uint8_t>(i);
    }
}

const x86::WalkPoint* PagingCache::lookup(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::uint64_t wanted = tag(va, level, pcid);
        const std::size_t slot = find_tag(bank.tags.data(), bank.tags.size(), wanted, wanted);
        if (slot == kNoTag) continue;
        bank.ages[slot] = ++clock_;
        return &bank.points[slot];
    }
    return nullptr;
}

void PagingCache::insert(VirtAddr va, Pcid pcid, const x86::WalkPoint& point) {
    Bank& bank = bank_of(point.level);
    if (bank.entries == 0) return;
    const std::uint64_t own = tag(va, point.level, pcid);
    std::size_t slot = find_tag(bank.tags.data(), bank.tags.size(), own, own);
    if (slot == kNoTag) {
        const auto end = bank.ages.begin() + static_cast<std::ptrdiff_t>(bank.entries);  // a dropped entry has age 0
        slot = static_cast<std::size_t>(std::min_element(bank.ages.begin(), end) - bank.ages.begin());
    }
    bank.tags[slot] = own;
    bank.ages[slot] = ++clock_;
    bank.points[slot] = point;
}

void PagingCache::drop_address(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::uint64_t own = tag(va, level, pcid);
        const std::size_t slot = find_tag(bank.tags.data(), bank.tags.size(), own, own);
        if (slot != kNoTag) bank.tags[slot] = bank.ages[slot] = 0;
    }
}

void PagingCache::drop_pcid(Pcid pcid) {
    for (Bank& bank : banks_)
        for (std::size_t i = 0; i < bank.entries; ++i)
            if (pcid_of(bank.tags[i]) == pcid) bank.tags[i] = bank.ages[i] = 0;
}

void PagingCache::drop_all() {
    for (Bank& bank : banks_) {
        std::fill(bank.tags.begin(), bank.tags.end(), 0);
        std::fill(bank.ages.begin(), bank.ages.end(), 0);
    }
}

}  // namespace splinter::hw
