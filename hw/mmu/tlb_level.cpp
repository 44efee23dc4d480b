#include "hw/mmu/tlb_level.h"

namespace splinter::hw {

TlbLevel::TlbLevel(const std::vector<TlbParams>& arrays) {
    arrays_.reserve(arrays.size());  // the routes point into it
    for (const TlbParams& array : arrays)
        if (array.entries > 0) arrays_.emplace_back(array);
    for (TlbArray& array : arrays_)
        for (x86::PageSize size : x86::kPageSizes) {
            if (!array.holds(size)) continue;
            Route& route = routes_[static_cast<std::size_t>(size)];
            if (route[0] == nullptr) {
                route = {&array, &array};
                continue;
            }
            route[1] = &array;
            for (TlbArray* twin : route) twin->share_with_twin(size);
        }
}

const CachedEntry* TlbLevel::lookup_large(VirtAddr va, Pcid pcid) {
    for (x86::PageSize size : {x86::PageSize::m2, x86::PageSize::g1})
        if (filled(size))
            if (const CachedEntry* hit = array_of(va, size).lookup(va, size, pcid)) return hit;
    return nullptr;
}

void TlbLevel::drop_address(VirtAddr va, Pcid pcid, Globals globals) {
    for (TlbArray& array : arrays_) array.drop_address(va, pcid, globals);
}

void TlbLevel::drop_pcid(Pcid pcid) {
    for (TlbArray& array : arrays_) array.drop_pcid(pcid);
}

void TlbLevel::drop_address_everywhere(VirtAddr va, Globals globals) {
    for (TlbArray& array : arrays_) array.drop_address_everywhere(va, globals);
}

void TlbLevel::drop_global() {
    for (TlbArray& array : arrays_) array.drop_global();
}

void TlbLevel::drop_non_global() {
    for (TlbArray& array : arrays_) array.drop_non_global();
}

void TlbLevel::drop_all() {
    filled_ = 0;
    for (TlbArray& array : arrays_) array.drop_all();
}

void TlbLevel::set_listener(StaleListener* listener) {
    for (TlbArray& array : arrays_) array.set_listener(listener);
}

void TlbLevel::set_memo(HitMemo& memo) {
    for (TlbArray& array : arrays_) array.set_memo(memo);
}

void TlbLevel::mark_stale(VirtAddr va, x86::PageSize size, Pcid pcid) {
    if (holds(size)) array_of(va, size).mark_stale(va, size, pcid);
}

}  // namespace splinter::hw
