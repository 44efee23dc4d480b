// The translation hardware of one core without SystemC: TLBs, paging-structure caches, walker, permission check, invalidations,
// each with its cycles (SDM Vol. 3A chapter 4, 4.10 for what may be cached). The timed Mmu and `splinter conform` run the same
// one.
//
// Models: L1 data, store and instruction TLBs, a second level, paging-structure caches; entries carry PCID, Global, key and D;
// keys and all other rights are tested at each access, so that a write of PKRU or PKRS drops nothing. A and D are set by the
// walker. Leaves out: several walkers in parallel, speculative walks, a limit on the PCIDs that an L2 TLB holds at once.
#pragma once

#include <array>
#include <optional>
#include <set>

#include "hw/mem/recent_stores.h"
#include "hw/mmu/pages_seen.h"
#include "hw/mmu/paging_cache.h"
#include "hw/mmu/permission_table.h"
#include "hw/mmu/tlb_level.h"
#include "hw/mmu/walk_hints.h"
#include "hw/x86/invalidation.h"
#include "hw/x86/translate.h"

namespace splinter::hw {

struct MmuStats {
    std::uint64_t accesses = 0;
    std::uint64_t l1_misses = 0;
    std::uint64_t l2_misses = 0;   // each is a walk
    std::uint64_t walk_reads = 0;  // page-table entries read
    std::uint64_t walk_cycles = 0;
    std::uint64_t faults = 0;
    std::uint64_t invlpg = 0;  // addresses dropped one by one
    std::uint64_t full_flushes = 0;
    // Kernel addresses that INVLPG left cached under another PCID than the current one, and that MOV CR3 to that PCID, without
    // a flush, has made usable again.
    std::uint64_t pcid_survivors = 0;
};

// What the walker asks of the memory that holds the page tables.
class PageTablePort {
  public:
    virtual ~PageTablePort() = default;
    // The entry at `address`; adds what the read costs to `latency`.
    virtual x86::Pte read(PhysAddr address, Cycles& latency) = 0;
    // Sets `flags` in one locked operation if the entry is still `seen`; returns the entry as it then is.
    virtual x86::Pte set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) = 0;
};

// Page tables that a walker may read without asking the port: while no store is young, each read takes `cost` and sees
// `memory`.
struct DirectTables {
    const std::byte* memory = nullptr;
    std::uint64_t bytes = 0;  // 0: every read goes to the port
    Cycles cost;
    const RecentStores* young = nullptr;

    [[nodiscard]] bool reach(PhysAddr address) const { return address.raw() < bytes && young->empty(); }
    // REQUIRES: reach(address), 8-byte aligned.
    [[nodiscard]] x86::Pte load(PhysAddr address) const {
        return x86::Pte{*reinterpret_cast<const std::uint64_t*>(memory + address.raw())};
    }
};

// What the exposure measure wants to know of an MMU.
class TranslationObserver : public StaleListener {
  public:
    // A translation of `page` has been put into a TLB array. True: it gives rights that the page tables took away; it is then
    // marked, and its drop is reported.
    virtual bool is_stale_fill(VirtAddr page, x86::PageSize size) = 0;
};

class TranslationUnit {
  public:
    struct Outcome {
        x86::AccessOutcome result;
        Cycles latency;  // beyond an L1 TLB hit
    };

    TranslationUnit(const MmuParams& mmu, const CoreParams& core, PageTablePort& tables);
    TranslationUnit(const TranslationUnit&) = delete;
    TranslationUnit& operator=(const TranslationUnit&) = delete;

    // --- registers ---
    // CR0, CR4, EFER, RFLAGS.AC, PKRU, PKRS. Changes that the processor flushes for (SDM 4.10.4.1) flush: PGE, PCIDE to 0
    // (then PCID 0 is current), SMEP to 1, LA57. Costs are the caller's: WRPKRU and its like have their own.
    void write_state(const x86::PagingState& state);
    [[nodiscard]] const x86::PagingState& state() const { return state_; }
    // WRMSR to IA32_PKRS alone: the same, and cheap enough to be done around every write of an entry. Nothing is flushed: keys
    // are kept in the TLBs and checked at each access. Returns its cycles.
    Cycles write_pkrs(x86::KeyRights rights);
    using Cr3Flush = x86::Cr3Flush;
    // MOV CR3; returns its cycles.
    Cycles write_cr3(Pfn root, Pcid pcid, Cr3Flush flush);
    [[nodiscard]] Pfn root() const { return root_; }
    [[nodiscard]] Pcid pcid() const { return pcid_; }

