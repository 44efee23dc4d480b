// Small TLBs and paging-structure caches of every shape that the parameters allow, drawn by rapidcheck.
#pragma once

#include <rapidcheck.h>

#include <map>
#include <string>
#include <vector>

#include "hw/machine_params.h"

namespace splinter::hw {

// Uniform, in the first cases of a run too, which rapidcheck would otherwise keep small.
inline std::uint64_t up_to(std::uint64_t high) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::uint64_t>(0, high + 1));
}

inline TlbParams any_tlb_array(const char* sizes) {
    static const std::map<std::string, std::vector<std::uint64_t>> kWays{
        {"lru", {1, 2, 3, 4, 8}}, {"tree-plru", {1, 2, 4, 8}}, {"rotating-plru", {12}}};
    TlbParams params;
    params.sizes = sizes;
    params.replacement = *rc::gen::element<std::string>("lru", "tree-plru", "rotating-plru");
    params.index = *rc::gen::element<std::string>("linear", "folded");
    params.ways = *rc::gen::elementOf(kWays.at(params.replacement));
    params.entries = params.ways << up_to(3);
    return params;
}

// The arrays of one level: one for all sizes, one per size, or two that share the 4 KiB pages, as real parts have them.
inline std::vector<TlbParams> any_tlb_level() {
    switch (up_to(2)) {
        case 0:
            return {any_tlb_array("4k+2m+1g")};
        case 1:
            return {any_tlb_array("4k"), any_tlb_array("2m"), any_tlb_array("1g")};
        default:
            return {any_tlb_array("4k+2m"), any_tlb_array("4k+1g")};
    }
}

inline MmuParams any_mmu() {
    MmuParams mmu;
    std::vector<TlbParams> data = any_tlb_level();
    data.resize(3);
    mmu.l1d = data[0];
    mmu.l1d_large = data[1];
    mmu.l1d_huge = data[2];
    mmu.l1s = up_to(1) == 0 ? TlbParams{} : any_tlb_array("4k+2m+1g");
    mmu.l1i = any_tlb_array("4k");
    mmu.l1i_large = any_tlb_array("2m");
    mmu.l2 = any_tlb_array("4k+2m");
    mmu.l2_second = any_tlb_array(*rc::gen::element("1g", "4k+1g"));
    mmu.l2i = up_to(1) == 0 ? TlbParams{} : any_tlb_array("4k+2m");
    const bool shared = up_to(1) == 0;
    mmu.shared_paging_cache = shared ? 1 + up_to(20) : 0;
    for (std::uint64_t* entries : {&mmu.pml5_cache, &mmu.pml4_cache, &mmu.pdpt_cache, &mmu.pd_cache})
        *entries = shared ? 0 : up_to(8);
    mmu.check();
    return mmu;
}

}  // namespace splinter::hw
