#include "alloc/buddy/page_allocator.h"

#include <algorithm>
#include <ranges>

#include "alloc/buddy/clearing.h"
#include "alloc/buddy/flip.h"
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

}  // namespace

PageAllocator::PageAllocator(FrameTable& frames, std::vector<Zone> zones, std::size_t cpus, const PcpState& limits,
                             layout::KernelData data)
    : frames_{&frames}, zones_{std::move(zones)}, counters_(cpus), data_{data} {
    for (std::size_t i = 0; i < zones_.size(); ++i) {
        SPLINTER_CHECK(zones_[i].layout().index.raw() == i, "zones are numbered in ascending order");
        pcps_.emplace_back(cpus, PerCpuPages{zones_[i].freetypes()});
        for (PerCpuPages& pcp : pcps_.back()) pcp.configure(in_zone(limits, zones_[i], cpus));
    }
}

Zone& PageAllocator::zone_of(Pfn pfn) {
    for (Zone& zone : zones_)
        if (zone.contains(pfn)) return zone;
    SPLINTER_CHECK(false, "page frame " + std::to_string(pfn.raw()) + " is in no zone");
}

PageCount PageAllocator::free_pages(const Zone& zone) const {
    PageCount pages = zone.free_pages();
    for (const PerCpuPages& pcp : pcps_[zone.layout().index.raw()]) pages += pcp.count();
    return pages;
}

PageCount PageAllocator::unmapped_free_pages() const {
    PageCount pages;
    for (const Zone& zone : zones_) {
        pages += zone.unmapped_free_pages();
        for (const PerCpuPages& pcp : pcps_[zone.layout().index.raw()]) pages += pcp.unmapped_count();
    }
    return pages;
}

// __zone_watermark_ok() at the minimum mark: free pages less all but one of the request's are above the mark and the reserve
// that the zone keeps from requests that prefer a higher one.
// Asked under the zone lock, when the per-CPU list has nothing; Linux asks before, without a lock, of a count that may be
// stale.
bool PageAllocator::watermark_ok(const Zone& zone, const AllocRequest& request) const {
    const ZoneLayout& layout = zone.layout();
    if (request.only_zone) return true;
    const std::size_t preferred = zones_.size() - 1;
    const std::uint64_t reserve = preferred < layout.lowmem_reserve.size() ? layout.lowmem_reserve[preferred] : 0;
    return zone.free_pages().raw() >= layout.watermark_min.raw() + reserve + request.order.pages().raw();
}

PageCount PageAllocator::high_mark(const Zone& zone) const {
    const ZoneLayout& layout = zone.layout();
    const std::size_t preferred = zones_.size() - 1;
    const std::uint64_t reserve = preferred < layout.lowmem_reserve.size() ? layout.lowmem_reserve[preferred] : 0;
    return layout.watermark_high + PageCount{reserve};
}

// alloc_flags_nofragment(): the zonelist begins with ZONE_NORMAL, and a lower zone may still have memory of the right type.
bool PageAllocator::avoids_fragmenting() const { return zones_.size() > 1 && zones_.back().layout().kind == ZoneKind::normal; }

// get_page_from_freelist() of 6.12 sets ZONE_BELOW_HIGH when it finds fewer free pages than the high watermark; frees clear it.
void PageAllocator::note_fill(Zone& zone) const {
    if (zone.layout().watermark_high > PageCount{0} && zone.free_pages() <= high_mark(zone))
        zone.set_fill(ZoneFill::below_high);
}

std::optional<Pfn> PageAllocator::alloc_pages(Cpu& cpu, const AllocRequest& request) {
    const Account account{cpu, kAllocPages};
    SPLINTER_CHECK(request.order <= kMaxOrder, "order above MAX_PAGE_ORDER");
    if (flips_ != nullptr && !flips_->accepts(request)) {
        ++counters(cpu.id()).failed_allocations;
        return std::nullopt;
    }
    const std::uint64_t misses_before = counters(cpu.id()).misses_above_watermark;
    const Fragmenting first_pass = avoids_fragmenting() ? Fragmenting::avoided : Fragmenting::allowed;
    auto block = get_page_from_freelist(cpu, request, first_pass);
    if (!block && first_pass == Fragmenting::avoided)  // "fragmentation is worse than OOM" [retry]
        block = get_page_from_freelist(cpu, request, Fragmenting::allowed);
    // Direct reclaim, of which only shrink_slab() is modelled.
    while (!block && shrinker_ != nullptr && request.blocking == Blocking::may_block && shrinker_->shrink(cpu) > PageCount{0})
        block = get_page_from_freelist(cpu, request, Fragmenting::allowed);
    if (!block) {
        if (counters(cpu.id()).misses_above_watermark > misses_before) ++counters(cpu.id()).failed_above_watermark;
        ++counters(cpu.id()).failed_allocations;
        return std::nullopt;
    }
    SPLINTER_CHECK(frames_->state(*block).none(), "an allocated block is on no list");
    counters(cpu.id()).pgalloc += request.order.pages().raw();
    cpu.touch(layout::struct_page(*block), Touch::owned);  // prep_new_page()
    if (flips_ != nullptr)
        flips_->after_allocation(cpu, *block, request);
    else if (request.contents == Contents::zeroed)
        clear_mapped(cpu, counters(cpu.id()), {*block, request.order.pages()});
    return block;
}

std::optional<Pfn> PageAllocator::get_page_from_freelist(Cpu& cpu, const AllocRequest& request, Fragmenting fragmenting) {
    for (Zone& zone : zones_ | std::views::reverse) {  // the zonelist of a node: highest zone first
        if (request.only_zone && *request.only_zone != zone.layout().index) continue;
        cpu.retire(Step::zone_lookup);
        note_fill(zone);
        if (const auto block = rmqueue(cpu, zone, request, fragmenting)) return block;
    }
    return std::nullopt;
}

