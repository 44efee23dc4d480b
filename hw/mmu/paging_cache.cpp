#include "hw/mmu/paging_cache.h"

#include <algorithm>
#include <utility>

namespace splinter::hw {

namespace {
std::size_t blocks_of(std::uint64_t size) {
    return std::max<std::size_t>(1, (size + kDigestBlock - 1) / kDigestBlock) * kDigestBlock;
}
}  // namespace

PagingCache::Bank::Bank(std::uint64_t size) : tags(blocks_of(size)), points(size), entries{size}, digests_(blocks_of(size)) {
    const auto count = static_cast<std::uint32_t>(size + 1);
    for (std::uint32_t slot = 0; slot < count; ++slot) order_.push_back({(slot + count - 1) % count, (slot + 1) % count});
}

PagingCache::PagingCache(const MmuParams& params) {
    if (params.shared_paging_cache > 0) {
        banks_.emplace_back(params.shared_paging_cache);
        bank_of_.fill(&banks_.front());
        return;
    }
    const std::array<std::uint64_t, kLevels> sizes{params.pd_cache, params.pdpt_cache, params.pml4_cache, params.pml5_cache};
    banks_.reserve(kLevels);  // they are pointed to
    for (unsigned i = 0; i < kLevels; ++i) bank_of_[i] = &banks_.emplace_back(sizes[i]);
}

template <unsigned kTable>
inline const x86::WalkPoint* PagingCache::look_for(VirtAddr va, Pcid pcid) {
    constexpr x86::Level kLevel{kTable};
    Bank& bank = bank_of(kLevel);
    const std::uint64_t own = tag(va, kLevel, pcid);
    const std::uint8_t digest = digest_of(own);
    const std::size_t slot = bank.find(own, digest);
    if (slot == kNoPlace) {
        absent_[kTable - 1] = {own, digest};
        return nullptr;
    }
    bank.use(slot);
    return &bank.points[slot];
}

// Unrolled: with a known level a tag is a few instructions.
const x86::WalkPoint* PagingCache::lookup(VirtAddr va, Pcid pcid) {
    static_assert(kLevels == 4);
    if (const x86::WalkPoint* point = look_for<1>(va, pcid)) return point;
    if (const x86::WalkPoint* point = look_for<2>(va, pcid)) return point;
    if (const x86::WalkPoint* point = look_for<3>(va, pcid)) return point;
    return look_for<4>(va, pcid);
}

void PagingCache::insert(VirtAddr va, Pcid pcid, x86::Level level, x86::PathRights rights, Pfn table) {
    Bank& bank = bank_of(level);
    if (bank.entries == 0) return;
    const std::uint64_t own = tag(va, level, pcid);
    Absent& absent = absent_[level.number() - 1];
    const bool known_absent = std::exchange(absent.tag, 0) == own;
    if (!known_absent) [[unlikely]]
        absent.digest = digest_of(own);
    std::size_t slot = kNoPlace;
    if (!known_absent) [[unlikely]]
        slot = bank.find(own, absent.digest);
    if (slot == kNoPlace) [[likely]]
        slot = bank.oldest();
    bank.fill(slot, own, absent.digest, {level, rights, table});
    holds_any_ = true;
}

void PagingCache::drop_address(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= kLevels; ++table) {
        const x86::Level level{table};
        Bank& bank = bank_of(level);
        const std::size_t slot = bank.find(tag(va, level, pcid));
        if (slot != kNoPlace) bank.drop(slot);
    }
}

void PagingCache::drop_pcid_entries(Pcid pcid) {
    holds_any_ = false;
    for (Bank& bank : banks_)
        for (std::size_t slot = 0; slot < bank.entries; ++slot) {
            if (bank.tags[slot] == 0) continue;
            if (pcid_of(bank.tags[slot]) == pcid)
                bank.drop(slot);
            else
                holds_any_ = true;
        }
}

void PagingCache::drop_all() {
    if (!std::exchange(holds_any_, false)) return;
    for (Bank& bank : banks_) std::fill(bank.tags.begin(), bank.tags.end(), 0);
}

}  // namespace splinter::hw
