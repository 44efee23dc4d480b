#include "alloc/buddy/flip.h"

#include <algorithm>

#include "alloc/buddy/clearing.h"
#include "alloc/buddy/zone_lock.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

// The largest order of which the range is one aligned block, or the largest that lists have.
Order order_of(PfnRange range) {
    Order order{0U};
    while (order < kMaxOrder && order.pages() < range.count) order = order.next();
    return order;
}

// __free_one_page() of all of a range.
void free_range(Zone& zone, PfnRange range, FreeType type, BuddyWork& work) {
    const Order order = order_of(range);
    for (Pfn at = range.first; at < range.end(); at += order.pages()) zone.free_block(at, order, type, work);
}

}  // namespace

Flips::Flips(PageAllocator& pages, Mermap& mermap, const FlipPolicy& policy)
    : pages_{pages}, mermap_{mermap}, policy_{policy} {}

void Flips::set_tables(FreetypeFlag flag, PageblockFlipper& tables) { tables_[static_cast<std::size_t>(flag)] = &tables; }

FreetypeFlag Flips::difference(FreetypeFlags from, FreetypeFlags to) {
    for (const FreetypeFlag flag : kAllFreetypeFlags)
        if (from.toggled(flag) == to) return flag;
    SPLINTER_CHECK(false, "a flip changes one flag");
}

bool Flips::may_flip(const Cpu& cpu, const AllocRequest& request) const {
    return request.blocking == Blocking::may_block && !mapping_.contains(cpu.id());
}

std::optional<Pfn> Flips::serve(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    if (!may_flip(cpu, request)) return std::nullopt;
    const Account account{cpu, kFlip};
    FlipLock lock;
    const Converted flipped = convert(cpu, zone, request.order, request.freetype, fragmenting, lock);
    if (flipped.outcome != Ahead::done) return std::nullopt;
    put_remainder(cpu, zone, flipped.block, request.order);
    return flipped.block.first;
}

Flips::Supply Flips::supply(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting) {
    if (policy_.refill == EmptyRefill::leaves_it || !may_flip(cpu, request)) return Supply::none;
    const Account account{cpu, kFlip};
    FlipLock lock;
    const Converted flipped = convert(cpu, zone, request.order, request.freetype, fragmenting, lock);
    if (flipped.outcome != Ahead::done) return Supply::none;
    put_whole(cpu, zone, flipped.block);
    return Supply::flipped;
}

// The kinds that may be flipped to what is wanted differ from it in one flag; the series has one flag, and so one kind.
Flips::Converted Flips::convert(Cpu& cpu, Zone& zone, Order order, FreeType wanted, Fragmenting fragmenting, FlipLock& lock) {
    for (const FreetypeFlag flag : kAllFreetypeFlags) {
        const FreeType other = wanted.with(wanted.flags.toggled(flag));
        if (!is_source(zone, other)) continue;
        const Converted flipped = convert_from(cpu, zone, order, other, wanted.flags, fragmenting, lock);
        if (flipped.outcome != Ahead::no_block) return flipped;
    }
    return {};
}

bool Flips::is_source(const Zone& zone, FreeType other) const {
    if (policy_.generation->missing_list == MissingList::refuses) return zone.freetypes().has_list(other);
    return zone.freetypes().any_list(other.flags);
}

Flips::Converted Flips::convert_from(Cpu& cpu, Zone& zone, Order order, FreeType other, FreetypeFlags wanted,
                                     Fragmenting fragmenting, FlipLock& lock) {
    const PageblockFlipper* const tables = tables_of(difference(other.flags, wanted));
    if (const auto id = tables == nullptr ? std::nullopt : tables->lock()) lock.emplace(cpu, *id);
    const auto block = take(cpu, zone, order, other, wanted, fragmenting);
    if (!block) {
        lock.reset();
        return {};
    }
    if (change_tables(cpu, *block, other.flags, wanted) == PageblockFlipper::Outcome::no_memory) {
        give_up(cpu, zone, *block, other.flags, wanted);
        return {Ahead::no_memory, *block};
    }
    cpu.order();                     // compaction looks at the flags of pageblocks that are in use
    zone.set_flags(*block, wanted);  // set_pageblock_freetype_flags(), without the zone lock [C]: the block is on no list
    count(cpu, other.flags, wanted);
    return {Ahead::done, *block};
}

