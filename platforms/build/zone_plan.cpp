#include "platforms/build/zone_plan.h"

#include <algorithm>
#include <cmath>

namespace splinter::platforms {

using alloc::FrameTable;
using alloc::Migratetype;
using alloc::PerCpuPages;
using alloc::Zone;
using alloc::ZoneIndex;
using alloc::ZoneKind;
using alloc::ZoneLayout;

namespace {

constexpr std::uint64_t kDmaEnd = std::uint64_t{16} << 20;
constexpr std::uint64_t kDma32End = std::uint64_t{4} << 30;
constexpr std::uint64_t kReservedBytes = std::uint64_t{1} << 20;  // real-mode memory and firmware
// sysctl_lowmem_reserve_ratio: a lower zone keeps 1/256 (DMA, DMA32) of the pages above it.
constexpr std::uint64_t kLowmemReserveRatio = 256;

PfnRange frames_between(std::uint64_t begin, std::uint64_t end) {
    return {pfn_of(PhysAddr{begin}), PageCount{(end - begin) >> kPageShift}};
}

// The largest aligned blocks that tile [from, to): order-10 ones become wilderness, the edges listed blocks.
void free_range(Zone& zone, Pfn from, Pfn to) {
    const std::uint64_t largest = alloc::kMaxOrder.pages().raw();
    while (from < to) {
        if (from.raw() % largest == 0 && (to - from).raw() >= largest) {
            const PageCount whole{(to - from).raw() & ~(largest - 1)};
            zone.add_wilderness({from, whole});
            from += whole;
            continue;
        }
        unsigned order = 0;
        while (order + 1 < alloc::kOrders && from.raw() % (std::uint64_t{2} << order) == 0 &&
               (to - from).raw() >= (std::uint64_t{2} << order))
            ++order;
        zone.add_free_block(from, Order{order}, Migratetype::movable);
        from += Order{order}.pages();
    }
}

alloc::PcpState pcp_state(const SnapshotPcp& recorded) {
    constexpr unsigned kPrevFreeHighOrder = 1;  // PCPF_PREV_FREE_HIGH_ORDER
    constexpr unsigned kFreeHighBatch = 2;      // PCPF_FREE_HIGH_BATCH
    alloc::PcpState state;
    state.batch = recorded.batch;
    state.high = recorded.high;
    state.high_min = recorded.high_min;
    state.high_max = recorded.high_max;
    state.factor = recorded.factor;
    state.free_count = recorded.free_count;
    state.freed_high_order = (recorded.flags & kPrevFreeHighOrder) != 0;
    state.keeps_high_batch = (recorded.flags & kFreeHighBatch) != 0;
    return state;
}

ZoneKind kind_of(std::string_view name) {
    if (name == "DMA") return ZoneKind::dma;
    if (name == "DMA32") return ZoneKind::dma32;
    return name == "Movable" ? ZoneKind::movable : ZoneKind::normal;
}

// Pages of the zones of the same node between `layouts[zone]` and what a request up to `highest` may use.
std::uint64_t managed_above(const std::vector<ZoneLayout>& layouts, std::size_t zone, ZoneKind highest) {
    std::uint64_t pages = 0;
    for (const ZoneLayout& other : layouts)
        if (other.node == layouts[zone].node && other.kind > layouts[zone].kind && other.kind <= highest)
            pages += other.managed.raw();
    return pages;
}

}  // namespace

void set_watermarks(std::vector<ZoneLayout>& layouts) {
    std::uint64_t total = 0;
    for (const ZoneLayout& layout : layouts) total += layout.managed.raw();
    const auto min_free_kbytes = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(total * (kPageBytes / 1024) * 16)));
    const std::uint64_t min_pages = std::clamp<std::uint64_t>(min_free_kbytes, 128, 262144) / (kPageBytes / 1024);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        ZoneLayout& layout = layouts[i];
        layout.watermark_min = PageCount{min_pages * layout.managed.raw() / std::max<std::uint64_t>(total, 1)};
        // The marks are a quarter of the minimum apart, or 0.1 % of the zone.
        const PageCount step{std::max(layout.watermark_min.raw() / 4, layout.managed.raw() / 1000)};
        layout.watermark_low = layout.watermark_min + step;
        layout.watermark_high = layout.watermark_low + step;
        layout.lowmem_reserve.clear();
        for (std::size_t highest = 0; highest < alloc::kZoneKinds; ++highest)
            layout.lowmem_reserve.push_back(managed_above(layouts, i, static_cast<ZoneKind>(highest)) / kLowmemReserveRatio);
    }
}

