// The local invalidations that the model knows, as values (SDM Vol. 3A 4.10.4.1).
#pragma once

#include <cstdint>

#include "hw/base/types.h"

namespace splinter::x86 {

struct Invalidation {
    enum class Kind : std::uint8_t {
        page,          // INVLPG: one address, current PCID and global, all of the PCID's paging-structure-cache entries
        current_pcid,  // MOV CR3 without the no-flush bit: all non-global entries of the PCID
        all            // INVPCID type 2 or a CR4.PGE change: everything, global entries and every PCID included
    };
    Kind kind = Kind::all;
    VirtAddr address{};  // Kind::page only

    static constexpr Invalidation page(VirtAddr va) { return {Kind::page, va}; }
    static constexpr Invalidation current_pcid() { return {Kind::current_pcid, {}}; }
    static constexpr Invalidation all() { return {Kind::all, {}}; }
};

}  // namespace splinter::x86
