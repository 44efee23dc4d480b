#include "hw/mmu/paging_cache.h"

#include <algorithm>
#include <utility>

namespace splinter::hw {

PagingCache::Bank::Bank(std::uint64_t size)
    : tags(size), points(size), entries{size}, digests_((size + kDigestBlock - 1) / kDigestBlock * kDigestBlock) {
    const auto count = static_cast<std::uint32_t>(size + 1);
    for (std::uint32_t slot = 0; slot < count; ++slot) order_.push_back({(slot + count - 1) % count, (slot + 1) % count});
}

void PagingCache::Bank::move_between(std::size_t slot, std::size_t older, std::size_t newer) {
    Neighbours& mine = order_[slot];
    order_[mine.older].newer = mine.newer;
    order_[mine.newer].older = mine.older;
    mine = {static_cast<std::uint32_t>(older), static_cast<std::uint32_t>(newer)};
    order_[older].newer = order_[newer].older = static_cast<std::uint32_t>(slot);
}

PagingCache::PagingCache(const MmuParams& params) {
    if (params.shared_paging_cache > 0) {
        banks_.emplace_back(params.shared_paging_cache);
        return;
    }
    const std::array<std::uint64_t, kLevels> sizes{params.pd_cache, params.pdpt_cache, params.pml4_cache, params.pml5_cache};
    for (unsigned i = 0; i < kLevels; ++i) {
        banks_.emplace_back(sizes[i]);
        bank_index_[i] = static_cast<std::uint8_t>(i);
    }
}

const x86::WalkPoint* PagingCache::lookup(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::uint64_t own = tag(va, level, pcid);
        const std::size_t slot = bank.find(own);
        if (slot == kNoPlace) {
            absent_[table - 1] = own;
            continue;
        }
        bank.use(slot);
        return &bank.points[slot];
    }
    return nullptr;
}

void PagingCache::insert(VirtAddr va, Pcid pcid, x86::Level level, x86::PathRights rights, Pfn table) {
    Bank& bank = bank_of(level);
    if (bank.entries == 0) return;
    const std::uint64_t own = tag(va, level, pcid);
    std::size_t slot = kNoPlace;
    if (own != std::exchange(absent_[level.number() - 1], 0)) slot = bank.find(own);
    if (slot == kNoPlace) slot = bank.oldest();
    bank.fill(slot, own, {level, rights, table});
}

void PagingCache::drop_address(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::size_t slot = bank.find(tag(va, level, pcid));
        if (slot != kNoPlace) bank.drop(slot);
    }
}

void PagingCache::drop_pcid(Pcid pcid) {
    for (Bank& bank : banks_)
        for (std::size_t slot = 0; slot < bank.entries; ++slot)
            if (bank.tags[slot] != 0 && pcid_of(bank.tags[slot]) == pcid) bank.drop(slot);
}

void PagingCache::drop_all() {
    for (Bank& bank : banks_) std::fill(bank.tags.begin(), bank.tags.end(), 0);
}

}  // namespace splinter::hw
