// How many pages a CPU's lists take from the buddy at once, how many they hold, and how many they give back: the heuristics of
// struct per_cpu_pages, which 6.1 and 6.12 have different ones of.
#pragma once

#include "hw/base/types.h"

namespace splinter::alloc {

// struct per_cpu_pages without its lists. Fields that a version does not have keep their initial values.
struct PcpState {
    PageCount count;  // on all lists
    PageCount batch{63};
    PageCount high{378};            // 6.12: floats between the next two
    PageCount high_min{378};        // 6.12
    PageCount high_max{378};        // 6.12
    unsigned factor = 0;            // 6.1: free_factor; 6.12: alloc_factor
    PageCount free_count;           // 6.12: pages freed since the last allocation, which halves it
    bool freed_high_order = false;  // 6.12: PCPF_PREV_FREE_HIGH_ORDER
    bool keeps_high_batch = true;   // 6.12: PCPF_FREE_HIGH_BATCH: this CPU's cache is large enough to keep a batch
};

inline constexpr unsigned kPcpBatchScaleMax = 5;  // CONFIG_PCP_BATCH_SCALE_MAX
inline constexpr unsigned kCostlyOrder = 3;       // PAGE_ALLOC_COSTLY_ORDER

// ZONE_BELOW_HIGH: the zone has fewer free pages than its high watermark (6.12).
enum class ZoneFill : std::uint8_t { above_high, below_high };

class PcpRules {
  public:
    virtual ~PcpRules() = default;
    // A page is asked for, from whichever list (rmqueue_pcplist(), not alloc_pages_bulk()).
    virtual void on_allocate(PcpState& pcp) const = 0;
    // Blocks that a refill of a list of `order` takes (__rmqueue_pcplist()).
    [[nodiscard]] virtual unsigned refill_blocks(PcpState& pcp, Order order, ZoneFill fill) const = 0;
    // A block of `order` was put on its list and counted: pages to drain now (free_unref_page_commit()).
    [[nodiscard]] virtual PageCount on_free(PcpState& pcp, Order order, ZoneFill fill) const = 0;
    // A free of this order would empty the lists, lest small blocks of high order pile up (free_high).
    [[nodiscard]] virtual bool frees_high(const PcpState& pcp, Order order) const = 0;
    // The vmstat worker looks at the lists, without their lock: pages to drain of the `count` that it sees (decay_pcp_high()).
    [[nodiscard]] virtual PageCount decay(PcpState& pcp, PageCount count) const = 0;
};

const PcpRules& pcp_rules_6_1();
const PcpRules& pcp_rules_6_12();

}  // namespace splinter::alloc
