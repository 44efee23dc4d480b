#include "alloc/buddy/page_allocator.h"

#include <algorithm>
#include <ranges>

#include "hw/base/check.h"

namespace splinter::alloc {

PageAllocator::PageAllocator(FrameTable& frames, std::vector<Zone> zones, std::size_t cpus, PageCount pcp_batch,
                             PageCount pcp_high, layout::KernelData data)
    : frames_{&frames}, zones_{std::move(zones)}, counters_(cpus), data_{data} {
    for (std::size_t i = 0; i < zones_.size(); ++i) {
        SPLINTER_CHECK(zones_[i].layout().index.raw() == i, "zones are numbered in ascending order");
        pcps_.emplace_back(cpus);
        for (PerCpuPages& pcp : pcps_.back()) pcp.configure(pcp_batch, pcp_high);
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

std::optional<Pfn> PageAllocator::alloc_pages(Cpu& cpu, const AllocRequest& request) {
    const Account account{cpu, kAllocPages};
    SPLINTER_CHECK(request.order <= kMaxOrder, "order above MAX_PAGE_ORDER");
    std::optional<Pfn> block;
    for (Zone& zone : zones_ | std::views::reverse) {  // the zonelist of a node: highest zone first
        if (request.only_zone && *request.only_zone != zone.layout().index) continue;
        cpu.retire(Step::zone_lookup);
        block = rmqueue(cpu, zone, request);
        if (block) break;
    }
    if (!block) {
        ++counters(cpu.id()).failed_allocations;
        return std::nullopt;
    }
    SPLINTER_CHECK(frames_->state(*block).none(), "an allocated block is on no list");
    counters(cpu.id()).pgalloc += request.order.pages().raw();
    cpu.touch(layout::struct_page(*block), Touch::owned);  // prep_new_page()
    return block;
}

std::optional<Pfn> PageAllocator::rmqueue(Cpu& cpu, Zone& zone, const AllocRequest& request) {
    if (!request.freetype.list_index()) return std::nullopt;
    if (PerCpuPages::serves(request.order))
        if (const auto block = rmqueue_pcplist(cpu, zone, request)) return block;
    return rmqueue_buddy(cpu, zone, request);
}

std::optional<Pfn> PageAllocator::rmqueue_pcplist(Cpu& cpu, Zone& zone, const AllocRequest& request) {
    cpu.retire(Step::pcp_alloc);
    PerCpuPages& lists = pcp(zone, cpu.id());
    const std::size_t list = PerCpuPages::list_index(request.order, request.freetype);
    if (lists.lists()[list].empty()) rmqueue_bulk(cpu, zone, request, lists, list);
    return lists.pop(*frames_, list);
}

// Never flips a pageblock: only the list of the request's own freetype, and its fallbacks, can refill.
void PageAllocator::rmqueue_bulk(Cpu& cpu, Zone& zone, const AllocRequest& request, PerCpuPages& lists, std::size_t list) {
    const Account account{cpu, kBulk};
    const IrqLockGuard lock{cpu, lock_of(zone)};
    if (!watermark_ok(zone, request)) return;
    TakeMode mode = TakeMode::normal;
    for (unsigned i = lists.refill_blocks(request.order); i > 0; --i) {
        BuddyWork work;
        const auto block = take_block(zone, request.order, request.freetype, mode, work);
        charge(cpu, zone, request.order, work);
        if (!block) break;
        lists.push_cold(*frames_, list, *block);
    }
}

std::optional<Pfn> PageAllocator::rmqueue_buddy(Cpu& cpu, Zone& zone, const AllocRequest& request) {
    {
        const Account account{cpu, kBuddy};
        const IrqLockGuard lock{cpu, lock_of(zone)};
        if (!watermark_ok(zone, request)) return std::nullopt;
        TakeMode mode = TakeMode::normal;
        BuddyWork work;
        const auto block = take_block(zone, request.order, request.freetype, mode, work);
        charge(cpu, zone, request.order, work);
        if (block) return block;
    }
    return rmqueue_direct_map(cpu, zone, request);
}

// __rmqueue_direct_map() [late]: no free block of the wanted kind is left, so a whole pageblock of the other kind is flipped,
// with no lock held and interrupts on, because that may need a page-table page and a TLB shootdown.
std::optional<Pfn> PageAllocator::rmqueue_direct_map(Cpu& cpu, Zone& zone, const AllocRequest& request) {
    const FreeType wanted = request.freetype;
    const FreeType other = wanted.opposite();
    if (flipper_ == nullptr || request.blocking == Blocking::may_not_block || !other.list_index()) return std::nullopt;
    const Account account{cpu, kFlip};
    const Order order = std::max(request.order, kPageblockOrder);
    const auto block = take_pageblocks(cpu, zone, order, other);
    if (!block) return std::nullopt;
    const PfnRange range{*block, order.pages()};
    const bool unmapping = wanted.mapping == Mapping::unmapped;
    const auto outcome = unmapping ? flipper_->unmap(cpu, range) : flipper_->map(cpu, range);
    if (outcome == PageblockFlipper::Outcome::no_memory) {  // roll back: the block goes home under its old freetype
        ++counters(cpu.id()).flips_rolled_back;
        const IrqLockGuard lock{cpu, lock_of(zone)};
        BuddyWork work;
        zone.free_block(*block, order, other, work);
        charge(cpu, zone, order, work);
        return std::nullopt;
    }
    ++(unmapping ? counters(cpu.id()).flips_to_unmapped : counters(cpu.id()).flips_to_mapped);
    put_flipped(cpu, zone, *block, request.order, order, wanted);
    return block;
}

// Normal mode first (a block of UNMOVABLE type), then an explicit try in claim mode.
std::optional<Pfn> PageAllocator::take_pageblocks(Cpu& cpu, Zone& zone, Order order, FreeType type) {
    const IrqLockGuard lock{cpu, lock_of(zone)};
    TakeMode mode = TakeMode::normal;
    BuddyWork work;
    const auto block = take_block(zone, order, type, mode, work);
    charge(cpu, zone, order, work);
    return block;
}

void PageAllocator::put_flipped(Cpu& cpu, Zone& zone, Pfn block, Order low, Order high, FreeType type) {
    const IrqLockGuard lock{cpu, lock_of(zone)};
    for (Pfn at = block; at < block + high.pages(); at += kPageblockOrder.pages()) {
        zone.set_pageblock_migratetype(at, type.migratetype);
        zone.set_pageblock_mapping(at, type.mapping);
    }
    BuddyWork work;
    zone.expand(block, low, high, type, work);
    charge(cpu, zone, low, work);
}

void PageAllocator::free_pages(Cpu& cpu, Pfn block, Order order) {
    const Account account{cpu, kFreePages};
    SPLINTER_CHECK(frames_->state(block).none(), "double free of page frame " + std::to_string(block.raw()));
    counters(cpu.id()).pgfree += order.pages().raw();
    cpu.touch(layout::struct_page(block), Touch::owned);
    Zone& zone = zone_of(block);
    if (!PerCpuPages::serves(order)) {
        const IrqLockGuard lock{cpu, lock_of(zone)};
        // free_one_page() of 6.12 (split_large_buddy()): blocks above pageblock order are freed pageblock by pageblock.
        const Order piece = std::min(order, kPageblockOrder);
        BuddyWork work;
        for (Pfn at = block; at < block + order.pages(); at += piece.pages())
            zone.free_block(at, piece, zone.pageblock_freetype(at), work);
        charge(cpu, zone, order, work);
        return;
    }
    cpu.retire(Step::pcp_free);
    PerCpuPages& lists = pcp(zone, cpu.id());
    const std::size_t list = PerCpuPages::list_index(order, zone.pageblock_freetype(block));
    lists.push(*frames_, list, block);
    if (lists.count() >= lists.high()) drain(cpu, zone, lists, list);
}

// free_pcppages_bulk() of one batch, the cold ends first, starting with the list that was just freed to.
void PageAllocator::drain(Cpu& cpu, Zone& zone, PerCpuPages& lists, std::size_t first_list) {
    const Account account{cpu, kPcpDrain};
    const IrqLockGuard lock{cpu, lock_of(zone)};
    std::size_t list = first_list;
    for (PageCount freed; freed < lists.batch();) {
        const auto block = lists.pop_cold(*frames_, list);
        if (!block) break;
        BuddyWork work;
        zone.free_block(block->first, block->second, zone.pageblock_freetype(block->first), work);
        charge(cpu, zone, block->second, work);
        freed += block->second.pages();
    }
}

void PageAllocator::charge(Cpu& cpu, const Zone& zone, Order order, const BuddyWork& work) {
    counters(cpu.id()).fallbacks += work.fallbacks;
    cpu.touch(data_.free_area(zone.layout().index.raw(), order), Touch::owned);  // under the zone lock
    cpu.retire(Step::buddy_take);
    if (work.splits > 0) cpu.retire(Step::buddy_split, work.splits);
    if (work.merges > 0) cpu.retire(Step::buddy_merge, work.merges);
    if (work.fallbacks > 0) cpu.retire(Step::buddy_fallback, work.fallbacks);
    if (work.pageblocks_moved > 0) cpu.retire(Step::pageblock_move, work.pageblocks_moved);
}

}  // namespace splinter::alloc
