// Flips of whole free blocks between freetypes whose flags differ: __rmqueue_direct_map() of the ALLOC_UNMAPPED series, both
// generations (generation.h), with the knobs of flip_policy.h. What a flag means for the page tables is the business of the
// PageblockFlipper that is registered for it: the direct map for `unmapped`, protection keys for `pgtable-key`.
//
// A flip happens outside the zone lock with interrupts on, since it may need a page-table page and a TLB shootdown [C]. Why it
// does not recurse: the direct map starts fully mapped, splits are never undone, and page tables are never unmapped memory [C],
// so that mapping a pageblock needs no page-table page. With other units it may, to split a leaf that was unmapped whole; the
// request for that page then flips nothing [I]. With keyed page tables the third of these is gone: the split needs a page of
// the flagged kind. Such a request may not block, so that it never flips (alloc/tables/freetype_key.cpp). Callers that may not
// block never flip: they may hold a lock that the CPUs to interrupt spin on [C], and mapping is refused to them as well, though
// it needs no flush [C]. can_set_direct_map() is true: x86-64 without debug_pagealloc. No kernel has checked these policies.
// Leaves out: KASAN tags, page reporting.
#pragma once

#include <array>
#include <set>

#include "alloc/buddy/flip_policy.h"
#include "alloc/buddy/page_allocator.h"
#include "alloc/buddy/unscrubbed.h"
#include "alloc/mm/mermap.h"

namespace splinter::alloc {

// The page tables' side of one flag. REQUIRES of callers: no lock held, interrupts on.
class PageblockFlipper {
  public:
    virtual ~PageblockFlipper() = default;
    enum class Outcome : std::uint8_t { done, no_memory };  // no_memory: part of the block may have changed
    // Makes a free block what the flag says; no core translates it as before after return.
    [[nodiscard]] virtual Outcome apply(Cpu& cpu, PfnRange block) = 0;
    // Makes it ordinary memory again. `unmapped` needs no flush: no stale entry can exist of what was not present [C].
    [[nodiscard]] virtual Outcome revert(Cpu& cpu, PfnRange block) = 0;
    // After the one or the other had no memory: undoes what it did.
    virtual void undo_apply(Cpu& cpu, PfnRange block) = 0;
    virtual void undo_revert(Cpu& cpu, PfnRange block) = 0;
    // Held from before a block is taken until its pages are on the free lists: one flip at a time, or nothing.
    [[nodiscard]] virtual std::optional<LockId> lock() const { return std::nullopt; }
};

class Flips {
  public:
    Flips(PageAllocator& pages, Mermap& mermap, const FlipPolicy& policy);
    Flips(const Flips&) = delete;
    Flips& operator=(const Flips&) = delete;
    // Who does the page tables of a flag. Without one, the flag is the allocator's alone.
    void set_tables(FreetypeFlag flag, PageblockFlipper& tables);
    [[nodiscard]] const FlipPolicy& policy() const { return policy_; }

    // --- demand: the allocator's calls ---
    // __rmqueue_direct_map(): a block for the request out of a block of other flags, after all fallbacks of its own flags
    // failed. The rest of it goes to the free lists.
    [[nodiscard]] std::optional<Pfn> serve(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    // A refill found nothing: flips a whole block into the request's free lists, if the policy and the request allow it.
    enum class Supply : std::uint8_t { flipped, none };
    [[nodiscard]] Supply supply(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    // prepare_alloc_pages(): whether a request is one that this generation serves.
    [[nodiscard]] bool accepts(const AllocRequest& request) const;
    // post_alloc_hook(): clears what the request and the scrub policy say.
    void after_allocation(Cpu& cpu, Pfn block, const AllocRequest& request);
    // free_pages_prepare(): clears what the scrub policy says. Before the block is on any list.
    void before_free(Cpu& cpu, Pfn block, Order order, Mapping mapping);
    // The order that direct compaction works for, on behalf of a request.
    [[nodiscard]] Order compaction_order(const AllocRequest& request) const;

    // --- ahead of demand: for periodic work; the series has none [C] ---
    enum class Ahead : std::uint8_t { done, no_block, no_memory };
    // Takes one free block of the flip unit's size out of the direct map and queues it, unmapped and unmovable.
    [[nodiscard]] Ahead unmap_ahead(Cpu& cpu, Zone& zone);
    // Returns one free unmapped block of the flip unit's size to the direct map and queues it, mapped and unmovable.
    [[nodiscard]] Ahead map_back(Cpu& cpu, Zone& zone);
    // The first for any freetype with one flag.
    [[nodiscard]] Ahead ahead(Cpu& cpu, Zone& zone, FreeType wanted) { return ahead(cpu, zone, wanted, kUnmovable); }

    // Pages that a mapped request would still have to clear (scrub `on-alloc`).
    [[nodiscard]] const UnscrubbedPages& unscrubbed() const { return unscrubbed_; }

  private:
    struct Converted {
        Ahead outcome = Ahead::no_block;
        PfnRange block{Pfn{0}, PageCount{0}};
    };
    [[nodiscard]] bool is_source(const Zone& zone, FreeType other) const;
    // `lock`: the flipper's, to be kept until the block is on the lists.
    using FlipLock = std::optional<LockGuard>;
    Converted convert(Cpu& cpu, Zone& zone, Order order, FreeType wanted, Fragmenting fragmenting, FlipLock& lock);
    Converted convert_from(Cpu& cpu, Zone& zone, Order order, FreeType other, FreetypeFlags wanted, Fragmenting fragmenting,
                           FlipLock& lock);
    std::optional<PfnRange> take(Cpu& cpu, Zone& zone, Order order, FreeType other, FreetypeFlags wanted,
                                 Fragmenting fragmenting);
    std::optional<PfnRange> take_range(Cpu& cpu, Zone& zone, FreeType other);
    std::optional<Pfn> take_block_as_generation(Zone& zone, Order order, FreeType other, Fragmenting fragmenting,
                                                BuddyWork& work) const;
    PageblockFlipper::Outcome change_tables(Cpu& cpu, PfnRange block, FreetypeFlags from, FreetypeFlags to);
    PageblockFlipper::Outcome map_tables(Cpu& cpu, PageblockFlipper& tables, PfnRange block);
    // The flag in which two sets differ. REQUIRES: in one.
    [[nodiscard]] static FreetypeFlag difference(FreetypeFlags from, FreetypeFlags to);
    [[nodiscard]] PageblockFlipper* tables_of(FreetypeFlag flag) const { return tables_[static_cast<std::size_t>(flag)]; }
    void give_up(Cpu& cpu, Zone& zone, PfnRange block, FreetypeFlags old, FreetypeFlags wanted);
    [[nodiscard]] bool may_flip(const Cpu& cpu, const AllocRequest& request) const;
    void put_remainder(Cpu& cpu, Zone& zone, PfnRange block, Order used);
    void put_whole(Cpu& cpu, Zone& zone, PfnRange block);
    Ahead ahead(Cpu& cpu, Zone& zone, FreeType wanted, FreeType other);
    void count(Cpu& cpu, FreetypeFlags from, FreetypeFlags to);

    PageAllocator& pages_;
    std::array<PageblockFlipper*, kAllFreetypeFlags.size()> tables_{};  // by flag
    Mermap& mermap_;                                                    // through which unmapped pages are cleared
    FlipPolicy policy_;
    UnscrubbedPages unscrubbed_;
    std::set<CpuId> mapping_;  // CPUs that are mapping a block now
};

}  // namespace splinter::alloc
