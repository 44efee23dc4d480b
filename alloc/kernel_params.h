// Tunables of the modelled kernel, by the kernel's names where it has them.
#pragma once

#include <string>

#include "alloc/buddy/pcp_rules.h"
#include "hw/base/params.h"

namespace splinter::alloc {

struct FreetypeParams {
    std::string generation = "late";   // whose rules: buddy/generation.h
    std::string flip_unit = "2MiB";    // what leaves or enters the direct map at once
    bool refill_flips = false;         // rmqueue_bulk() may flip
    std::string scrub = "generation";  // when memory that was protected is cleared
    std::uint64_t preflip_low = 0;     // free unmapped pages: below it, a kernel thread flips ahead of demand,
    std::uint64_t preflip_high = 0;    // up to this many
    std::uint64_t return_above = 0;    // and above it, it returns whole free blocks
};

struct PageTableParams {
    std::string policy = "plain";              // where page-table pages come from: alloc/tables/policies.h
    std::string key_scope = "entry";           // around what the key register is switched: map/key_register.h
    std::string split_lock = "none";           // held over a change of the direct map that splits
    std::string flip_lock = "mutex";           // `freetype-key`: held over the flip of a pageblock
    std::string protect_split = "after-link";  // `per-page`: when the table of a split gets the key
    std::string refill_orders = "9+4+2";       // `pba`: orders of refills, in the order in which they are tried
    std::uint64_t reserve = 4;                 // `pba`, `freetype-key`: pages that ordinary requests leave for splits
    std::uint64_t percpu_pages = 32;           // `pba-percpu`: pages that a CPU takes from the list or gives back at once
    std::string mock = "none";                 // what of the keys is only played: none | switch-only
};

struct DirectMapParams {
    std::string largest_leaf = "1GiB";  // that boot makes: 2MiB as on CPUs without 1GiB pages, 4KiB as with debug_pagealloc
    std::string layout;                 // file of a recorded direct map; empty: boot's choice
    std::string flush_stride = "page";  // how a flush of a range counts: map/direct_map.h
};

struct KernelParams {
    std::string version = "6.12";              // whose allocator rules
    std::uint64_t flush_ceiling = 33;          // tlb_single_page_flush_ceiling: above it, everything is flushed
    std::string user_flush = "concurrent";     // order of a user flush: concurrent | sequential
    std::uint64_t pcp_batch = 63;              // pages per refill or drain of a per-CPU list (zone_batchsize())
    std::uint64_t pcp_high = 504;              // pages on a CPU's lists before it drains; 6.12: the least that it may sink to
    std::uint64_t pcp_high_max = 10'000'000;   // 6.12: the most that it may rise to, if the zone's own bound is not less
    Cycles stat_interval{2'500'000'000};       // sysctl_stat_interval: 1 s at 2.5 GHz
    std::uint64_t batch_pages = 512;           // strategy `batched`: pages per call
    std::uint64_t deferred_pages = 512;        // strategy `batched-deferred`: pages that wait for a flush at most
    Cycles deferred_deadline{12'500'000'000};  // and how long: 5 s at 2.5 GHz
    std::uint64_t side_cache_min_order = 9;    // strategy `side-cache`: the smallest block that refills it
    std::uint64_t side_cache_keep = 0;         // and the free pages that it keeps; 0: all, until memory is short
    std::string freetypes = "unmapped:unmovable";  // which freetypes with flags have lists: buddy/freetype_index.h
    FreetypeParams freetype{};
    PageTableParams page_tables{};
    DirectMapParams direct_map{};
    std::string pti = "off";              // page-table isolation: kernel leaves are not global
    Cycles tick{2'500'000};               // mechanism `latr`: the scheduler's tick, CONFIG_HZ = 1000 at 2.5 GHz
    bool compaction = true;               // CONFIG_COMPACTION: the slow path compacts
    std::uint64_t pcp_trylock_fails = 0;  // every Nth trylock of a per-CPU list fails; 0: only what is locked
};

void describe(KernelParams& params, ParamVisitor& visitor);

// Limits of a CPU's lists at boot.
PcpState pcp_limits(const KernelParams& params);

}  // namespace splinter::alloc