std::optional<Pfn> PageAllocator::rmqueue(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    if (!zone.freetypes().has_list(request.freetype)) return std::nullopt;
    if (PerCpuPages::serves(request.order))
        if (const auto block = rmqueue_pcplist(cpu, zone, request, fragmenting)) return block;
    return rmqueue_buddy(cpu, zone, request, fragmenting);
}

std::optional<Pfn> PageAllocator::rmqueue_pcplist(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    cpu.retire(Step::pcp_alloc);
    PerCpuPages& lists = pcp(zone, cpu.id());
    zone.rules().pcp_rules.on_allocate(lists.state());
    const std::size_t list = PerCpuPages::list_index(request.order, request.freetype, zone.freetypes());
    if (lists.lists()[list].empty()) refill(cpu, zone, request, lists, fragmenting);
    return lists.pop(*frames_, list);
}

std::optional<Pfn> PageAllocator::alloc_bulk_page(Cpu& cpu, Zone& zone, FreeType type) {
    const AllocRequest request{Order{0U}, type, Blocking::may_block, zone.layout().index};
    PerCpuPages& lists = pcp(zone, cpu.id());
    const std::size_t list = PerCpuPages::list_index(request.order, type, zone.freetypes());
    const Fragmenting fragmenting = avoids_fragmenting() ? Fragmenting::avoided : Fragmenting::allowed;
    if (lists.lists()[list].empty()) refill(cpu, zone, request, lists, fragmenting);
    return lists.pop(*frames_, list);
}

// Only the list of the request's own freetype, and its fallbacks, can refill [C]; with the knob freetype.refill_flips, an empty
// refill flips a block and tries once more.
void PageAllocator::refill(Cpu& cpu, Zone& zone, const AllocRequest& request, PerCpuPages& lists, Fragmenting fragmenting) {
    const Account account{cpu, kBulk};
    const unsigned blocks = zone.rules().pcp_rules.refill_blocks(lists.state(), request.order, zone.fill());
    const auto found_none = [&] {
        const IrqLockGuard lock{cpu, lock_of(zone)};
        if (!watermark_ok(zone, request)) return false;
        return rmqueue_bulk(zone, lists, request.order, request.freetype, fragmenting, blocks,
                            [&](const BuddyWork& work) { charge(cpu, zone, request.order, work); }) == 0;
    };
    if (found_none() && flips_ != nullptr && flips_->supply(cpu, zone, request, fragmenting) == Flips::Supply::flipped)
        found_none();
}

std::optional<Pfn> PageAllocator::rmqueue_buddy(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    {
        const Account account{cpu, kBuddy};
        const IrqLockGuard lock{cpu, lock_of(zone)};
        if (!watermark_ok(zone, request)) return std::nullopt;
        TakeMode mode = TakeMode::normal;
        BuddyWork work;
        const auto block = take_block(zone, request.order, request.freetype, mode, work, fragmenting);
        charge(cpu, zone, request.order, work);
        if (block) return block;
        ++counters(cpu.id()).misses_above_watermark;
    }
    return flips_ == nullptr ? std::nullopt : flips_->serve(cpu, zone, request, fragmenting);
}

void PageAllocator::free_pages(Cpu& cpu, Pfn block, Order order) {
    if (!PerCpuPages::serves(order)) return free_to_buddy(cpu, block, order);
    const Account account{cpu, kFreePages};
    SPLINTER_CHECK(frames_->state(block).none(), "double free of page frame " + std::to_string(block.raw()));
    counters(cpu.id()).pgfree += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);
    Zone& zone = zone_of(block);
    cpu.retire(Step::pcp_free);
    PerCpuPages& lists = pcp(zone, cpu.id());
    const FreeType type = zone.pageblock_freetype(block);
    if (flips_ != nullptr) flips_->before_free(cpu, block, order, type);
    const std::size_t list = PerCpuPages::list_index(order, type, zone.freetypes());
    lists.push(*frames_, list, block, type.migratetype);
    const PageCount pages = zone.rules().pcp_rules.on_free(lists.state(), order, zone.fill());
    if (pages == PageCount{0}) return;
    drain(cpu, zone, lists, pages, list);
    if (zone.fill() == ZoneFill::below_high && zone.free_pages() > high_mark(zone)) zone.set_fill(ZoneFill::above_high);
}

void PageAllocator::free_to_buddy(Cpu& cpu, Pfn block, Order order) {
    const Account account{cpu, kFreePages};
    SPLINTER_CHECK(frames_->state(block).none(), "double free of page frame " + std::to_string(block.raw()));
    counters(cpu.id()).pgfree += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);
    Zone& zone = zone_of(block);
    if (flips_ != nullptr) flips_->before_free(cpu, block, order, zone.pageblock_freetype(block));
    const IrqLockGuard lock{cpu, lock_of(zone)};
    BuddyWork work;
    zone.free_directly(block, order, work);
    charge(cpu, zone, order, work);
}

void PageAllocator::drain(Cpu& cpu, Zone& zone, PerCpuPages& lists, PageCount pages, std::size_t first_list) {
    const Account account{cpu, kPcpDrain};
    const IrqLockGuard lock{cpu, lock_of(zone)};
    free_pcppages_bulk(zone, lists, pages, first_list,
                       [&](Order order, const BuddyWork& work) { charge(cpu, zone, order, work); });
}

void PageAllocator::decay(Cpu& cpu, Zone& zone) {
    PerCpuPages& lists = pcp(zone, cpu.id());
    PageCount left = zone.rules().pcp_rules.decay(lists.state());
    while (left > PageCount{0}) {  // a batch for each time that the lock is taken, from the first list on
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
