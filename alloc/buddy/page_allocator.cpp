#include "alloc/buddy/page_allocator.h"

#include <algorithm>

#include "alloc/buddy/clearing.h"
#include "alloc/buddy/flip.h"
#include "alloc/buddy/highatomic.h"
#include "alloc/buddy/pcp_lock.h"
#include "alloc/buddy/zone_lock.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

// zone_highsize() of 6.12 with MIN_PERCPU_PAGELIST_HIGH_FRACTION: the limit of a CPU's lists rises at most to its share of an
// eighth of the zone, and is nowhere less than four batches.
PcpState in_zone(PcpState limits, const Zone& zone, std::size_t cpus) {
    const std::uint64_t share = std::max(zone.layout().managed.raw() / 8 / cpus, 4 * limits.batch.raw());
    limits.high_max = std::max(limits.high_min, std::min(limits.high_max, PageCount{share}));
    return limits;
}

// Out of line, for the paths that never come here to be short.
[[noreturn]] void refuse_double_free(Pfn block) {
    SPLINTER_CHECK(false, "double free of page frame " + std::to_string(block.raw()));
}
[[noreturn]] void refuse_frame(Pfn pfn) { SPLINTER_CHECK(false, "page frame " + std::to_string(pfn.raw()) + " is in no zone"); }

}  // namespace

PageAllocator::PageAllocator(FrameTable& frames, std::vector<Zone> zones, std::size_t cpus, const PcpState& limits,
                             layout::KernelData data)
    : frames_{&frames},
      zones_{std::move(zones)},
      counters_(cpus),
      data_{data},
      zonelists_{build_zonelists(zones_)},
      cpu_nodes_(cpus, NodeId{0}),
      pcp_trylocks_(cpus, 0) {
    for (std::size_t i = 0; i < zones_.size(); ++i) {
        SPLINTER_CHECK(zones_[i].layout().index.raw() == i, "zones are numbered in ascending order");
        pcps_.emplace_back(cpus, PerCpuPages{zones_[i].freetypes()});
        for (PerCpuPages& pcp : pcps_.back()) pcp.configure(in_zone(limits, zones_[i], cpus));
        zones_[i].publish();
    }
    for (const auto& zonelist : zonelists_) first_passes_.push_back(first_pass(zonelist));
}

Zone& PageAllocator::zone_of(Pfn pfn) {
    for (Zone& zone : zones_)
        if (zone.contains(pfn)) return zone;
    refuse_frame(pfn);
}

PageCount PageAllocator::free_pages(const Zone& zone) const {
    PageCount pages = zone.free_pages();
    for (const PerCpuPages& pcp : pcps_[zone.layout().index.raw()]) pages += pcp.count();
    return pages;
}

PageCount PageAllocator::free_pages_with(FreetypeFlag flag) const {
    PageCount pages = buddy_pages_with(flag);
    for (const auto& of_zone : pcps_)
        for (const PerCpuPages& lists : of_zone) pages += lists.count_with(flag);
    return pages;
}

PageCount PageAllocator::unmapped_free_pages() const { return free_pages_with(FreetypeFlag::unmapped); }

PageCount PageAllocator::buddy_pages_with(FreetypeFlag flag) const {
    PageCount pages;
    for (const Zone& zone : zones_) pages += zone.free_pages_with(flag);
    return pages;
}

std::uint64_t PageAllocator::spare_blocks(Order order, FreeType type) const {
    std::uint64_t most = ~std::uint64_t{0};
    if (type.flags.none()) return most;
    for (const FreetypeFlag flag : kAllFreetypeFlags) {
        const PageCount kept = kept_[static_cast<std::size_t>(flag)];
        if (!type.flags.has(flag) || kept == PageCount{0}) continue;
        const PageCount there = buddy_pages_with(flag);
        most = std::min(most, there <= kept ? 0 : (there - kept).raw() / order.pages().raw());
    }
    return most;
}

void PageAllocator::set_cpu_nodes(std::vector<NodeId> nodes) {
    for (NodeId node : nodes) SPLINTER_CHECK(node.raw() < zonelists_.size(), "a CPU's node has memory");
    cpu_nodes_ = std::move(nodes);
}

