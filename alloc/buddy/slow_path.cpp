#include "alloc/buddy/slow_path.h"

#include <algorithm>

#include "alloc/buddy/page_allocator.h"
#include "alloc/buddy/pcp_lock.h"
#include "alloc/buddy/zone_lock.h"

namespace splinter::alloc {
namespace {

constexpr unsigned kMaxCompactRetries = 16;  // MAX_COMPACT_RETRIES
constexpr unsigned kMaxReclaimRetries = 16;  // MAX_RECLAIM_RETRIES

bool costly(Order order) { return order.index() > kCostlyOrder; }

// "if (can_direct_reclaim && can_compact && (costly_order || (order > 0 && ac->migratetype != MIGRATE_MOVABLE)))"
bool compacts_first(const AllocRequest& request, Order order) {
    return costly(order) || (request.order > Order{0U} && request.freetype.migratetype != Migratetype::movable);
}

// should_compact_retry(): again, and at a higher priority unless there was success. Whether reclaim could make a zone suitable
// is never so here.
bool compacts_again(Order order, CompactResult result, CompactPriority& priority, unsigned& successes) {
    if (order == Order{0U} || result == CompactResult::skipped) return false;
    if (result == CompactResult::success && ++successes <= (costly(order) ? kMaxCompactRetries / 4 : kMaxCompactRetries))
        return true;
    const CompactPriority most = costly(order) ? CompactPriority::sync_light : CompactPriority::sync_full;
    if (priority >= most) return false;
    priority = most;  // the next higher: async is not tried from here
    return true;
}

// The movable memory of user space (GFP_HIGHUSER_MOVABLE) alone may use ZONE_MOVABLE.
ZoneKind gfp_zone(const AllocRequest& request) {
    const bool movable = request.freetype.migratetype == Migratetype::movable;
    return std::min(request.highest_zone, movable ? ZoneKind::movable : ZoneKind::normal);
}

// As far as one can know without their locks. REQUIRES: an ordering point.
bool lists_hold_pages(const std::vector<std::vector<PerCpuPages>>& pcps) {
    for (const auto& of_zone : pcps)
        for (const PerCpuPages& lists : of_zone)
            if (lists.seen_count() > PageCount{0}) return true;
    return false;
}

}  // namespace

std::optional<Pfn> PageAllocator::alloc_slowly(Cpu& cpu, const AllocRequest& request) {
    const Account account{cpu, kSlowPath};
    ++counters(cpu.id()).slow_paths;
    const AllocFlags flags = slow_path_flags(request);
    const bool may_block = request.blocking == Blocking::may_block;
    const Order order = compaction_order(request);
    if (const auto block = get_page_from_freelist(cpu, request, flags)) return block;
    CompactResult result = CompactResult::skipped;
    CompactPriority priority = CompactPriority::sync_light;
    if (may_block && compacts_first(request, order)) {
        if (const auto block = direct_compact(cpu, request, flags, CompactPriority::async, result)) return block;
        if (costly(order) && request.effort == Effort::no_retry) {
            if (result == CompactResult::skipped || result == CompactResult::deferred) return std::nullopt;
            priority = CompactPriority::async;  // "khugepaged and others: do not try harder"
        }
    }
    unsigned successes = 0;
    for (unsigned turn = 0;; ++turn) {
        // A recorded allocation is one that was served: if nothing has served it here, only compaction can help.
        if (!request.only_zone)
            if (const auto block = get_page_from_freelist(cpu, request, flags)) return block;
        if (!may_block) return std::nullopt;
        cpu.order();
        const bool progress = turn == 0 || lists_hold_pages(pcps_);
        if (progress && !request.only_zone)
            if (const auto block = direct_reclaim(cpu, request, flags)) return block;
        if (const auto block = direct_compact(cpu, request, flags, priority, result)) return block;
        if (request.effort == Effort::no_retry || request.only_zone) return std::nullopt;
        if (costly(order) && request.effort != Effort::retry_may_fail) return std::nullopt;
        // should_reclaim_retry(): free memory alone, with nothing to reclaim, is what the zonelist has just refused.
        if (unreserve_highatomic(cpu, request, Keep::nothing)) continue;
        if (progress && compacts_again(order, result, priority, successes)) continue;
        cpu.order();
        if (!lists_hold_pages(pcps_) || turn == kMaxReclaimRetries) return std::nullopt;
    }
}

// __alloc_pages_direct_reclaim() behind __perform_reclaim(): "the pages might be pinned on the per-cpu lists or in high alloc
// reserves".
std::optional<Pfn> PageAllocator::direct_reclaim(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags) {
    ++(counters(cpu.id()).*kAllocstall[static_cast<std::size_t>(gfp_zone(request))]);  // do_try_to_free_pages()
    for (Shrinker* const shrinker : shrinkers_)                                        // shrink_slab()
        while (shrinker->shrink(cpu) > PageCount{0})
            if (const auto block = get_page_from_freelist(cpu, request, flags)) return block;
    if (const auto block = get_page_from_freelist(cpu, request, flags)) return block;
    (void)unreserve_highatomic(cpu, request, Keep::one_pageblock);
    drain_all_pages(cpu);
    return get_page_from_freelist(cpu, request, flags);
}

bool PageAllocator::unreserve_highatomic(Cpu& cpu, const AllocRequest& request, Keep keep) {
    for (std::size_t position : zonelist(cpu.id())) {
        Zone& zone = zones_[position];
        if (!request.may_use(zone.layout().index, zone.layout().kind)) continue;
        cpu.order();
        if (!may_unreserve(zone, keep)) continue;
        const ZoneLock lock{cpu, zone};
        BuddyWork work;
        // The reserve is mapped: a request for unmapped pages gets it as mapped ones, to flip.
        const FreeType type{request.freetype.migratetype};
        const bool moved = alloc::unreserve_highatomic(zone, type, work);
        if (work.pageblocks_moved > 0) cpu.retire(Step::pageblock_move, work.pageblocks_moved);
        if (moved) return true;
    }
    return false;
}

std::optional<Pfn> PageAllocator::direct_compact(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags,
                                                 CompactPriority priority, CompactResult& result) {
    const Order order = compaction_order(request);
    if (!tunables_.compaction || order == Order{0U}) return std::nullopt;
    result = CompactResult::skipped;
    {
        const Account account{cpu, kCompaction};
        const CompactGoal goal{order, request.freetype, priority, flags};
        for (std::size_t position : zonelist(cpu.id())) {
            Zone& zone = zones_[position];
            if (!request.may_use(zone.layout().index, zone.layout().kind)) continue;
            result = std::max(result, compactor_.compact(cpu, zone, goal));
            if (result == CompactResult::success) break;
        }
    }
    if (result == CompactResult::skipped) return std::nullopt;
    KernelCounters& mine = counters(cpu.id());
    ++mine.compact_stall;
    const auto block = get_page_from_freelist(cpu, request, flags);
    ++(block ? mine.compact_success : mine.compact_fail);
    if (block) {
        cpu.order();
        compactor_.served(zone_of(*block), order);
    }
    return block;
}

// drain_pages_zone(): at most a long batch for each time that the lock is taken.
void PageAllocator::drain_pages(Cpu& cpu, Zone& zone, CpuId owner) {
    PerCpuPages& lists = pcp(zone, owner);
    for (PageCount left{1}; left > PageCount{0};) {
        const PcpDrainLock lock{*this, cpu, zone, owner};
        left = lists.count();
        if (left == PageCount{0}) return;
        const PageCount some = std::min(left, PageCount{lists.batch().raw() << kPcpBatchScaleMax});
        drain(cpu, zone, lists, some, 0);
        left -= std::min(left, some);
    }
}

// __drain_all_pages(): one at a time; who finds another at it does nothing.
void PageAllocator::drain_all_pages(Cpu& cpu) {
    cpu.order();
    if (drains_all_) return;
    drains_all_ = cpu.id();
    const std::size_t cpus = counters_.size();
    std::vector<bool> has_pages(cpus, false);
    for (std::uint32_t i = 0; i < cpus; ++i)
        for (const Zone& zone : zones_) {
            cpu.touch(data_.pcp(zone.layout().index.raw(), CpuId{i}), Touch::contended);
            has_pages[i] = pcp(zone, CpuId{i}).seen_count() > PageCount{0};
            if (has_pages[i]) break;
        }
    for (std::uint32_t i = 0; i < cpus; ++i)
        if (has_pages[i])
            for (Zone& zone : zones_) drain_pages(cpu, zone, CpuId{i});
    cpu.order();
    drains_all_.reset();
}

}  // namespace splinter::alloc
