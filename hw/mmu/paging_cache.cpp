#include "hw/mmu/paging_cache.h"

#include <algorithm>

namespace splinter::hw {

PagingCache::PagingCache(const MmuParams& params) {
    levels_[0].resize(params.pd_cache);
    levels_[1].resize(params.pdpt_cache);
    levels_[2].resize(params.pml4_cache);
}

std::optional<x86::WalkPoint> PagingCache::lookup(VirtAddr va, Pcid pcid) {
    for (unsigned table = 1; table <= levels_.size(); ++table) {
        const x86::Level level{table};
        for (Slot& slot : levels_[index_of(level)]) {
            if (slot.age == 0 || slot.pcid != pcid || slot.prefix != prefix_of(va, level)) continue;
            slot.age = ++clock_;
            return slot.point;
        }
    }
    return std::nullopt;
}

void PagingCache::insert(VirtAddr va, Pcid pcid, const x86::WalkPoint& point) {
    std::vector<Slot>& slots = levels_[index_of(point.level)];
    if (slots.empty()) return;
    const std::uint64_t prefix = prefix_of(va, point.level);
    auto slot = std::find_if(slots.begin(), slots.end(),
                             [&](const Slot& s) { return s.age != 0 && s.prefix == prefix && s.pcid == pcid; });
    if (slot == slots.end())
        slot = std::min_element(slots.begin(), slots.end(), [](const Slot& a, const Slot& b) { return a.age < b.age; });
    *slot = Slot{prefix, ++clock_, pcid, point};
}

void PagingCache::invalidate_pcid(Pcid pcid) {
    for (std::vector<Slot>& level : levels_)
        for (Slot& slot : level)
            if (slot.pcid == pcid) slot.age = 0;
}

void PagingCache::invalidate_all() {
    for (std::vector<Slot>& level : levels_)
        for (Slot& slot : level) slot.age = 0;
}

}  // namespace splinter::hw
