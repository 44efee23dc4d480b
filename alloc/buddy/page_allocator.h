// The page allocator of a machine: zones of its nodes, per-CPU lists, and freetypes. get_page_from_freelist(), rmqueue(),
// rmqueue_buddy(), free_unref_page() of mm/page_alloc.c, Linux 6.1 or 6.12 as its zones say (slow_path.cpp: what happens when
// the fast path fails; bulk.cpp: alloc_pages_bulk(), free_unref_folios()). The flip of blocks between
// freetypes is flip.h.
//
// No kernel has checked the freetype policies: they follow the series as read, not a recorded run.
// Leaves out: reclaim (slow_path.h), the watermark boosts, memory policies.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "alloc/accounts.h"
#include "alloc/buddy/compaction.h"
#include "alloc/buddy/fallback.h"
#include "alloc/buddy/movable.h"
#include "alloc/buddy/pcp.h"
#include "alloc/buddy/slow_path.h"
#include "alloc/buddy/watermark.h"
#include "alloc/buddy/zonelist.h"
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

struct AllocatorTunables {
    bool compaction = true;
    std::uint64_t pcp_trylock_fails = 0;  // every Nth; 0: none but where the lists are locked
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

    void add_shrinker(Shrinker& shrinker) { shrinkers_.push_back(&shrinker); }
    void configure(const AllocatorTunables& tunables) { tunables_ = tunables; }
    // The node of each CPU; without it, all are of node 0.
    void set_cpu_nodes(std::vector<NodeId> nodes);

    // Ordinary requests for freetypes with the flag leave so many free pages of them on the buddy lists of all zones together.
    void keep(FreetypeFlag flag, PageCount pages) { kept_[static_cast<std::size_t>(flag)] = pages; }
    // Free pages with the flag on the buddy lists of all zones.
    [[nodiscard]] PageCount buddy_pages_with(FreetypeFlag flag) const;
    // And on the per-CPU lists.
    [[nodiscard]] PageCount free_pages_with(FreetypeFlag flag) const;

    // alloc_pages(): the first frame of a block, or nothing.
    [[nodiscard]] std::optional<Pfn> alloc_pages(Cpu& cpu, const AllocRequest& request) { return allocate(cpu, request); }
    // __free_pages(). REQUIRES: the block was allocated, and is freed once.
    void free_pages(Cpu& cpu, Pfn block, Order order);
    // A free that does not get this CPU's lists, because an interrupt came while they were locked (pcp_spin_trylock()), or
    // whose order they do not serve: straight to the buddy.
    void free_to_buddy(Cpu& cpu, Pfn block, Order order);
    // alloc_pages_bulk(): up to `wanted` pages of order 0 for the request, one look at this CPU's lists; at least one, or none
    // if memory is short.
    [[nodiscard]] std::vector<Pfn> alloc_pages_bulk(Cpu& cpu, const AllocRequest& request, std::uint64_t wanted);
    // The same in a zone that is known, whatever its watermarks; a recorded series tells only how many pages it got.
    [[nodiscard]] std::optional<Pfn> alloc_bulk_page(Cpu& cpu, Zone& zone, FreeType type);
    // free_unref_page_list() (6.1), free_unref_folios() (6.12): order 0. REQUIRES: as free_pages().
    void free_pages_bulk(Cpu& cpu, std::span<const Pfn> pages);
    // decay_pcp_high(): what the vmstat worker does on this CPU from time to time (6.12).
    void decay(Cpu& cpu, Zone& zone);
    // drain_pages_zone(): all pages that `owner` has on its lists of the zone; drain_all_pages(): all CPUs', all zones'.
    void drain_pages(Cpu& cpu, Zone& zone, CpuId owner);
    void drain_all_pages(Cpu& cpu);
    // Pages in use that may be migrated.
    [[nodiscard]] MovableBlocks& movable() { return movable_; }

