#include "platforms/workload/proc_start.h"

#include <algorithm>

#include "alloc/buddy/zone.h"
#include "platforms/build/zone_plan.h"

namespace splinter::platforms {

namespace {

using alloc::Migratetype;

constexpr Order kMaxOrder = alloc::kMaxOrder;
constexpr unsigned kBlockOrder = alloc::kPageblockOrder.index();
constexpr std::uint64_t kBlockPages = std::uint64_t{1} << kBlockOrder;
constexpr std::uint64_t kZoneAlignment = std::uint64_t{1} << kMaxOrder.index();

Migratetype type_of(FreeRow row) {
    switch (row) {
        case FreeRow::cma:
            return Migratetype::movable;  // the model has no CMA
        case FreeRow::unmapped:
            return Migratetype::unmovable;  // boot maps everything
        default:
            return static_cast<Migratetype>(row);
    }
}

unsigned index_of(const std::string& zone) {
    constexpr std::array<std::string_view, 5> kNames{"DMA", "DMA32", "Normal", "Movable", "Device"};
    return static_cast<unsigned>(std::find(kNames.begin(), kNames.end(), zone) - kNames.begin());
}

// Lays out one zone. A container is a piece of a pageblock in which not everything may be free: one free block of its half and
// a container of the other half, and so on down to a page that is in use.
class ZonePlacer {
  public:
    ZonePlacer(const ProcZone& zone, Pfn start) : start_{start} {
        for (std::size_t row = 0; row < kFreeRows; ++row) {
            const auto type = static_cast<std::size_t>(type_of(static_cast<FreeRow>(row)));
            left_[type] += zone.pageblocks[row];
            for (std::size_t order = 0; order < kProcOrders; ++order) blocks_[type][order] += zone.free[row][order];
        }
    }

    SnapshotZone place() {
        for (std::size_t type = 0; type < alloc::kMigratetypes; ++type)
            for (std::uint64_t i = 0; i < blocks_[type][kMaxOrder.index()]; ++i) {
                add(kMaxOrder.index(), type, next_pageblock(type));
                next_pageblock(type);
            }
        for (std::size_t type = 0; type < alloc::kMigratetypes; ++type)
            for (std::uint64_t i = 0; i < blocks_[type][kBlockOrder]; ++i) {
                add(kBlockOrder, type, next_pageblock(type));
                holes_.push_back(types_.size());  // its buddy is not wholly free
                types_.push_back('?');
            }
        for (std::size_t type = 0; type < alloc::kMigratetypes; ++type) place_small(type);
        for (std::size_t type = 0; type < alloc::kMigratetypes; ++type)
            while (left_[type] > 0) pageblock_in_use(type);
        for (; holes_used_ < holes_.size(); ++holes_used_) {
            ++added_;
            types_[holes_[holes_used_]] = '1';
        }
        return finish();
    }
    [[nodiscard]] std::uint64_t added() const { return added_; }

  private:
    void place_small(std::size_t type) {
        std::array<std::vector<Pfn>, kBlockOrder + 1> containers;
        for (unsigned order = kBlockOrder; order-- > 0;)
            for (std::uint64_t i = 0; i < blocks_[type][order]; ++i) {
                unsigned size = order + 1;
                while (size <= kBlockOrder && containers[size].empty()) ++size;
                if (size > kBlockOrder) containers[size = kBlockOrder].push_back(pageblock_in_use(type));
                const Pfn at = containers[size].back();
                containers[size].pop_back();
                while (size-- > order + 1) containers[size].push_back(at + Order{size}.pages());
                add(order, type, at);
                containers[order].push_back(at + Order{order}.pages());
            }
    }

    void add(unsigned order, std::size_t type, Pfn block) { lists_[type][order].push_back(block); }

    void count(std::size_t type) { left_[type] > 0 ? --left_[type] : ++added_; }

    Pfn next_pageblock(std::size_t type) {
        count(type);
        types_.push_back(static_cast<char>('0' + type));
        return start_ + PageCount{(types_.size() - 1) * kBlockPages};
    }

