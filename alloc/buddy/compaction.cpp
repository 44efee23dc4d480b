#include "alloc/buddy/compaction.h"

#include <algorithm>

#include "alloc/buddy/compaction_run.h"
#include "alloc/buddy/page_allocator.h"
#include "alloc/buddy/zone_lock.h"

namespace splinter::alloc {
namespace {

constexpr std::int64_t kExtfragThreshold = 500;  // sysctl_extfrag_threshold
constexpr unsigned kMaxDeferShift = 6;           // COMPACT_MAX_DEFER_SHIFT

}  // namespace

bool has_goal(const Zone& zone, const CompactGoal& goal) {
    for (Order order = goal.order; order <= kMaxOrder; order = order.next()) {
        if (zone.has_free(order, goal.list_type())) return true;
        const auto fallback = find_fallback(zone, order, goal.list_type());
        if (fallback && fallback->may_take_pageblock) return true;
    }
    return false;
}

std::int64_t fragmentation_index(const Zone& zone, Order order) {
    std::uint64_t blocks = 0, pages = 0, suitable = 0;
    for (Order at{0U}; at <= kMaxOrder; at = at.next()) {
        const std::uint64_t here = zone.free_blocks(at);
        blocks += here;
        pages += here * at.pages().raw();
        if (at >= order) suitable += here;
    }
    if (blocks == 0) return 0;
    if (suitable > 0) return -1000;
    return 1000 - static_cast<std::int64_t>((1000 + pages * 1000 / order.pages().raw()) / blocks);
}

bool compaction_suitable(const Zone& zone, Order order, ZoneKind highest_zone) {
    const bool costly = order.index() > kCostlyOrder;
    const PageCount gap{order.pages().raw() * 2};  // compact_gap()
    const PageCount mark = mark_of(zone.layout(), costly ? Mark::low : Mark::min) + gap;
    if (!watermark_ok(zone, Order{0U}, mark, AllocFlags{.highest_zone = highest_zone})) return false;
    if (!costly) return true;
    const std::int64_t index = fragmentation_index(zone, order);
    return index < 0 || index > kExtfragThreshold;
}

Compactor::Deferral& Compactor::deferral(const Zone& zone) {
    const std::size_t index = zone.layout().index.raw();
    if (deferrals_.size() <= index) deferrals_.resize(index + 1);
    return deferrals_[index];
}

CompactResult Compactor::compact(Cpu& cpu, Zone& zone, const CompactGoal& goal) {
    cpu.order();
    Deferral& mine = deferral(zone);
    if (goal.priority != CompactPriority::sync_full && goal.order.index() >= mine.order_failed) {  // compaction_deferred()
        const unsigned limit = 1U << mine.shift;
        if (++mine.considered < limit) return CompactResult::deferred;
        mine.considered = limit;
    }
    CompactResult result = CompactResult::success;
    bool there = false;
    {
        const ZoneLock lock{cpu, zone};  // the kernel looks without it
        // compaction_suit_allocation_order(): there is a block by now. Of unmapped memory that says nothing: free unmapped
        // blocks count for watermarks.
        there = goal.type.mapping() == Mapping::mapped
                    ? watermark_ok(zone, goal.order, mark_of(zone.layout(), goal.flags.mark), goal.flags)
                    : has_goal(zone, goal);
        if (!there && !compaction_suitable(zone, goal.order, goal.flags.highest_zone)) return CompactResult::skipped;
    }
    if (!there) result = CompactionRun{pages_, cpu, zone, goal}.run();
    cpu.order();
    Deferral& after = deferral(zone);
    if (result == CompactResult::success) {
        after.order_failed = std::max(after.order_failed, goal.order.index() + 1);
    } else if (goal.priority != CompactPriority::async) {  // defer_compaction()
        after.considered = 0;
        after.shift = std::min(after.shift + 1, kMaxDeferShift);
        after.order_failed = std::min(after.order_failed, goal.order.index());
    }
    return result;
}

void Compactor::served(const Zone& zone, Order order) {
    Deferral& mine = deferral(zone);
    mine.considered = mine.shift = 0;
    mine.order_failed = std::max(mine.order_failed, order.index() + 1);
}

}  // namespace splinter::alloc
