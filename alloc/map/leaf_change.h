// What a change of the direct map does to each leaf of a range: the mask_set and mask_clr of change_page_attr_set_clr()
// (arch/x86/mm/pat/set_memory.c, Linux 6.1 and 6.12).
#pragma once

#include "alloc/freetype.h"
#include "hw/x86/pte.h"

namespace splinter::alloc {

struct LeafChange {
    std::uint64_t set = 0;
    std::uint64_t clear = 0;

    // set_direct_map_default_noflush(), set_direct_map_invalid_noflush(), set_direct_map_valid_noflush()
    static constexpr LeafChange present() { return {x86::Pte::kPresent | x86::Pte::kWritable, 0}; }
    static constexpr LeafChange not_present() { return {0, x86::Pte::kPresent | x86::Pte::kWritable}; }
    static constexpr LeafChange to(Mapping mapping) { return mapping == Mapping::mapped ? present() : not_present(); }
    // set_memory_pkey() (kpkeys v6)
    static constexpr LeafChange key(unsigned key) {
        const std::uint64_t bits = std::uint64_t{key} << x86::Pte::kKeyShift;
        return {bits, x86::Pte::kKeyMask & ~bits};
    }

    // pgprot_clear_protnone_bits(): a leaf that is not present loses G; setting it present again does not bring it back.
    [[nodiscard]] constexpr x86::Pte apply(x86::Pte leaf) const {
        const x86::Pte changed = leaf.without(clear).with(set);
        return changed.present() ? changed : changed.without(x86::Pte::kGlobal);
    }
    [[nodiscard]] constexpr bool changes(x86::Pte leaf) const { return apply(leaf) != leaf; }
};

}  // namespace splinter::alloc