// alloc_flags_nofragment(): the zonelist begins with ZONE_NORMAL, and a lower zone of the node may still have memory of the
// right type. A request that begins at a lower zone never avoids it.
Fragmenting PageAllocator::first_pass(const std::vector<std::size_t>& zonelist) const {
    if (zonelist.size() < 2) return Fragmenting::allowed;
    const ZoneLayout& preferred = zones_[zonelist.front()].layout();
    const bool has_lower = zones_[zonelist[1]].layout().node == preferred.node;
    return preferred.kind == ZoneKind::normal && has_lower ? Fragmenting::avoided : Fragmenting::allowed;
}

AllocFlags PageAllocator::first_flags(const Cpu& cpu, const AllocRequest& request) const {
    AllocFlags flags = fast_path_flags(request);
    if (request.highest_zone >= ZoneKind::normal) flags.fragmenting = first_passes_[node_of(cpu.id()).raw()];
    return flags;
}

// The checks of get_page_from_freelist(): 6.12 marks a zone that is below its high watermark for this order (ZONE_BELOW_HIGH;
// 6.1 has no such flag, and none of its rules reads it). A recorded allocation was served: in the slow path if not here.
inline bool PageAllocator::serves(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags) const {
    cpu.order();
    const ZoneLayout& layout = zone.layout();
    if (layout.watermark_high > PageCount{0} && zone.fill() == ZoneFill::above_high) {
        if (watermark_seen_ok(zone, request.order, layout.watermark_high, flags)) return true;
        zone.set_fill(ZoneFill::below_high);
    }
    if (request.kept == KeptPages::may_use) return true;  // kept pages count as free, but are nobody else's
    if (request.only_zone && flags.mark == Mark::min) return true;
    return watermark_seen_ok(zone, request.order, mark_of(layout, flags.mark), flags);
}

MaybePfn PageAllocator::allocate(Cpu& cpu, const AllocRequest& request) {
    const Account account{cpu, kAllocPages};
    SPLINTER_CHECK(request.order <= kMaxOrder, "order above MAX_PAGE_ORDER");
    KernelCounters& mine = counters(cpu.id());
    if (flips_ != nullptr && !flips_->accepts(request)) {
        ++mine.failed_allocations;
        return std::nullopt;
    }
    const std::uint64_t misses_before = mine.misses_above_watermark;
    MaybePfn block = get_page_from_freelist(cpu, request, first_flags(cpu, request));
    if (!block) block = alloc_slowly(cpu, request);
    if (!block) {
        if (mine.misses_above_watermark > misses_before) {
            ++mine.failed_above_watermark;
            if (request.freetype == kMovable) ++mine.movable_failures_above_watermark;
        }
        ++mine.failed_allocations;
        return std::nullopt;
    }
    account_allocation(cpu, *block, request.order);
    if (flips_ != nullptr)
        flips_->after_allocation(cpu, *block, request);
    else if (request.contents == Contents::zeroed)
        clear_mapped(cpu, mine, {*block, request.order.pages()});
    return block;
}

void PageAllocator::account_allocation(Cpu& cpu, Pfn block, Order order) {
    SPLINTER_CHECK(frames_->state(block).none(), "an allocated block is on no list");
    counters(cpu.id()).*kPgalloc[static_cast<std::size_t>(zone_of(block).layout().kind)] += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);  // prep_new_page()
}

MaybePfn PageAllocator::get_page_from_freelist(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags) {
    const MaybePfn block = try_zonelist(cpu, request, flags);
    if (block || flags.fragmenting == Fragmenting::allowed) return block;
    AllocFlags relaxed = flags;  // "fragmentation is worse than OOM"
    relaxed.fragmenting = Fragmenting::allowed;
    return try_zonelist(cpu, request, relaxed);
}

MaybePfn PageAllocator::try_zonelist(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags) {
    const std::vector<std::size_t>& zonelist = this->zonelist(cpu.id());
    for (std::size_t position : zonelist) {
        Zone& zone = zones_[position];
        if (!request.may_use(zone.layout().index, zone.layout().kind)) continue;
        // "we're moving to a remote node: prefer local fragmentation"
        if (flags.fragmenting == Fragmenting::avoided && !request.only_zone &&
            zone.layout().node != zones_[zonelist.front()].layout().node)
            break;
        cpu.retire(Step::zone_lookup);
        if (!serves(cpu, zone, request, flags)) continue;
        const MaybePfn block = rmqueue(cpu, zone, request, flags);
        if (!block) continue;
        if (flags.highatomic) reserve_highatomic(cpu, zone, *block, request.order);
        return block;
    }
    return std::nullopt;
}