    // --- accesses ---
    [[nodiscard]] Outcome access(VirtAddr va, x86::Access access);
    // The same in two host registers. kFaulted as the address: what happened is in fault().
    struct Served {
        PhysAddr address;
        Cycles latency;  // beyond an L1 TLB hit
    };
    static constexpr PhysAddr kFaulted{~std::uint64_t{0}};
    [[nodiscard]] Served serve(VirtAddr va, x86::Access access);
    [[nodiscard]] const x86::AccessOutcome& fault() const { return fault_; }
    // The fast way: makes the access if it is known to be a plain L1 TLB hit, and returns the entry that serves it. Otherwise
    // nullptr, and the access is still to be made, with access(). (A pointer, for it stays in a register: an optional address
    // went through memory and took 8 ns more.)
    [[nodiscard, gnu::always_inline]] const CachedEntry* access_known_hit(VirtAddr va, x86::Access access) {
        const HitMemo::Hit* const hit = route_of(access).memo->find(va, PermissionTable::row_of(access));
        if (hit == nullptr) [[unlikely]]
            return nullptr;
        ++stats_.accesses;
        return hit->array->use_again(*hit);
    }
    // The access of the last access_known_hit() to the same page once more, when nothing else was asked of this unit since: its
    // entry is the most recently used already.
    void access_again() { ++stats_.accesses; }
    // A hint without effect: an access to `va` will come. Costs next to nothing while accesses hit.
    void expect(VirtAddr va) {
        if (stats_.accesses - walked_at_ < kWalksLately) [[unlikely]]
            expect_walk(va);
    }
    // From here on walks read `tables` themselves, and hints look at `memory`. Both change nothing but the host's time.
    void read_directly(const DirectTables& tables) { direct_ = tables; }
    void give_hints_about(const x86::PhysMem& memory) { hints_.emplace(memory); }
    // Applies a local invalidation; returns its cycles.
    Cycles invalidate(const x86::Invalidation& invalidation);
    // What an INVLPGB of another core, or the own one, does here.
    void apply(const x86::Invlpgb& invalidation);

    // --- observation ---
    // False: no TLB entry overlaps the range.
    [[nodiscard]] bool may_hold(VirtAddr begin, std::uint64_t bytes) const { return walked_.may_have_any(begin, bytes); }
    void set_observer(TranslationObserver* observer);
    // Marks entries that overlap the range and reports them to visit(page, size).
    template <class Visitor>
    void mark_stale(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) {
        if (!may_hold(begin, bytes)) return;
        for (TlbLevel& level : levels_) level.mark_stale_range(begin, bytes, visit);
    }
    // Audits: visit(CachedTranslation) for every valid TLB entry, whatever its PCID.
    template <class Visitor>
    void for_each_translation(Visitor&& visit) const {
        for (const TlbLevel& level : levels_) level.for_each(visit);
    }
    // The same for those that overlap the range.
    template <class Visitor>
    void for_each_translation_in(VirtAddr begin, std::uint64_t bytes, Visitor&& visit) const {
        if (!may_hold(begin, bytes)) return;
        for (const TlbLevel& level : levels_) level.for_each_in(begin, bytes, visit);
    }
    [[nodiscard]] const PagingCache& paging_cache() const { return paging_cache_; }
    [[nodiscard]] const MmuStats& stats() const { return stats_; }

