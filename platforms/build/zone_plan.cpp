#include "platforms/build/zone_plan.h"

#include <algorithm>
#include <cmath>

namespace splinter::platforms {

using alloc::FrameTable;
using alloc::Migratetype;
using alloc::PerCpuPages;
using alloc::Zone;
using alloc::ZoneIndex;
using alloc::ZoneLayout;

namespace {

constexpr unsigned kZoneNormal = 2;  // ZONE_NORMAL
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

void set_watermarks(std::vector<ZoneLayout>& layouts) {
    std::uint64_t total = 0;
    for (const ZoneLayout& layout : layouts) total += layout.managed.raw();
    const auto min_free_kbytes = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(total * (kPageBytes / 1024) * 16)));
    const std::uint64_t min_pages = std::clamp<std::uint64_t>(min_free_kbytes, 128, 262144) / (kPageBytes / 1024);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
        layouts[i].watermark_min = PageCount{min_pages * layouts[i].managed.raw() / std::max<std::uint64_t>(total, 1)};
        // __setup_per_zone_wmarks(): the marks are a quarter of the minimum apart, or 0.1 % of the zone.
        const std::uint64_t step = std::max(layouts[i].watermark_min.raw() / 4, layouts[i].managed.raw() / 1000);
        layouts[i].watermark_high = layouts[i].watermark_min + PageCount{2 * step};
        if (layouts[i].name == "Normal") layouts[i].kind = alloc::ZoneKind::normal;
        std::uint64_t above = 0;
        layouts[i].lowmem_reserve.assign(layouts.size(), 0);
        for (std::size_t j = i + 1; j < layouts.size(); ++j) {
            above += layouts[j].managed.raw();
            layouts[i].lowmem_reserve[j] = above / kLowmemReserveRatio;
        }
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

// The migratetype that 6.1 remembers of a block on a per-CPU list, which a snapshot does not hold: that of the list, which it
// was chosen by, but for types that share a list.
Migratetype remembered_type(const Zone& zone, unsigned pindex, Pfn block) {
    const Migratetype listed = PerCpuPages::type_of(pindex);
    const Migratetype owner = zone.pageblock_freetype(block).migratetype;
    const bool same_list = PerCpuPages::list_index(PerCpuPages::order_of(pindex), owner) == pindex;
    return same_list ? owner : listed;
}

}  // namespace

std::vector<Zone> plan_zones(std::uint64_t memory_bytes, FrameTable& frames, const alloc::KernelRules& rules,
                             const alloc::FreetypeLists& freetypes) {
    std::vector<ZoneLayout> layouts;
    const auto add = [&](const char* name, std::uint64_t begin, std::uint64_t end) {
        if (begin >= end) return;
        const PfnRange span = frames_between(begin, end);
        const std::uint64_t reserved = begin == 0 ? kReservedBytes >> kPageShift : 0;
        layouts.push_back({name,
                           ZoneIndex{static_cast<std::uint8_t>(layouts.size())},
                           span,
                           span.count - PageCount{reserved},
                           PageCount{0},
                           {}});
    };
    add("DMA", 0, std::min(memory_bytes, kDmaEnd));
    add("DMA32", kDmaEnd, std::min(memory_bytes, kDma32End));
    add("Normal", kDma32End, memory_bytes);
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
        layout.watermark_high = recorded.watermark_high + recorded.watermark_boost;
        layout.kind = recorded.index == kZoneNormal ? alloc::ZoneKind::normal : alloc::ZoneKind::other;
        Zone& zone = zones.emplace_back(std::move(layout), frames, rules, freetypes);
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

void load_pcp_lists(const KernelSnapshot& snapshot, alloc::PageAllocator& pages, FrameTable& frames, std::size_t cores) {
    for (std::size_t z = 0; z < snapshot.zones.size(); ++z) {
        const SnapshotZone& recorded = snapshot.zones[z];
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