void PageAllocator::reserve_highatomic(Cpu& cpu, Zone& zone, Pfn block, Order order) {
    const ZoneLock lock{cpu, zone};
    BuddyWork work;
    alloc::reserve_highatomic(zone, block, order, work);
    if (work.pageblocks_moved > 0) cpu.retire(Step::pageblock_move, work.pageblocks_moved);
}

MaybePfn PageAllocator::rmqueue(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags) {
    if (!zone.freetypes().has_list(request.freetype)) return std::nullopt;
    // What may use kept pages takes one from the buddy: a refill would carry others off to this CPU's list.
    if (PerCpuPages::serves(request.order) && request.kept == KeptPages::left)
        if (const auto block = rmqueue_pcplist(cpu, zone, request, flags.fragmenting)) return block;
    return rmqueue_buddy(cpu, zone, request, flags);
}

// Only the list of the request's own freetype, and its fallbacks, can refill [C]; with the knob freetype.refill_flips, an empty
// refill flips a block, with the lists unlocked, and tries once more.
MaybePfn PageAllocator::rmqueue_pcplist(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    PerCpuPages& lists = pcp(zone, cpu.id());
    const std::size_t list = PerCpuPages::list_index(request.order, request.freetype, zone.freetypes());
    {
        PcpLock lock{*this, cpu, zone};
        if (!lock.held()) return std::nullopt;
        cpu.retire(Step::pcp_alloc);
        zone.rules().pcp_rules.on_allocate(lists.state());
        if (lists.lists()[list].empty()) refill(cpu, zone, request.order, request.freetype, lists, fragmenting);
        const auto block = lists.pop(*frames_, list);
        lock.release();
        if (block) return block;
    }
    if (flips_ == nullptr || flips_->supply(cpu, zone, request, fragmenting) != Flips::Supply::flipped) return std::nullopt;
    const PcpLock lock{*this, cpu, zone};
    if (!lock.held()) return std::nullopt;
    if (lists.lists()[list].empty()) refill(cpu, zone, request.order, request.freetype, lists, fragmenting);
    return lists.pop(*frames_, list);
}

void PageAllocator::refill(Cpu& cpu, Zone& zone, Order order, FreeType type, PerCpuPages& lists, Fragmenting fragmenting) {
    const Account account{cpu, kBulk};
    cpu.order();  // the zone's fill
    const unsigned wanted = zone.rules().pcp_rules.refill_blocks(lists.state(), order, zone.fill());
    const ZoneLock lock{cpu, zone};
    const auto blocks = static_cast<unsigned>(std::min<std::uint64_t>(wanted, spare_blocks(order, type)));
    rmqueue_bulk(zone, lists, order, type, fragmenting, blocks, [&](const BuddyWork& work) { charge(cpu, zone, order, work); });
}

MaybePfn PageAllocator::rmqueue_buddy(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags) {
    {
        const Account account{cpu, kBuddy};
        ZoneLock lock{cpu, zone};
        const FreeType reserve = request.freetype.with(Migratetype::highatomic);
        TakeMode mode = TakeMode::normal;
        BuddyWork work;
        std::optional<Pfn> block;
        if (flags.highatomic) block = zone.take_smallest(request.order, reserve, work);
        const bool may_take = request.kept == KeptPages::may_use || spare_blocks(request.order, request.freetype) > 0;
        if (!block && may_take) block = take_block(zone, request.order, request.freetype, mode, work, flags.fragmenting);
        // A request that may not block digs into the reserve, whatever its order.
        if (!block && flags.non_block) block = zone.take_smallest(request.order, reserve, work);
        charge(cpu, zone, request.order, work);
        if (!block) ++counters(cpu.id()).misses_above_watermark;
        lock.release();
        if (block) return block;
    }
    return flips_ == nullptr ? MaybePfn{} : MaybePfn{flips_->serve(cpu, zone, request, flags.fragmenting)};
}