std::vector<Zone> plan_zones(std::uint64_t memory_bytes, std::uint64_t nodes, FrameTable& frames,
                             const alloc::KernelRules& rules, const alloc::FreetypeLists& freetypes) {
    std::vector<ZoneLayout> layouts;
    // Nodes have equal shares, of whole blocks of the largest order; the last has the rest.
    const std::uint64_t unit = alloc::kMaxOrder.pages().raw() * kPageBytes;
    const std::uint64_t share = memory_bytes / nodes / unit * unit;
    for (std::uint64_t node = 0; node < nodes; ++node) {
        const std::uint64_t node_begin = node * share;
        const std::uint64_t node_end = node + 1 == nodes ? memory_bytes : node_begin + share;
        const auto add = [&](const char* name, std::uint64_t begin, std::uint64_t end) {
            begin = std::max(begin, node_begin);
            end = std::min(end, node_end);
            if (begin >= end) return;
            ZoneLayout layout;
            layout.name = name;
            layout.index = ZoneIndex{static_cast<std::uint8_t>(layouts.size())};
            layout.span = frames_between(begin, end);
            layout.managed = layout.span.count - PageCount{begin == 0 ? kReservedBytes >> kPageShift : 0};
            layout.node = alloc::NodeId{static_cast<std::uint8_t>(node)};
            layout.kind = kind_of(layout.name);
            layouts.push_back(std::move(layout));
        };
        add("DMA", 0, kDmaEnd);
        add("DMA32", kDmaEnd, kDma32End);
        add("Normal", kDma32End, memory_bytes);
    }
    set_watermarks(layouts);
    std::vector<Zone> zones;
    for (ZoneLayout& layout : layouts) {
        const Pfn begin = std::max(layout.span.first, pfn_of(PhysAddr{kReservedBytes}));
        const Pfn end = layout.span.end();
        zones.emplace_back(std::move(layout), frames, rules, freetypes);
        free_range(zones.back(), begin, end);
    }
    return zones;
}

std::vector<Zone> plan_zones(const KernelSnapshot& snapshot, FrameTable& frames, const alloc::KernelRules& rules,
                             const alloc::FreetypeLists& freetypes) {
    std::vector<Zone> zones;
    for (const SnapshotZone& recorded : snapshot.zones) {
        ZoneLayout layout{recorded.name,          ZoneIndex{static_cast<std::uint8_t>(zones.size())},
                          recorded.span,          recorded.managed,
                          recorded.watermark_min, {}};
        for (PageCount reserve : recorded.lowmem_reserve) layout.lowmem_reserve.push_back(reserve.raw());
        // high_wmark_pages() and its like: the boost is part of each mark.
        layout.watermark_min += recorded.watermark_boost;
        layout.watermark_low = recorded.watermark_low + recorded.watermark_boost;
        layout.watermark_high = recorded.watermark_high + recorded.watermark_boost;
        layout.kind = static_cast<ZoneKind>(std::min<std::size_t>(recorded.index, alloc::kZoneKinds - 1));
        Zone& zone = zones.emplace_back(std::move(layout), frames, rules, freetypes);
        zone.set_highatomic_reserved(recorded.nr_reserved_highatomic);
        for (std::size_t i = 0; i < recorded.pageblock_types.size(); ++i) {
            const char type = recorded.pageblock_types[i];
            const Pfn block = recorded.pageblock_start + PageCount{i << alloc::kPageblockOrder.index()};
            if (type != '.')
                zone.set_pageblock_migratetype(std::max(block, recorded.span.first), static_cast<Migratetype>(type - '0'));
        }
        for (const SnapshotFreeList& list : recorded.free)
            for (Pfn block : list.blocks) zone.add_free_block(block, list.order, static_cast<Migratetype>(list.migratetype));
    }
    return zones;
}

Migratetype remembered_type(const Zone& zone, unsigned pindex, Pfn block) {
    const Migratetype listed = PerCpuPages::type_of(pindex);
    const Migratetype owner = zone.pageblock_freetype(block).migratetype;
    const bool same_list = PerCpuPages::list_index(PerCpuPages::order_of(pindex), owner) == pindex;
    return same_list ? owner : listed;
}

void load_pcp_lists(const KernelSnapshot& snapshot, alloc::PageAllocator& pages, FrameTable& frames, std::size_t cores) {
    for (std::size_t z = 0; z < snapshot.zones.size(); ++z) {
        const SnapshotZone& recorded = snapshot.zones[z];
        if (recorded.pcp.empty()) continue;  // nothing is known of them: the configured limits stay
        const Zone& zone = pages.zones()[z];
        for (std::size_t core = 0; core < cores; ++core) {  // cores beyond the recorded CPUs get CPU 0's limits
            const SnapshotPcp& pcp = recorded.pcp[core < recorded.pcp.size() ? core : 0];
            pages.pcp(zone, CpuId{static_cast<std::uint32_t>(core)}).configure(pcp_state(pcp));
        }
        for (const SnapshotPcp& pcp : recorded.pcp) {
            PerCpuPages& lists = pages.pcp(zone, CpuId{static_cast<std::uint32_t>(pcp.cpu.raw() % cores)});
            for (const SnapshotPcpList& list : pcp.lists)
                for (Pfn block : list.blocks)
                    lists.push_cold(frames, list.pindex, block, remembered_type(zone, list.pindex, block));
        }
    }
}

}  // namespace splinter::platforms
