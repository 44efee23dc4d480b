// The invalidations of TLBs and paging-structure caches as values: local ones (SDM Vol. 3A 4.10.4.1) and AMD's broadcast
// INVLPGB (APM Vol. 3, INVLPGB; Vol. 2 5.5.3).
#pragma once

#include <cstdint>

#include "hw/x86/pcid.h"

namespace splinter::x86 {

struct Invalidation {
    enum class Kind : std::uint8_t {
        invlpg,              // one address: current PCID and global entries; all of the PCID's paging-structure-cache entries
        invpcid_address,     // INVPCID type 0: one address of one PCID, not its global entry
        invpcid_context,     // type 1: all non-global entries of one PCID
        invpcid_all,         // type 2: everything, global entries included
        invpcid_non_global,  // type 3: all non-global entries of every PCID
        cr3_write,           // MOV CR3 to the same root with bit 63 clear: all non-global entries of the current PCID
        pge_toggle           // CR4.PGE inverted and restored: everything, global entries included
    };
    Kind kind = Kind::invpcid_all;
    VirtAddr address{};  // invlpg, invpcid_address
    Pcid pcid{};         // invpcid_address, invpcid_context

    static constexpr Invalidation page(VirtAddr va) { return {Kind::invlpg, va, {}}; }
    static constexpr Invalidation pcid_address(Pcid pcid, VirtAddr va) { return {Kind::invpcid_address, va, pcid}; }
    static constexpr Invalidation pcid_context(Pcid pcid) { return {Kind::invpcid_context, {}, pcid}; }
    static constexpr Invalidation all() { return {Kind::invpcid_all, {}, {}}; }
    static constexpr Invalidation all_non_global() { return {Kind::invpcid_non_global, {}, {}}; }
    static constexpr Invalidation current_pcid() { return {Kind::cr3_write, {}, {}}; }
    static constexpr Invalidation pge_toggle() { return {Kind::pge_toggle, {}, {}}; }
};

// One INVLPGB instruction. ASIDs are not modelled: all entries belong to the host (ASID 0).
struct Invlpgb {
    enum class Addresses : std::uint8_t { all, range };      // rAX[0], "valid VA"
    enum class Contexts : std::uint8_t { all, one };         // rAX[1], "valid PCID"
    enum class Global : std::uint8_t { kept, included };     // rAX[3]
    enum class Structures : std::uint8_t { dropped, kept };  // rAX[4], "final translation only": kept
    enum class Stride : std::uint8_t { k4, m2 };             // ECX[31]
    static constexpr unsigned kMaxPages = 8;                 // InvlpgbCountMax + 1 of the modelled parts, Zen 3 to 5

    Addresses addresses = Addresses::all;
    Contexts contexts = Contexts::all;
    Global global = Global::included;
    Structures structures = Structures::dropped;
    Stride stride = Stride::k4;
    VirtAddr first{};
    unsigned pages = 1;  // ECX[15:0] + 1, at most kMaxPages
    Pcid pcid{};
};

}  // namespace splinter::x86
