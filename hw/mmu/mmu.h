// The MMU of one core: TLB look-ups, page walks, permission checks, invalidations, each with its cycles. A SystemC module
// around the plain TlbArray, PagingCache, x86::Walk and x86::check_access; SDM Vol. 3A chapter 4.
//
// The walker reaches page tables through `out`, by DMI on the hot path or by b_transport for every read; both give equal
// cycles. Models: L1 data TLB and L2 TLB per page size, paging-structure caches, A and D set by the walker. Leaves out:
// instruction TLBs, several walkers in parallel, speculative walks.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <functional>

#include "hw/core/timeline.h"
#include "hw/mem/memory_system.h"
#include "hw/mmu/paging_cache.h"
#include "hw/mmu/tlb_array.h"
#include "hw/x86/check_access.h"
#include "hw/x86/invalidation.h"

namespace splinter::hw {

struct MmuStats {
    std::uint64_t accesses = 0;
    std::uint64_t l1_misses = 0;
    std::uint64_t l2_misses = 0;   // each is a walk
    std::uint64_t walk_reads = 0;  // page-table entries read
    std::uint64_t walk_cycles = 0;
    std::uint64_t faults = 0;
    std::uint64_t invlpg = 0;
    std::uint64_t full_flushes = 0;
};

// What the exposure measure wants to know of an MMU.
class TranslationObserver : public StaleListener {
  public:
    // A translation of `page` has been put into a TLB array. True: it gives rights that the page tables took away; it is then
    // marked, and its drop is reported.
    virtual bool is_stale_fill(VirtAddr page, x86::PageSize size) = 0;
};

class Mmu : public sc_core::sc_module {
  public:
    tlm_utils::simple_initiator_socket<Mmu> out;  // page-table reads

    struct Outcome {
        std::optional<x86::PageFault> fault;
        Cycles latency;    // beyond an L1 TLB hit
        PhysAddr address;  // without a fault
    };

    Mmu(sc_core::sc_module_name name, const MachineParams& params, MemorySystem& memory, Timeline& timeline);
    Mmu(const Mmu&) = delete;
    Mmu& operator=(const Mmu&) = delete;

    void set_root(Pfn root, Pcid pcid);  // CR3, without a flush: the caller decides (boot)
    void set_observer(TranslationObserver* observer);
    x86::PagingMode& paging_mode() { return mode_; }

    // Translates and checks one access at the core's current time. May reach an ordering point (A or D to set).
    [[nodiscard]] Outcome access(VirtAddr va, x86::Access access);
    // Applies a local invalidation; returns its cycles.
    Cycles invalidate(const x86::Invalidation& invalidation);

    // One page-table entry as this core sees it now, and a store to one. Untimed.
    [[nodiscard]] x86::Pte load(PhysAddr address) const;
    void store(PhysAddr address, x86::Pte value);

    // Marks entries that overlap the range and reports them to visit(page, size).
    template <class Visitor>
    void mark_stale(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) {
        for (TlbArray& array : arrays_) array.mark_stale(begin, bytes, visit);
    }
    // Audits: visit(CachedTranslation) for every valid TLB entry, whatever its PCID.
    template <class Visitor>
    void for_each_translation(Visitor&& visit) const {
        for (const TlbArray& array : arrays_) array.for_each(visit);
    }
    [[nodiscard]] const PagingCache& paging_cache() const { return paging_cache_; }
    [[nodiscard]] const MmuStats& stats() const { return stats_; }

  private:
    void end_of_elaboration() override;
    TlbArray& l1(x86::PageSize size) { return arrays_[static_cast<std::size_t>(size)]; }
    TlbArray& l2(x86::PageSize size) { return arrays_[3 + static_cast<std::size_t>(size)]; }
    const x86::Translation* look_up(VirtAddr va, x86::Mode mode, Cycles& latency);
    [[nodiscard]] std::optional<x86::Translation> walk(VirtAddr va, x86::Access access, Cycles& latency);
    x86::Pte read_entry(PhysAddr address, Cycles& latency);
    [[nodiscard]] std::uint64_t bits_to_set(VirtAddr va, x86::Access access, const x86::Walk& walk, x86::Pte entry) const;
    void fill(VirtAddr va, const x86::Translation& translation);
    void mark_if_stale(TlbArray& array, VirtAddr va, x86::PageSize size);
    void drop_page(VirtAddr va);

    MachineParams params_;
    MemorySystem& memory_;
    Timeline& timeline_;
    std::array<TlbArray, 6> arrays_;  // L1 4K, 2M, 1G, L2 4K, 2M, 1G
    PagingCache paging_cache_;
    x86::PagingMode mode_;
    Pfn root_;
    Pcid pcid_;
    TranslationObserver* observer_ = nullptr;
    const unsigned char* dmi_ = nullptr;
    MmuStats stats_;

    // The page of the last L1 hit of user and of supervisor accesses: hitting it again needs no look-up. Dropped by anything
    // that changes a TLB or a register.
    struct LastPage {
        VirtAddr first{1};  // no page begins here
        std::uint64_t bytes = 0;
        const x86::Translation* translation = nullptr;
        TlbArray* array = nullptr;  // that holds it
    };
    std::array<LastPage, 2> last_;  // by mode
};

}  // namespace splinter::hw
