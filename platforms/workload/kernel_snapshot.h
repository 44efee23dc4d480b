// The state of Linux's page allocator at one moment: every free list and per-cpu list in list order, and every pageblock's
// type. Read from snap0.json and snap1.json of a recorded trace; a model starts from the one and is compared with the other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/base/types.h"

namespace splinter::platforms {

struct SnapshotFreeList {
    Order order;
    std::uint8_t migratetype = 0;
    std::vector<Pfn> blocks;  // head first
};

struct SnapshotPcpList {
    unsigned pindex = 0;
    std::vector<Pfn> blocks;  // head first
};

// struct per_cpu_pages; the 6.12 fields are 0 in 6.1.
struct SnapshotPcp {
    CpuId cpu;
    PageCount count;
    PageCount high;
    PageCount batch;
    unsigned factor = 0;  // free_factor (6.1), alloc_factor (6.12): shifts of batch
    PageCount high_min;
    PageCount high_max;
    unsigned flags = 0;
    PageCount free_count;
    std::vector<SnapshotPcpList> lists;  // empty ones are left out
};

struct SnapshotZone {
    unsigned index = 0;  // ZONE_DMA 0, ZONE_DMA32 1, ZONE_NORMAL 2
    std::string name;
    PfnRange span;  // holes included
    PageCount present;
    PageCount managed;
    PageCount watermark_min;
    PageCount watermark_low;
    PageCount watermark_high;
    PageCount watermark_boost;
    PageCount nr_free;  // NR_FREE_PAGES: without the per-cpu deltas, so a few pages off the free lists
    PageCount nr_reserved_highatomic;
    std::vector<PageCount> lowmem_reserve;
    std::vector<SnapshotFreeList> free;  // empty ones are left out
    std::vector<SnapshotPcp> pcp;        // one for each cpu
    Pfn pageblock_start;
    std::string pageblock_types;  // a migratetype's digit each, '.' for a hole
};

struct KernelSnapshot {
    std::string path;    // the file really read
    std::string kernel;  // "6.1.192"
    unsigned cpus = 0;
    unsigned orders = 0;  // 11: orders 0 to 10
    unsigned migratetypes = 0;
    unsigned pcp_lists = 0;
    Order pageblock_order;
    std::vector<SnapshotZone> zones;  // by address, without the empty ones

    [[nodiscard]] const SnapshotZone* zone_of(Pfn pfn) const;  // nullptr outside of all
};

// Blocks of a per-cpu list by its index: three migratetypes each of orders 0 to 3, then THP lists (order_to_pindex()).
[[nodiscard]] Order pcp_list_order(unsigned pindex);

// Buddy lists and per-cpu lists.
[[nodiscard]] PageCount free_pages(const SnapshotZone& zone);

// Reads path or its .xz and checks it. UserError: path, or path:line:column for bad JSON, and the place within.
[[nodiscard]] KernelSnapshot load_kernel_snapshot(const std::string& path);

// path names the text in messages.
[[nodiscard]] KernelSnapshot parse_kernel_snapshot(const std::string& text, const std::string& path);

}  // namespace splinter::platforms