    [[nodiscard]] std::vector<Zone>& zones() { return zones_; }
    [[nodiscard]] const std::vector<Zone>& zones() const { return zones_; }
    [[nodiscard]] Zone& zone_of(Pfn pfn);
    [[nodiscard]] PerCpuPages& pcp(const Zone& zone, CpuId cpu) { return pcps_[zone.layout().index.raw()][cpu.index()]; }
    // Buddy lists plus per-CPU lists.
    [[nodiscard]] PageCount free_pages(const Zone& zone) const;
    // Free pages in unmapped pageblocks, all zones: buddy lists plus per-CPU lists.
    [[nodiscard]] PageCount unmapped_free_pages() const;
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }
    // Which order direct compaction is to make a free block of, for a request that failed: its own, but for flips. An unmapped
    // request can be served by a flip of a whole free block only, so that it is promoted even for one page ("always direct
    // compact for unmapped allocs", `late`); mapped ones never are.
    [[nodiscard]] Order compaction_order(const AllocRequest& request) const;
    [[nodiscard]] NodeId node_of(CpuId cpu) const { return cpu_nodes_[cpu.index()]; }
    // Positions of zones() that requests of a CPU try, in order.
    [[nodiscard]] const std::vector<std::size_t>& zonelist(CpuId cpu) const { return zonelists_[node_of(cpu).raw()]; }

    // --- for the parts of the allocator ---
    // Cycles and counters of work on free lists. REQUIRES: zone lock held.
    void charge(Cpu& cpu, const Zone& zone, Order order, const BuddyWork& work);

  private:
    class PcpLock;       // a CPU's lists, for as long as the object lives
    class PcpDrainLock;  // the same of any CPU
    [[nodiscard]] static LockId pcp_lock_of(const Zone& zone, CpuId cpu) {
        return LockId{static_cast<std::uint32_t>(kFirstPcpLock.raw() + zone.layout().index.raw() * layout::KernelData::kCpus +
                                                 cpu.raw())};
    }
    [[nodiscard]] bool trylock_made_to_fail(CpuId cpu) {
        if (tunables_.pcp_trylock_fails == 0) return false;
        return ++pcp_trylocks_[cpu.index()] % tunables_.pcp_trylock_fails == 0;
    }

    [[nodiscard]] Fragmenting first_pass(const std::vector<std::size_t>& zonelist) const;
    [[nodiscard]] AllocFlags first_flags(const Cpu& cpu, const AllocRequest& request) const;
    [[nodiscard]] bool serves(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags) const;
    MaybePfn allocate(Cpu& cpu, const AllocRequest& request);
    MaybePfn get_page_from_freelist(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags);
    MaybePfn try_zonelist(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags);
    MaybePfn rmqueue(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags);
    MaybePfn rmqueue_pcplist(Cpu& cpu, Zone& zone, const AllocRequest& request, Fragmenting fragmenting);
    void refill(Cpu& cpu, Zone& zone, Order order, FreeType type, PerCpuPages& pcp, Fragmenting fragmenting);
    MaybePfn rmqueue_buddy(Cpu& cpu, Zone& zone, const AllocRequest& request, const AllocFlags& flags);
    // Blocks of the order that a request for the type may take from the buddy lists before it comes to kept pages.
    [[nodiscard]] std::uint64_t spare_blocks(Order order, FreeType type) const;
    void reserve_highatomic(Cpu& cpu, Zone& zone, Pfn block, Order order);
    void account_allocation(Cpu& cpu, Pfn block, Order order);
    // slow_path.cpp
    std::optional<Pfn> alloc_slowly(Cpu& cpu, const AllocRequest& request);
    std::optional<Pfn> direct_reclaim(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags);
    std::optional<Pfn> direct_compact(Cpu& cpu, const AllocRequest& request, const AllocFlags& flags, CompactPriority priority,
                                      CompactResult& result);
    bool unreserve_highatomic(Cpu& cpu, const AllocRequest& request, Keep keep);
    // bulk.cpp
    Zone* zone_for_bulk(Cpu& cpu, const AllocRequest& request, std::uint64_t wanted);
    std::optional<Pfn> pop_or_refill(Cpu& cpu, Zone& zone, FreeType type, PerCpuPages& lists, Fragmenting fragmenting);
    void free_to_list(Cpu& cpu, Zone& zone, Pfn block, Order order);
    void drain(Cpu& cpu, Zone& zone, PerCpuPages& pcp, PageCount pages, std::size_t first_list);

    FrameTable* frames_;
    std::vector<Zone> zones_;
    std::vector<std::vector<PerCpuPages>> pcps_;  // by zone, CPU
    std::vector<KernelCounters> counters_;        // by CPU
    layout::KernelData data_;
    Flips* flips_ = nullptr;
    std::vector<Shrinker*> shrinkers_;
    std::array<PageCount, kAllFreetypeFlags.size()> kept_;  // by flag
    AllocatorTunables tunables_;
    Zonelists zonelists_;
    std::vector<Fragmenting> first_passes_;    // by node
    std::vector<NodeId> cpu_nodes_;            // by CPU
    std::vector<std::uint64_t> pcp_trylocks_;  // by CPU
    MovableBlocks movable_;
    Compactor compactor_{*this};
    std::optional<CpuId> drains_all_;  // pcpu_drain_mutex; looked at in ordering points
};

}  // namespace splinter::alloc
