// The page allocator of a node: zones, per-CPU lists, and freetypes. get_page_from_freelist(), rmqueue(), rmqueue_buddy(),
// alloc_pages_bulk(), free_unref_page() of mm/page_alloc.c, Linux 6.1 or 6.12 as its zones say. The flip of blocks between
// freetypes is flip.h.
//
// No kernel has checked the freetype policies: they follow the series as read, not a recorded run.
// Leaves out: NUMA, reclaim, compaction, the slow path with its HIGHATOMIC reserves, the watermark boosts.
#pragma once

#include <vector>

#include "alloc/accounts.h"
#include "alloc/buddy/fallback.h"
#include "alloc/buddy/pcp.h"
#include "alloc/counters.h"
#include "alloc/cpu.h"
#include "alloc/layout.h"

namespace splinter::alloc {

class Flips;  // flip.h

// Somebody who holds memory that he can do without: struct shrinker, asked by direct reclaim when a request would fail.
// REQUIRES of callers: no lock held, interrupts on.
class Shrinker {
  public:
    virtual ~Shrinker() = default;
    // Gives some memory back to the page allocator; returns how much, 0 if there is none.
    [[nodiscard]] virtual PageCount shrink(Cpu& cpu) = 0;
};

class PageAllocator {
  public:
    // `zones` ascending, of one kernel version; `cpus` per-CPU lists per zone, with the given limits.
    PageAllocator(FrameTable& frames, std::vector<Zone> zones, std::size_t cpus, const PcpState& limits,
                  layout::KernelData data);
    PageAllocator(const PageAllocator&) = delete;
    PageAllocator& operator=(const PageAllocator&) = delete;
    // Without flips, requests for freetypes with flags fail.
    void set_flips(Flips& flips) { flips_ = &flips; }
    [[nodiscard]] Flips* flips() const { return flips_; }

    void set_shrinker(Shrinker& shrinker) { shrinker_ = &shrinker; }

    // alloc_pages(): the first frame of a block, or nothing.
    [[nodiscard]] std::optional<Pfn> alloc_pages(Cpu& cpu, const AllocRequest& request);
    // __free_pages(). REQUIRES: the block was allocated, and is freed once.
    void free_pages(Cpu& cpu, Pfn block, Order order);
    // A free that does not get this CPU's lists, because an interrupt came while they were locked (pcp_spin_trylock()), or
    // whose order they do not serve: straight to the buddy.
    void free_to_buddy(Cpu& cpu, Pfn block, Order order);
    // alloc_pages_bulk(): a page of order 0, of a series that looks at this CPU's lists once.
    [[nodiscard]] std::optional<Pfn> alloc_bulk_page(Cpu& cpu, Zone& zone, FreeType type);
    // decay_pcp_high(): what the vmstat worker does on this CPU from time to time (6.12).
    void decay(Cpu& cpu, Zone& zone);

    [[nodiscard]] std::vector<Zone>& zones() { return zones_; }
    [[nodiscard]] const std::vector<Zone>& zones() const { return zones_; }
    [[nodiscard]] Zone& zone_of(Pfn pfn);
    [[nodiscard]] PerCpuPages& pcp(const Zone& zone, CpuId cpu) { return pcps_[zone.layout().index.raw()][cpu.index()]; }
    // Buddy lists plus per-CPU lists.
    [[nodiscard]] PageCount free_pages(const Zone& zone) const;
    // Free pages in unmapped pageblocks, all zones: buddy lists plus per-CPU lists.
    [[nodiscard]] PageCount unmapped_free_pages() const;
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }
    // Which order direct compaction is to make a free block of, for a request that failed: its own, but for flips.
    [[nodiscard]] Order compaction_order(const AllocRequest& request) const;

    // --- for the allocator's other files ---
    static LockId lock_of(const Zone& zone) { return LockId{kFirstZoneLock.raw() + zone.layout().index.raw()}; }
    // The cycles of what was done to the lists of `order`. REQUIRES: zone lock held.
    void charge(Cpu& cpu, const Zone& zone, Order order, const BuddyWork& work);

  private:
    [[nodiscard]] bool watermark_ok(const Zone& zone, const AllocRequest& request) const;
    [[nodiscard]] PageCount high_mark(const Zone& zone) const;
    [[nodiscard]] bool avoids_fragmenting() const;
    void note_fill(Zone& zone) const;
    std::optional<Pfn> get_page_from_freelist(Cpu& cpu, const AllocRequest& request, Fragmenting fragmenting);
    std::optional<Pfn> rmqueue(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    std::optional<Pfn> rmqueue_pcplist(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    void refill(Cpu& cpu, Zone& zone, const AllocRequest& request, PerCpuPages& pcp, Fragmenting fragmenting);
    std::optional<Pfn> rmqueue_buddy(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    void drain(Cpu& cpu, Zone& zone, PerCpuPages& pcp, PageCount pages, std::size_t first_list);

    FrameTable* frames_;
    std::vector<Zone> zones_;
    std::vector<std::vector<PerCpuPages>> pcps_;  // by zone, CPU
    std::vector<KernelCounters> counters_;        // by CPU
    layout::KernelData data_;
    Flips* flips_ = nullptr;
    Shrinker* shrinker_ = nullptr;
};

}  // namespace splinter::alloc
