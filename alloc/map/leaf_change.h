// What a change of the direct map does to each leaf of a range: the mask_set and mask_clr of change_page_attr_set_clr()
// (arch/x86/mm/pat/set_memory.c, Linux 6.1 and 6.12).
#pragma once

#include "alloc/freetype.h"
#include "hw/x86/pte.h"

namespace splinter::alloc {

struct LeafChange {
    // force_split: set_memory_4k() splits every large leaf that it meets, whatever else changes.
    enum class Split : std::uint8_t { if_needed, always };

    std::uint64_t set = 0;
    std::uint64_t clear = 0;
    Split split = Split::if_needed;

    // set_direct_map_default_noflush(), set_direct_map_invalid_noflush(), set_direct_map_valid_noflush()
    static constexpr LeafChange present() { return {x86::Pte::kPresent | x86::Pte::kWritable, 0}; }
    // Dirty goes since 6.6 (__set_pages_np()), so that the leaf does not look like one of a shadow stack.
    static constexpr LeafChange not_present() { return {0, x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kDirty}; }
    static constexpr LeafChange not_present_6_1() { return {0, x86::Pte::kPresent | x86::Pte::kWritable}; }
    // set_memory_pkey() (kpkeys v6)
    static constexpr LeafChange key(unsigned key) {
        const std::uint64_t bits = std::uint64_t{key} << x86::Pte::kKeyShift;
        return {bits, x86::Pte::kKeyMask & ~bits};
    }
    // To the flags that a leaf had before; what the processor sets by itself stays.
    static constexpr LeafChange back_to(std::uint64_t flags) {
        constexpr std::uint64_t kSetByProcessor = x86::Pte::kAccessed | x86::Pte::kDirty;
        flags &= ~x86::Pte::kPageSizeBit;
        return {flags, ~(x86::Pte::kAddressMask | flags | kSetByProcessor)};
    }

    // A leaf that is not present has neither G nor PS: pgprot_clear_protnone_bits(), and _PAGE_PSE set with _PAGE_PRESENT only
    // (__should_split_large_page()). Setting it present again does not bring back G. The address stays as it is: Linux stores
    // that of a leaf that is not present inverted, against L1TF.
    [[nodiscard]] constexpr x86::Pte apply(x86::Pte leaf, x86::Level level) const {
        const x86::Pte changed = leaf.without(clear).with(set);
        if (!changed.present()) return changed.without(x86::Pte::kGlobal | (level == x86::kPte ? 0 : x86::Pte::kPageSizeBit));
        return level == x86::kPte ? changed : changed.with(x86::Pte::kPageSizeBit);
    }
    [[nodiscard]] constexpr bool changes(x86::Pte leaf, x86::Level level) const { return apply(leaf, level) != leaf; }
};

}  // namespace splinter::alloc