// Below a pageblock [I]: the unit's flags change at once, under the lock, lest another CPU claims the pageblock for a
// migratetype that has no list with these flags; and a block that was stolen from such a pageblock goes back.
std::optional<PfnRange> Flips::take(Cpu& cpu, Zone& zone, Order order, FreeType other, FreetypeFlags wanted,
                                    Fragmenting fragmenting) {
    if (policy_.exceeds_the_largest_block())
        if (const auto range = take_range(cpu, zone, other)) return range;
    const Order whole = std::max(order, policy_.order());
    const ZoneLock lock{cpu, zone};
    BuddyWork work;
    auto block = take_block_as_generation(zone, whole, other, fragmenting, work);
    if (block) {
        const FreeType owner = zone.pageblock_freetype(*block);
        if (!zone.freetypes().has_list(owner.with(wanted))) {
            zone.free_block(*block, whole, owner, work);
            block = std::nullopt;
        } else if (whole < kPageblockOrder) {
            zone.set_flags({*block, whole.pages()}, wanted);
        }
    }
    pages_.charge(cpu, zone, whole, work);
    if (!block) return std::nullopt;
    return PfnRange{*block, whole.pages()};
}

std::optional<Pfn> Flips::take_block_as_generation(Zone& zone, Order order, FreeType other, Fragmenting fragmenting,
                                                   BuddyWork& work) const {
    TakeMode mode = TakeMode::normal;
    const auto block = take_block(zone, order, other, mode, work, fragmenting);
    if (block || policy_.generation->search == BlockSearch::one_call) return block;
    mode = TakeMode::claim;
    return take_block(zone, order, other, mode, work, fragmenting);
}

// A unit of more than the largest block [I]: claimed as a whole, so that it is of one migratetype like a claimed pageblock.
// Without such a range the unit is a pageblock, because refusing would fail requests while memory is free.
std::optional<PfnRange> Flips::take_range(Cpu& cpu, Zone& zone, FreeType other) {
    const ZoneLock lock{cpu, zone};
    BuddyWork work;
    const auto range = zone.take_free_range(policy_.unit, other.flags, work);
    if (range)
        for (Pfn at = range->first; at < range->end(); at += kPageblockOrder.pages())
            zone.set_pageblock_migratetype(at, other.migratetype);
    pages_.charge(cpu, zone, kMaxOrder, work);
    return range;
}

PageblockFlipper::Outcome Flips::change_tables(Cpu& cpu, PfnRange block, FreetypeFlags from, FreetypeFlags to) {
    const FreetypeFlag flag = difference(from, to);
    PageblockFlipper* const tables = tables_of(flag);
    if (tables == nullptr) return PageblockFlipper::Outcome::done;
    if (flag != FreetypeFlag::unmapped) return to.has(flag) ? tables->apply(cpu, block) : tables->revert(cpu, block);
    if (to.mapping() == Mapping::mapped) return map_tables(cpu, *tables, block);
    const auto outcome = tables->apply(cpu, block);
    if (outcome == PageblockFlipper::Outcome::done && !unscrubbed_.empty()) unscrubbed_.remove(block);
    return outcome;
}

PageblockFlipper::Outcome Flips::map_tables(Cpu& cpu, PageblockFlipper& tables, PfnRange block) {
    mapping_.insert(cpu.id());
    const auto outcome = tables.revert(cpu, block);
    mapping_.erase(cpu.id());
    if (outcome == PageblockFlipper::Outcome::no_memory) return outcome;
    if (policy_.scrub == Scrub::on_alloc) unscrubbed_.add(block);
    if (policy_.scrub != Scrub::on_remap) return outcome;
    const Account account{cpu, kScrub};
    clear_mapped(cpu, pages_.counters(cpu.id()), block);
    return outcome;
}

void Flips::give_up(Cpu& cpu, Zone& zone, PfnRange block, FreetypeFlags old, FreetypeFlags wanted) {
    if (policy_.generation->failed_flip == FailedFlip::leaked) {
        ++pages_.counters(cpu.id()).flips_leaked;
        pages_.counters(cpu.id()).pages_leaked += block.count.raw();
        cpu.order();
        zone.set_flags(block, old);
        return;
    }
    ++pages_.counters(cpu.id()).flips_rolled_back;
    const FreetypeFlag flag = difference(old, wanted);
    if (wanted.has(flag))
        tables_of(flag)->undo_apply(cpu, block);
    else
        tables_of(flag)->undo_revert(cpu, block);
    const ZoneLock lock{cpu, zone};
    zone.set_flags(block, old);
    BuddyWork work;
    free_range(zone, block, zone.pageblock_freetype(block.first), work);  // "Important: free using _old_ freetype" [C]
    pages_.charge(cpu, zone, order_of(block), work);
}

