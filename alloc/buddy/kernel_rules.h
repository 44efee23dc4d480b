// What mm/page_alloc.c of Linux 6.1 and of Linux 6.12 do differently, as one value for each rule and one row for each version.
// Everything that the allocator does and that is not listed here is the same in both. Read from the sources of 6.1.192 and
// 6.12.117 and checked by replays of recorded kernels (`splinter replay DIR --level buddy|pcp`).
#pragma once

#include <optional>
#include <string_view>

#include "alloc/buddy/fallback.h"
#include "alloc/buddy/pcp_rules.h"
#include "hw/base/types.h"

namespace splinter::alloc {

// __free_one_page(): a block of pageblock order merges with a buddy whose pageblock has another (mergeable) migratetype.
enum class MergedPageblock : std::uint8_t {
    keeps_its_type,        // 6.1: the pageblock's type and the list of its free memory may differ from then on
    takes_the_freed_type,  // 6.12: change_pageblock_range(), "Match buddy type"
};

// free_one_page(): a block of more than pageblock order that no per-CPU list serves.
enum class LargeFree : std::uint8_t {
    whole,          // 6.1: __free_one_page() of the block, under the type of its first pageblock
    by_pageblocks,  // 6.12: split_large_buddy(), each pageblock under its own type
};

// move_freepages_block() (6.1), prep_move_freepages_block() (6.12): the pageblock starts before its zone, as the first one of
// zone DMA does. One that ends behind its zone is left alone by both.
enum class EdgePageblock : std::uint8_t {
    moves_from_the_page_on,  // 6.1: from the page that was asked for
    is_left_alone,           // 6.12: nothing moves, the claim fails
};

// free_pcppages_bulk(): under which migratetype a block goes back to the buddy lists.
enum class DrainedType : std::uint8_t {
    remembered,            // 6.1: get_pcppage_migratetype(), set when the block was taken or freed
    of_the_pageblock_now,  // 6.12: get_pfnblock_migratetype()
};

// reserve_highatomic_pageblock(), unreserve_highatomic_pageblock(), __zone_watermark_unusable_free(): highatomic.h tells them
// in full.
enum class HighatomicReserve : std::uint8_t {
    by_pageblock,  // 6.1: one pageblock each time, at most 1 % of the zone and one more; watermarks leave out all that is
                   // reserved
    by_block,  // 6.12: all pageblocks of the block, 1 % rounded up, none below 1 pageblock; they leave out what is free of it
};

// free_unref_page_list() of 6.1, free_unref_folios() of 6.12: how long a batch of frees keeps its CPU's lists locked.
enum class BulkFree : std::uint8_t {
    in_clusters,  // 6.1: at most SWAP_CLUSTER_MAX pages
    at_once,      // 6.12: while the zone stays the same
};

// isolate_migratepages_block(): pages of more than order 0 that compaction may move.
enum class MigratedBlocks : std::uint8_t {
    single_pages,           // 6.1: "if (PageCompound(page) && !cc->alloc_contig)": skipped
    smaller_than_the_goal,  // 6.12: skip_isolation_on_order()
};

// suitable_migration_target(): the free block that a pageblock begins with is too large for compaction to break it.
enum class MigrationTarget : std::uint8_t {
    below_a_pageblock,  // 6.1: order >= pageblock_order
    below_the_goal,     // 6.12: order >= cc->order (since 6.9)
};

// __isolate_free_page() of half a pageblock or more: its pageblocks become movable, unless their types may not merge.
enum class IsolatedPageblock : std::uint8_t {
    changes_its_type,       // 6.1: set_pageblock_migratetype(); what else is free there stays on its lists
    moves_its_free_blocks,  // 6.12: move_freepages_block()
};

// mm_page_alloc_extfrag against mm_page_alloc_zone_locked of the same take.
enum class FallbackTrace : std::uint8_t {
    before_the_take,  // 6.1: __rmqueue_fallback() moves a block, then __rmqueue_smallest() takes it, always
    after_the_take,   // 6.12: after a claim of part of a pageblock; in place of the other for a whole one and for a steal
};

struct KernelRules {
    std::string_view version;
    MergedPageblock merged_pageblock;
    LargeFree large_free;
    EdgePageblock edge_pageblock;
    DrainedType drained_type;
    FallbackTrace fallback_trace;
    HighatomicReserve highatomic;
    BulkFree bulk_free;
    MigratedBlocks migrated_blocks;
    MigrationTarget migration_target;
    IsolatedPageblock isolated_pageblock;
    TakeBlock take_block;       // __rmqueue(): fallback_6_1.cpp, fallback_6_12.cpp
    const PcpRules& pcp_rules;  // sizes of refills and drains: pcp_rules_6_1.cpp, pcp_rules_6_12.cpp
};

extern const KernelRules kLinux6_1;
extern const KernelRules kLinux6_12;

// "6.1", "6.1.192", "6.12": nothing for a kernel that is not modelled.
[[nodiscard]] const KernelRules* find_kernel_rules(std::string_view version);

}  // namespace splinter::alloc