    // Beside a free pageblock if there is such a place, else behind the others.
    Pfn pageblock_in_use(std::size_t type) {
        if (holes_used_ == holes_.size()) return next_pageblock(type);
        count(type);
        const std::size_t hole = holes_[holes_used_++];
        types_[hole] = static_cast<char>('0' + type);
        return start_ + PageCount{hole * kBlockPages};
    }

    SnapshotZone finish() {
        SnapshotZone zone;
        zone.span = {start_, PageCount{types_.size() * kBlockPages}};
        zone.present = zone.managed = zone.span.count;
        zone.pageblock_start = start_;
        zone.pageblock_types = types_;
        for (unsigned order = 0; order < kProcOrders; ++order)
            for (std::size_t type = 0; type < alloc::kMigratetypes; ++type)
                if (!lists_[type][order].empty())
                    zone.free.push_back({Order{order}, static_cast<std::uint8_t>(type), lists_[type][order]});
        return zone;
    }

    Pfn start_;
    std::array<OrderCounts, alloc::kMigratetypes> blocks_{};
    std::array<std::uint64_t, alloc::kMigratetypes> left_{};  // pageblocks that pagetypeinfo has and that are not placed
    std::array<std::array<std::vector<Pfn>, kProcOrders>, alloc::kMigratetypes> lists_;
    std::string types_;
    std::vector<std::size_t> holes_;
    std::size_t holes_used_ = 0;
    std::uint64_t added_ = 0;
};

// The files do not have the marks.
void assume_watermarks(std::vector<SnapshotZone>& zones) {
    std::vector<alloc::ZoneLayout> layouts(zones.size());
    for (std::size_t i = 0; i < zones.size(); ++i) {
        layouts[i].managed = zones[i].managed;
        layouts[i].kind = static_cast<alloc::ZoneKind>(std::min<std::size_t>(zones[i].index, alloc::kZoneKinds - 1));
    }
    set_watermarks(layouts);
    for (std::size_t i = 0; i < zones.size(); ++i) {
        zones[i].watermark_min = layouts[i].watermark_min;
        zones[i].watermark_low = layouts[i].watermark_low;
        zones[i].watermark_high = layouts[i].watermark_high;
        for (std::uint64_t pages : layouts[i].lowmem_reserve) zones[i].lowmem_reserve.emplace_back(pages);
    }
}

}  // namespace

ProcStart place_free_lists(const ProcFreeLists& lists, unsigned cpus) {
    ProcStart start;
    start.notes = lists.notes;
    start.snapshot.cpus = cpus;
    start.snapshot.orders = kProcOrders;
    start.snapshot.migratetypes = alloc::kMigratetypes;
    start.snapshot.pageblock_order = alloc::kPageblockOrder;
    Pfn at{0};
    std::uint64_t added = 0;
    for (const ProcZone& zone : lists.zones) {
        ZonePlacer placer{zone, at};
        SnapshotZone& placed = start.snapshot.zones.emplace_back(placer.place());
        placed.name = zone.name;
        placed.index = index_of(zone.name);
        added += placer.added();
        at = Pfn{(placed.span.end().raw() + kZoneAlignment - 1) / kZoneAlignment * kZoneAlignment};
    }
    std::erase_if(start.snapshot.zones, [](const SnapshotZone& zone) { return zone.span.count == PageCount{0}; });
    assume_watermarks(start.snapshot.zones);
    start.notes.emplace_back(
        "addresses and watermarks are not in these files: blocks are placed by a fixed rule, marks computed");
    if (lists.has_rows && added > 0)
        start.notes.push_back(std::to_string(added) + " pageblocks were added to those that pagetypeinfo counts");
    for (const FreeRow row : {FreeRow::cma, FreeRow::unmapped}) {
        std::uint64_t blocks = 0;
        for (const ProcZone& zone : lists.zones)
            for (const std::uint64_t count : zone.free[static_cast<std::size_t>(row)]) blocks += count;
        if (blocks > 0)
            start.notes.push_back(std::to_string(blocks) + " free blocks of type " +
                                  std::string{kFreeRowNames[static_cast<std::size_t>(row)]} +
                                  (row == FreeRow::cma ? " start as movable" : " start mapped, as unmovable"));
    }
    return start;
}

}  // namespace splinter::platforms
