#include "alloc/buddy/compaction_run.h"

#include <algorithm>

#include "alloc/buddy/page_allocator.h"
#include "alloc/buddy/zone_lock.h"

namespace splinter::alloc {
namespace {

constexpr PageCount kBlock = kPageblockOrder.pages();

Pfn pageblock_start(Pfn pfn) { return Pfn{pfn.raw() & ~(kBlock.raw() - 1)}; }

}  // namespace

CompactionRun::CompactionRun(PageAllocator& pages, Cpu& cpu, Zone& zone, const CompactGoal& goal)
    : pages_{pages},
      cpu_{cpu},
      zone_{zone},
      goal_{goal},
      migrate_{pageblock_start(zone.layout().span.first)},
      free_{pageblock_start(Pfn{zone.layout().span.end().raw() - 1})} {}

CompactResult CompactionRun::run() {
    CompactResult result = CompactResult::complete;
    for (; migrate_ < free_; migrate_ += kBlock) {  // compact_scanners_met()
        if (reached()) {
            result = CompactResult::success;
            break;
        }
        const Outcome outcome = migrate(migrate_);
        // What was migrated lies on this CPU's lists, where it cannot merge (lru_add_drain_cpu_zone()).
        if (outcome != Outcome::nothing_moved) pages_.drain_pages(cpu_, zone_, cpu_.id());
        if (outcome == Outcome::no_target) break;
    }
    release();
    return reached() ? CompactResult::success : result;
}

// compact_finished(), under the zone lock, as all looks at the zone here: what happens to it elsewhere may be ahead of this
// CPU's time.
bool CompactionRun::reached() {
    const ZoneLock lock{cpu_, zone_};
    return has_goal(zone_, goal_);
}

// suitable_migration_source(): an asynchronous run of a request keeps to pageblocks of its own type.
bool CompactionRun::is_source(Pfn pageblock) const {
    if (!zone_.pageblock_inside(pageblock)) return false;  // pageblock_pfn_to_page()
    return goal_.priority != CompactPriority::async ||
           zone_.pageblock_freetype(pageblock).migratetype == goal_.type.migratetype;
}

bool CompactionRun::can_move(const MovableBlocks::Entry& entry) const {
    if (zone_.rules().migrated_blocks == MigratedBlocks::single_pages) return entry.order == Order{0U};
    return entry.order < goal_.order;
}

// isolate_migratepages_block(). An asynchronous run leaves a block of the wanted order alone once it finds a page in it that
// cannot move (skip_on_failure).
std::vector<MovableBlocks::Entry> CompactionRun::isolate(Pfn pageblock, std::uint64_t& scanned) const {
    const std::vector<MovableBlocks::Entry> known = pages_.movable().in_pageblock(pageblock);
    const PageCount unit = std::min(goal_.order, kPageblockOrder).pages();
    std::vector<MovableBlocks::Entry> found;
    std::size_t of_unit = 0;  // of `found`, in the current unit
    auto next = known.begin();
    for (Pfn at = pageblock; at < pageblock + kBlock;) {
        if (at.raw() % unit.raw() == 0) of_unit = 0;
        ++scanned;
        while (next != known.end() && next->block < at) ++next;
        if (next != known.end() && next->block == at) {
            at += next->order.pages();
            if (can_move(*next)) {
                found.push_back(*next);
                ++of_unit;
                continue;
            }
        } else if (zone_.frames().state(at).in_buddy()) {
            at += zone_.frames().order(at).pages();
            continue;
        } else {
            at += PageCount{1};
        }
        if (goal_.priority != CompactPriority::async) continue;
        found.resize(found.size() - of_unit);
        of_unit = 0;
        at = Pfn{(at.raw() + unit.raw() - 1) & ~(unit.raw() - 1)};
    }
    return found;
}

CompactionRun::Outcome CompactionRun::migrate(Pfn pageblock) {
    std::uint64_t scanned = 0;
    std::vector<MovableBlocks::Entry> entries;
    {
        const ZoneLock lock{cpu_, zone_};
        if (!is_source(pageblock)) return Outcome::nothing_moved;
        cpu_.order();  // owners register their pages at ordering points, without the zone lock
        entries = isolate(pageblock, scanned);
    }
    cpu_.retire(Step::compact_scan, scanned);
    pages_.counters(cpu_.id()).compact_migrate_scanned += scanned;
    Outcome outcome = Outcome::nothing_moved;
    for (const MovableBlocks::Entry& entry : entries) {
        const auto to = target_for(entry.order);
        if (!to) return Outcome::no_target;
        if (migrate(entry, *to)) outcome = Outcome::moved;
    }
    return outcome;
}

// An ordering point: owners come and go at theirs.
bool CompactionRun::is_there(const MovableBlocks::Entry& entry) const {
    cpu_.order();
    return pages_.movable().find(entry.block) == entry;
}

// The kernel holds a reference to what it migrates, and the frame stays what it is even if its owner goes. Here it does not: a
// page whose owner has gone is not read, for its frame may have left the direct map since.
bool CompactionRun::copy(const MovableBlocks::Entry& entry, Pfn to) {
    for (PageCount i{0}; i < entry.order.pages(); i += PageCount{1}) {
        if (!is_there(entry)) return false;
        cpu_.touch(layout::direct_map(entry.block + i), Touch::contended);  // its owner may use it
        cpu_.touch(layout::direct_map(to + i), Touch::owned);
        cpu_.retire(Step::copy_page);
    }
    return is_there(entry);
}

// migrate_pages() of one: paid first, then done at one moment. Its owner may have freed it meanwhile.
bool CompactionRun::migrate(const MovableBlocks::Entry& entry, Pfn to) {
    const std::uint64_t count = entry.order.pages().raw();
    cpu_.retire(Step::migrate_page, count);
    MovableBlocks& movable = pages_.movable();
    KernelCounters& counters = pages_.counters(cpu_.id());
    if (!copy(entry, to)) {
        counters.pgmigrate_fail += count;
        isolated_[entry.order.index()].push_back(to);
        return false;
    }
    movable.remove(entry.block);
    movable.add(to, entry.order, *entry.owner);
    entry.owner->moved(entry.block, to, entry.order);
    counters.pgmigrate_success += count;
    pages_.free_pages(cpu_, entry.block, entry.order);
    return true;
}

// suitable_migration_target(): looks at the first page alone. Never where flags would change hands.
bool CompactionRun::is_target(Pfn pageblock) const {
    const FreeType type = zone_.pageblock_freetype(pageblock);
    if (!zone_.pageblock_inside(pageblock) || !type.flags.none()) return false;
    const FrameTable& frames = zone_.frames();
    const Order too_large = zone_.rules().migration_target == MigrationTarget::below_the_goal ? goal_.order : kPageblockOrder;
    if (frames.state(pageblock).in_buddy() && frames.order(pageblock) >= too_large) return false;
    return goal_.priority == CompactPriority::sync_full || type.migratetype == Migratetype::movable;
}

// compaction_alloc(): the smallest isolated block that will do, split.
std::optional<Pfn> CompactionRun::take_isolated(Order order) {
    for (Order at = order; at <= kMaxOrder; at = at.next()) {
        std::vector<Pfn>& blocks = isolated_[at.index()];
        if (blocks.empty()) continue;
        const Pfn block = blocks.back();
        blocks.pop_back();
        for (Order half = at; half > order;) {
            half = half.prev();
            isolated_[half.index()].push_back(block + half.pages());
        }
        return block;
    }
    return std::nullopt;
}

// __isolate_free_page(): as long as the minimum watermark allows. It asks for ZONE_DMA, from which no zone keeps anything.
bool CompactionRun::take_free(Pfn block, Order order) {
    const PageCount mark = mark_of(zone_.layout(), Mark::min) + order.pages();
    if (!watermark_ok(zone_, Order{0U}, mark, AllocFlags{.highest_zone = ZoneKind::dma})) return false;
    BuddyWork work;
    zone_.unlink(block);
    if (order >= kPageblockOrder.prev()) make_movable(block, order, work);
    pages_.charge(cpu_, zone_, order, work);
    isolated_[order.index()].push_back(block);
    return true;
}

void CompactionRun::make_movable(Pfn block, Order order, BuddyWork& work) {
    for (Pfn at = block; at < block + order.pages(); at += kBlock) {
        if (!mergeable(zone_.pageblock_freetype(at).migratetype) || !zone_.has_uniform_flags(at)) continue;
        if (zone_.rules().isolated_pageblock == IsolatedPageblock::moves_its_free_blocks)
            zone_.move_pageblock(at, kMovable, work);
        zone_.set_pageblock_migratetype(at, Migratetype::movable);
    }
}

// isolate_freepages_block()
void CompactionRun::isolate_free(Pfn pageblock) {
    const ZoneLock lock{cpu_, zone_};
    cpu_.order();  // a flip sets flags at an ordering point, without the zone lock
    std::uint64_t scanned = 0;
    if (is_target(pageblock))
        for (Pfn at = pageblock; at < pageblock + kBlock; ++scanned) {
            const bool free = zone_.frames().state(at).in_buddy();
            const Order order = free ? zone_.frames().order(at) : Order{0U};
            if (free && zone_.list_type_of(at).flags.none()) {
                if (!take_free(at, order)) break;
                scanned += order.pages().raw() - 1;
            }
            at += order.pages();
        }
    if (scanned == 0) return;
    cpu_.retire(Step::compact_scan, scanned);
    pages_.counters(cpu_.id()).compact_free_scanned += scanned;
}

std::optional<Pfn> CompactionRun::target_for(Order order) {
    for (;;) {
        if (const auto block = take_isolated(order)) return block;
        if (free_ <= migrate_ + kBlock) return std::nullopt;
        isolate_free(free_);
        free_ = Pfn{free_.raw() - kBlock.raw()};
    }
}

// release_free_list()
void CompactionRun::release() {
    for (unsigned order = 0; order < kOrders; ++order)
        for (Pfn block : std::exchange(isolated_[order], {})) pages_.free_pages(cpu_, block, Order{order});
}

}  // namespace splinter::alloc
