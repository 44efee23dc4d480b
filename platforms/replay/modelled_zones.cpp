#include "platforms/replay/modelled_zones.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace splinter::platforms {
namespace {

using alloc::FreeType;
using alloc::Mapping;
using alloc::Migratetype;

void compare_lists(Predicted kind, const std::string& name, const std::vector<Pfn>& expected, const std::vector<Pfn>& got,
                   LevelReport& report) {
    if (expected.empty() && got.empty()) return;
    report.count(kind, expected == got, [&] {
        const auto [left, right] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
        const auto block = [](auto at, auto end) {
            return at == end ? std::string{"its end"} : fmt::format("block {:x}", at->raw());
        };
        return fmt::format("{}: {} blocks in the kernel, {} in the model; at position {} the kernel has {}, the model has {}",
                           name, expected.size(), got.size(), left - expected.begin(), block(left, expected.end()),
                           block(right, got.end()));
    });
}

// Where the high watermark moved `high`, the factor of refills follows it; the batch and the series of frees do not.
void compare_state(const alloc::Zone& zone, const alloc::PcpState& got, const SnapshotPcp& recorded, Limits limits,
                   LevelReport& report) {
    const bool fixed = got.batch == recorded.batch && got.free_count == recorded.free_count;
    const bool floating = got.high == recorded.high && got.factor == recorded.factor;
    const bool sank = recorded.high < got.high && recorded.high >= recorded.high_min && got.factor == recorded.factor;
    if (fixed && !floating && (limits == Limits::floated || (limits == Limits::may_have_sunk && sank)))
        return report.recognise(Exception::floating_high);
    report.count(Predicted::pcp_state, fixed && floating, [&] {
        return fmt::format(
            "zone {}, CPU {}: the kernel's per-CPU lists have high {}, batch {}, factor {}, free_count {}; the model's have "
            "{}, {}, {}, {}",
            zone.layout().name, recorded.cpu.raw(), recorded.high.raw(), recorded.batch.raw(), recorded.factor,
            recorded.free_count.raw(), got.high.raw(), got.batch.raw(), got.factor, got.free_count.raw());
    });
}

}  // namespace

PageCount frames_of(const KernelSnapshot& snapshot) {
    Pfn end{0};
    for (const SnapshotZone& zone : snapshot.zones) end = std::max(end, zone.span.end());
    return PageCount{end.raw()};
}

bool overlaps_free(const alloc::Zone& zone, Pfn block, Order order) {
    const alloc::FrameTable& frames = zone.frames();
    for (Pfn at = block; at < block + order.pages(); at += PageCount{1})
        if (!frames.state(at).none()) return true;
    for (Order outer = order; outer < alloc::kMaxOrder; outer = outer.next()) {  // inside of a larger one
        const Pfn head{block.raw() & ~(outer.next().pages().raw() - 1)};
        if (zone.contains(head) && !frames.state(head).none() && frames.order(head) > outer) return true;
    }
    return false;
}

bool take_out(alloc::Zone& zone, Pfn block, Order order) {
    const auto whole = zone.free_block_of(block);
    if (!whole || zone.frames().order(*whole) < order) return false;
    Order left = zone.frames().order(*whole);
    const FreeType type = zone.list_type_of(*whole);
    zone.unlink(*whole);
    for (Pfn at = *whole; left > order;) {
        left = left.prev();
        const Pfn upper = at + left.pages();
        zone.add_at_head(block < upper ? upper : at, left, type);
        if (block >= upper) at = upper;
    }
    return true;
}

void compare_zone(const alloc::Zone& zone, const SnapshotZone& recorded, LevelReport& report) {
    using Key = std::pair<unsigned, std::size_t>;  // order, list
    std::map<Key, std::vector<Pfn>> expected, got;
    for (const SnapshotFreeList& list : recorded.free) expected[{list.order.index(), list.migratetype}] = list.blocks;
    zone.for_each_free([&](Pfn block, Order order, std::size_t list) { got[{order.index(), list}].push_back(block); });
    for (const auto& [key, blocks] : got) expected.try_emplace(key);
    for (const auto& [key, blocks] : expected)
        compare_lists(Predicted::free_list,
                      fmt::format("zone {}, order {}, {}", recorded.name, key.first, alloc::kMigratetypeNames[key.second]),
                      blocks, got[key], report);
    for (std::size_t i = 0; i < recorded.pageblock_types.size(); ++i) {
        const char type = recorded.pageblock_types[i];
        if (type == '.') continue;
        const Pfn block =
            std::max(recorded.pageblock_start + PageCount{i << alloc::kPageblockOrder.index()}, recorded.span.first);
        const auto expected_type = static_cast<Migratetype>(type - '0');
        const Migratetype got_type = zone.pageblock_freetype(block).migratetype;
        report.count(Predicted::pageblock, expected_type == got_type, [&] {
            return fmt::format("pageblock {:x}: {} in the kernel, {} in the model", block.raw(),
                               alloc::kMigratetypeNames[static_cast<std::size_t>(expected_type)],
                               alloc::kMigratetypeNames[static_cast<std::size_t>(got_type)]);
        });
    }
}

void compare_pcp(const alloc::Zone& zone, const alloc::PerCpuPages& lists, const SnapshotPcp& recorded, Limits limits,
                 LevelReport& report) {
    for (std::size_t i = 0; i < lists.lists().size(); ++i) {
        std::vector<Pfn> expected, got;
        for (const SnapshotPcpList& list : recorded.lists)
            if (list.pindex == i) expected = list.blocks;
        for (auto block = lists.lists()[i].front(); block; block = zone.frames().next(*block)) got.push_back(*block);
        compare_lists(Predicted::pcp_list,
                      fmt::format("zone {}, CPU {}, per-CPU list {}", zone.layout().name, recorded.cpu.raw(), i), expected, got,
                      report);
    }
    compare_state(zone, lists.state(), recorded, limits, report);
}

void compare_reserve(const alloc::Zone& zone, const SnapshotZone& recorded, LevelReport& report) {
    report.count(Predicted::reserve, zone.highatomic_reserved() == recorded.nr_reserved_highatomic, [&] {
        return fmt::format("zone {}: nr_reserved_highatomic is {} in the kernel, {} in the model", recorded.name,
                           recorded.nr_reserved_highatomic.raw(), zone.highatomic_reserved().raw());
    });
}

}  // namespace splinter::platforms
