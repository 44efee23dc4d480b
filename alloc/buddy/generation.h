// What the two generations of the ALLOC_UNMAPPED series that were read do differently in the page allocator, as one value for
// each rule and one row for each generation. What is not listed is the same in both.
//   late   mm/page_alloc.c of bjackman/linux @ 42fa552a0a5f (v3 of 2026-07-26)
//   early  the same file @ a3c87cc761be (between RFC v1 and v2)
// Tags: [C] read in that code, [M] read in a mail, [I] inferred. No kernel has checked these policies.
#pragma once

#include <cstdint>
#include <string_view>

namespace splinter::alloc {

// How __rmqueue_direct_map() looks for a whole free block of the other kind.
enum class BlockSearch : std::uint8_t {
    claim_tried_again,  // late [C]: __rmqueue() in normal mode, then again in claim mode
    one_call,           // early [C]: one __rmqueue(), which falls through claim and steal by itself
};

// The other kind has no list under the request's migratetype (freetype_idx() is -1).
enum class MissingList : std::uint8_t {
    refuses,            // late [C]: NULL. A movable request cannot take unmapped blocks back
    searches_fallback,  // early [C]: no test. A movable request could claim an UNMOVABLE|UNMAPPED block [I]
};

// set_direct_map_valid_noflush() says -ENOMEM.
enum class FailedFlip : std::uint8_t {
    rolled_back,  // late [C]: the change is undone, the block is freed under its old freetype
    leaked,       // early [C]: NULL, and nobody has the block
};

// The rest of a flipped block.
enum class Remainder : std::uint8_t {
    expanded,            // late [C]: expand(), from the largest piece down, at the heads of the lists
    freed_lowest_first,  // early [C]: __free_one_page() of each piece, from the smallest up, with its choice of head or tail
};

// __GFP_ZERO with an unmapped request.
enum class ZeroedUnmapped : std::uint8_t {
    refused,                   // late [C]: prepare_alloc_pages() returns false; the page cache zeroes [M]
    cleared_by_the_allocator,  // early [C/M 20/22]: post_alloc_hook(), through the mermap
};

// For which order the slow path compacts.
enum class CompactionFor : std::uint8_t {
    flip_unit_if_unmapped,  // late [M]: "always direct compact for unmapped allocs": only a whole free block can be flipped
    the_request,            // early [C]
};

// When memory that was protected is cleared before others see it.
enum class Scrub : std::uint8_t {
    never,     // early [C]
    on_remap,  // late [C]: clear_highpages_kasan_tagged() of the block, in the request that took it back
    on_free,   // [I] each unmapped page when it is freed
    on_alloc,  // [I] each page when a mapped request takes it; the kernel would need a page flag for it
};

struct GenerationRules {
    std::string_view name;
    BlockSearch search;
    MissingList missing_list;
    FailedFlip failed_flip;
    Remainder remainder;
    ZeroedUnmapped zeroed_unmapped;
    CompactionFor compaction;
    Scrub scrub;
};

extern const GenerationRules kLate;
extern const GenerationRules kEarly;

// Null for an unknown name.
[[nodiscard]] const GenerationRules* find_generation(std::string_view name);

}  // namespace splinter::alloc