void PageAllocator::free_pages(Cpu& cpu, Pfn block, Order order) {
    if (!frames_->state(block).none()) refuse_double_free(block);
    if (PerCpuPages::serves(order)) {
        const Account account{cpu, kFreePages};
        Zone& zone = zone_of(block);
        PcpLock lock{*this, cpu, zone};
        if (lock.held()) {
            free_to_list(cpu, zone, block, order);
            return lock.release();
        }
    }
    free_to_buddy(cpu, block, order);
}

// free_unref_page_commit(). REQUIRES: this CPU's lists are locked.
void PageAllocator::free_to_list(Cpu& cpu, Zone& zone, Pfn block, Order order) {
    counters(cpu.id()).pgfree += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);
    cpu.retire(Step::pcp_free);
    PerCpuPages& lists = pcp(zone, cpu.id());
    if (flips_ != nullptr) flips_->before_free(cpu, block, order, zone.seen_freetype(block).mapping());
    cpu.order();  // the pageblock's type and the zone's fill
    const FreeType type = zone.seen_freetype(block);
    const std::size_t list = PerCpuPages::list_index(order, type, zone.freetypes());
    lists.push(*frames_, list, block, order, type.migratetype);
    const PageCount pages = zone.rules().pcp_rules.on_free(lists.state(), order, zone.fill());
    if (pages == PageCount{0}) return;
    drain(cpu, zone, lists, pages, list);
    cpu.order();
    if (zone.fill() == ZoneFill::below_high && watermark_seen_ok(zone, Order{0U}, zone.layout().watermark_high, AllocFlags{}))
        zone.set_fill(ZoneFill::above_high);
}

void PageAllocator::free_to_buddy(Cpu& cpu, Pfn block, Order order) {
    const Account account{cpu, kFreePages};
    if (!frames_->state(block).none()) refuse_double_free(block);
    counters(cpu.id()).pgfree += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);
    Zone& zone = zone_of(block);
    if (flips_ != nullptr) flips_->before_free(cpu, block, order, zone.seen_freetype(block).mapping());
    ZoneLock lock{cpu, zone};
    BuddyWork work;
    zone.free_directly(block, order, work);
    charge(cpu, zone, order, work);
    lock.release();
}

void PageAllocator::drain(Cpu& cpu, Zone& zone, PerCpuPages& lists, PageCount pages, std::size_t first_list) {
    const Account account{cpu, kPcpDrain};
    const ZoneLock lock{cpu, zone};
    free_pcppages_bulk(zone, lists, pages, first_list,
                       [&](Order order, const BuddyWork& work) { charge(cpu, zone, order, work); });
}

void PageAllocator::decay(Cpu& cpu, Zone& zone) {
    PerCpuPages& lists = pcp(zone, cpu.id());
    cpu.order();  // another CPU may be draining them
    PageCount left = zone.rules().pcp_rules.decay(lists.state(), lists.seen_count());
    while (left > PageCount{0}) {  // a batch for each time that the lock is taken, from the first list on
        const PcpDrainLock lock{*this, cpu, zone, cpu.id()};
        const PageCount some = std::min(left, lists.batch());
        drain(cpu, zone, lists, some, 0);
        left -= some;
    }
}

Order PageAllocator::compaction_order(const AllocRequest& request) const {
    return flips_ == nullptr ? request.order : flips_->compaction_order(request);
}

void PageAllocator::charge(Cpu& cpu, const Zone& zone, Order order, const BuddyWork& work) {
    counters(cpu.id()).fallbacks += work.fallbacks;
    cpu.touch(data_.free_area(zone.layout().index.raw(), order), Touch::owned);  // under the zone lock
    cpu.retire(Step::buddy_take);
    if (work.splits > 0) cpu.retire(Step::buddy_split, work.splits);
    if (work.merges > 0) cpu.retire(Step::buddy_merge, work.merges);
    if (work.fallbacks > 0) cpu.retire(Step::buddy_fallback, work.fallbacks);
    if (work.pageblocks_moved > 0) cpu.retire(Step::pageblock_move, work.pageblocks_moved);
    if (work.ranges_searched > 0) cpu.retire(Step::zone_lookup, work.ranges_searched);
}

}  // namespace splinter::alloc