void Flips::put_remainder(Cpu& cpu, Zone& zone, PfnRange block, Order used) {
    if (block.count <= used.pages()) return;
    const ZoneLock lock{cpu, zone};
    const FreeType type = zone.pageblock_freetype(block.first);
    const Order high = order_of(block);
    BuddyWork work;
    for (Pfn at = block.first + high.pages(); at < block.end(); at += high.pages()) zone.free_block(at, high, type, work);
    if (policy_.generation->remainder == Remainder::expanded)
        zone.expand(block.first, used, high, type, work);
    else
        for (Order piece = used; piece < high; piece = piece.next())
            zone.free_block(block.first + piece.pages(), piece, type, work);
    pages_.charge(cpu, zone, high, work);
}

void Flips::put_whole(Cpu& cpu, Zone& zone, PfnRange block) {
    const ZoneLock lock{cpu, zone};
    BuddyWork work;
    free_range(zone, block, zone.pageblock_freetype(block.first), work);
    pages_.charge(cpu, zone, order_of(block), work);
}

void Flips::count(Cpu& cpu, FreetypeFlags from, FreetypeFlags to) {
    KernelCounters& mine = pages_.counters(cpu.id());
    if (from.mapping() == to.mapping())
        ++mine.flips_of_key;
    else
        ++(to.mapping() == Mapping::unmapped ? mine.flips_to_unmapped : mine.flips_to_mapped);
}

Flips::Ahead Flips::ahead(Cpu& cpu, Zone& zone, FreeType wanted, FreeType other) {
    if (!zone.freetypes().has_list(wanted) || !zone.freetypes().has_list(other)) return Ahead::no_block;
    const Account account{cpu, kFlip};
    FlipLock lock;
    const Converted flipped = convert_from(cpu, zone, Order{0U}, other, wanted.flags, Fragmenting::allowed, lock);
    if (flipped.outcome == Ahead::done) put_whole(cpu, zone, flipped.block);
    return flipped.outcome;
}

Flips::Ahead Flips::unmap_ahead(Cpu& cpu, Zone& zone) { return ahead(cpu, zone, kUnmovableUnmapped, kUnmovable); }
Flips::Ahead Flips::map_back(Cpu& cpu, Zone& zone) { return ahead(cpu, zone, kUnmovable, kUnmovableUnmapped); }

bool Flips::accepts(const AllocRequest& request) const {
    const bool zeroed_unmapped = request.contents == Contents::zeroed && request.freetype.mapping() == Mapping::unmapped;
    return !zeroed_unmapped || policy_.generation->zeroed_unmapped == ZeroedUnmapped::cleared_by_the_allocator;
}

void Flips::after_allocation(Cpu& cpu, Pfn block, const AllocRequest& request) {
    const PfnRange range{block, request.order.pages()};
    if (request.contents == Contents::zeroed) {
        if (!unscrubbed_.empty()) unscrubbed_.remove(range);
        if (request.freetype.mapping() == Mapping::unmapped)
            mermap_.clear(cpu, pages_.counters(cpu.id()), range);
        else
            clear_mapped(cpu, pages_.counters(cpu.id()), range);
        return;
    }
    if (unscrubbed_.empty()) return;
    const Account account{cpu, kScrub};
    for (Pfn page = block; page < range.end(); page += PageCount{1}) {
        if (!unscrubbed_.contains(page)) continue;
        unscrubbed_.remove({page, PageCount{1}});
        clear_mapped(cpu, pages_.counters(cpu.id()), {page, PageCount{1}});
    }
}

void Flips::before_free(Cpu& cpu, Pfn block, Order order, Mapping mapping) {
    if (policy_.scrub != Scrub::on_free || mapping == Mapping::mapped) return;
    const Account account{cpu, kScrub};
    mermap_.clear(cpu, pages_.counters(cpu.id()), {block, order.pages()});
}

Order Flips::compaction_order(const AllocRequest& request) const {
    if (policy_.generation->compaction == CompactionFor::the_request) return request.order;
    return request.freetype.flags.none() ? request.order : std::max(request.order, policy_.order());
}

}  // namespace splinter::alloc
