#include "hw/mmu/paging_cache.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

namespace splinter::hw {

PagingCache::Bank::Bank(std::uint64_t size)
    : tags(size), points(size), entries{size}, digests_((size + 7) & ~std::uint64_t{7}) {
    const auto count = static_cast<std::uint32_t>(size + 1);
    for (std::uint32_t slot = 0; slot < count; ++slot) order_.push_back({(slot + count - 1) % count, (slot + 1) % count});
}

std::size_t PagingCache::Bank::find(std::uint64_t tag) const {
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(digest(tag)));
    for (std::size_t block = 0; block < digests_.size(); block += 8) {
        const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&digests_[block]));
        // Two bits per digest.
        auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(eight, wanted)));
        for (; hits != 0; hits &= ~(3U << std::countr_zero(hits))) {
            const std::size_t slot = block + static_cast<std::size_t>(std::countr_zero(hits)) / 2;
            if (slot < entries && tags[slot] == tag) return slot;
        }
    }
    return kNone;
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
        const std::size_t slot = bank.find(tag(va, level, pcid));
        if (slot == kNone) continue;
        bank.use(slot);
        return &bank.points[slot];
    }
    return nullptr;
}

void PagingCache::insert(VirtAddr va, Pcid pcid, const x86::WalkPoint& point) {
    Bank& bank = bank_of(point.level);
    if (bank.entries == 0) return;
    const std::uint64_t own = tag(va, point.level, pcid);
    std::size_t slot = bank.find(own);
    if (slot == kNone) slot = bank.oldest();
    bank.fill(slot, own, point);
}

void PagingCache::drop_address(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::size_t slot = bank.find(tag(va, level, pcid));
        if (slot != kNone) bank.drop(slot);
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