  private:
    enum Unit : std::uint8_t { kL1Data, kL1Store, kL1Code, kL2, kL2Code, kUnits };
    // Where one kind of access looks.
    struct Route {
        TlbLevel* first;
        TlbLevel* second;
        HitMemo* memo;  // of the first
    };
    [[nodiscard]] const Route& route_of(x86::Access access) const { return routes_[static_cast<std::size_t>(access.kind)]; }
    // SDM 4.8: a write through an entry whose D was clear at the fill walks again, to set D in memory.
    static bool must_walk(x86::Access access, CachedEntry entry) {
        return access.kind == x86::AccessKind::write && !entry.dirty();
    }
    [[nodiscard]] Served ok(VirtAddr va, CachedEntry entry, Cycles latency);
    [[nodiscard]] Served finish_hit(VirtAddr va, x86::Access access, CachedEntry entry, Cycles latency);
    [[nodiscard, gnu::noinline]] Served walk_after_hit(VirtAddr va, x86::Access access, Cycles latency);
    [[nodiscard, gnu::always_inline]] Served walk_and_finish(VirtAddr va, x86::Access access, const TlbProbe& small,
                                                             Cycles latency);
    [[nodiscard, gnu::noinline]] Served walk_failed(VirtAddr va, x86::Access access, x86::WalkFailure failure, Cycles latency);
    [[nodiscard, gnu::noinline]] Served denied(VirtAddr va, x86::Access access, CachedEntry entry, Cycles latency);
    [[nodiscard]] Served faulted(const x86::AccessOutcome& outcome, Cycles latency);
    [[nodiscard, gnu::always_inline]] x86::Walk walk(VirtAddr va, x86::Access access, Cycles& latency);
    [[nodiscard, gnu::always_inline]] x86::Walk begin_walk(VirtAddr va);
    void fill_anew(const Route& route, VirtAddr va, CachedEntry entry);
    [[nodiscard, gnu::always_inline]] x86::Pte use_entry(const x86::Walk& walk, std::size_t row, Cycles& latency);
    // In pieces, as what it takes is by value: a variable whose address is taken, or that is passed in memory, leaves the
    // host's registers for the whole walk.
    [[nodiscard, gnu::noinline]] x86::Pte set_flags(VirtAddr va, x86::Level level, x86::PathRights rights, Pfn table,
                                                    std::size_t row, x86::Pte entry);
    struct PortRead {
        x86::Pte entry;
        Cycles latency;
    };
    [[nodiscard, gnu::noinline]] PortRead read_through_port(PhysAddr address);
    void expect_walk(VirtAddr va);
    void mark_if_stale(TlbLevel& level, VirtAddr va, x86::PageSize size);
    void drop_for_fault(VirtAddr va);
    void drop_pcid(Pcid pcid);
    void drop_all();
    void forget_hits();
    [[nodiscard]] bool holds_under(VirtAddr va, Pcid pcid) const;
    // `current`: INVLPG, which drops global entries, too.
    [[gnu::noinline]] void invalidate_page(VirtAddr va, Pcid pcid, bool current);
    [[gnu::noinline]] Cycles invalidate_many(const x86::Invalidation& invalidation);
    void drop_page(VirtAddr va);
    void count_survivors(Pcid pcid);

    MmuParams params_;
    PageTablePort& tables_;
    DirectTables direct_;
    std::array<TlbLevel, kUnits> levels_;
    std::array<HitMemo, 3> memos_;  // of the L1 units
    x86::PagingState state_;
    x86::WalkRules walk_rules_{state_};
    PermissionTable permissions_{state_};
    PermissionTable last_permissions_{state_};       // before the last write of PKRS, if
    std::optional<x86::KeyRights> last_pkrs_;        // nothing else was written since
    x86::AccessOutcome fault_;                       // the last
    x86::PageSize served_size_ = x86::PageSize::k4;  // of the last access that did not fault
    TranslationObserver* observer_ = nullptr;
    // Together, as what a shootdown asks of an idle core, besides the memos.
    std::array<Route, 3> routes_;  // by access kind
    MmuStats stats_;
    Pfn root_;
    Pcid pcid_;
    std::uint64_t invalidations_ = 0;  // of any kind, and register writes
    PagesSeen walked_;                 // all that the TLBs hold, and more
    PagingCache paging_cache_;         // begins with whether it holds any
    CoreParams core_;
    struct Survivor {
        Pcid pcid;
        VirtAddr va;
        friend auto operator<=>(const Survivor&, const Survivor&) = default;
    };
    std::set<Survivor> survivors_;  // what INVLPG has left under other PCIDs; some may have gone since
    bool several_pcids_ = false;    // more than one has been loaded
    // Guesses at whether the next access walks, for hints only.
    static constexpr std::uint64_t kWalksLately = 4;
    std::uint64_t walked_at_ = 0;    // stats_.accesses after the last that walked
    bool last_miss_walked_ = false;  // the last L1 miss
    bool told_ = false;              // the program tells what comes: then there is nothing to guess
    std::optional<WalkHints> hints_;
};

}  // namespace splinter::hw
