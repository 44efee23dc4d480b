#include "hw/mmu/translation_unit.h"

#include <algorithm>
#include <utility>

#include "hw/base/check.h"

namespace splinter::hw {

using x86::AccessKind;
using x86::PageSize;

TranslationUnit::TranslationUnit(const MmuParams& mmu, const CoreParams& core, PageTablePort& tables)
    : params_{mmu},
      tables_{tables},
      levels_{TlbLevel{{mmu.l1d, mmu.l1d_large, mmu.l1d_huge}}, TlbLevel{{mmu.l1s}}, TlbLevel{{mmu.l1i, mmu.l1i_large}},
              TlbLevel{{mmu.l2, mmu.l2_second}}, TlbLevel{{mmu.l2i}}},
      paging_cache_{mmu},
      core_{core} {
    const std::array<Unit, 3> l1_of{kL1Data, levels_[kL1Store].present() ? kL1Store : kL1Data, kL1Code};
    for (std::size_t kind = 0; kind < routes_.size(); ++kind) {
        const bool own_l2 = kind == static_cast<std::size_t>(AccessKind::fetch) && levels_[kL2Code].present();
        routes_[kind] = {&levels_[l1_of[kind]], &levels_[own_l2 ? kL2Code : kL2], &memos_[l1_of[kind]]};
    }
    for (std::size_t unit = 0; unit < memos_.size(); ++unit) levels_[unit].set_memo(memos_[unit]);
}

void TranslationUnit::write_state(const x86::PagingState& state) {
    // SDM 4.10.4.1, "MOV to CR4" and "MOV to CR0": LA57 changes with paging off only, which flushes.
    const bool pcids_end = state_.pcide && !state.pcide;
    const bool flushes = state.pge != state_.pge || pcids_end || (!state_.smep && state.smep) || state.la57 != state_.la57;
    ++invalidations_;
    if (flushes) drop_all();
    if (pcids_end) pcid_ = Pcid{};  // SDM 4.10.1: the current PCID is 0 while CR4.PCIDE is clear
    forget_hits();
    state_ = state;
    walk_rules_ = x86::WalkRules{state_};
    permissions_.rebuild(state_);
    last_pkrs_.reset();
}

Cycles TranslationUnit::write_pkrs(x86::KeyRights rights) {
    if (rights == state_.pkrs) return core_.wrmsr_pkrs;
    ++invalidations_;
    forget_hits();
    const x86::KeyRights old = std::exchange(state_.pkrs, rights);
    // Software alternates between two values: the table of the last one is kept.
    std::swap(permissions_, last_permissions_);
    if (last_pkrs_ != rights) permissions_.rebuild(state_);
    last_pkrs_ = old;
    return core_.wrmsr_pkrs;
}

Cycles TranslationUnit::write_cr3(Pfn root, Pcid pcid, Cr3Flush flush) {
    SPLINTER_CHECK(state_.pcide || (pcid == Pcid{} && flush == Cr3Flush::flush), "PCIDs and no-flush writes need CR4.PCIDE");
    ++invalidations_;
    root_ = root;
    several_pcids_ = several_pcids_ || pcid != pcid_;
    pcid_ = pcid;
    forget_hits();
    if (flush == Cr3Flush::no_flush) {
        count_survivors(pcid);
        return core_.cr3_no_flush;
    }
    drop_pcid(pcid);
    return core_.cr3_write;
}

TranslationUnit::Outcome TranslationUnit::access(VirtAddr va, x86::Access access) {
    const Served served = serve(va, access);
    if (served.address == kFaulted) return {fault_, served.latency};
    return {x86::AccessOutcome::ok(served.address, served_size_), served.latency};
}

TranslationUnit::Served TranslationUnit::serve(VirtAddr va, x86::Access access) {
    ++stats_.accesses;
    if (!is_canonical(va, state_)) [[unlikely]]  // SDM 4.5: before the TLBs, which hold the translated bits of an address only
        return faulted(x86::AccessOutcome::general_protection(), Cycles{0});
    const Route& route = route_of(access);
    const TlbProbe small{va, PageSize::k4, pcid_};
    if (const CachedEntry* hit = route.first->lookup(va, pcid_, small)) {
        if (must_walk(access, *hit) || !permissions_.permits(access, *hit)) return finish_hit(va, access, *hit, Cycles{0});
        route.first->remember(*route.memo, va, PermissionTable::row_of(access), hit);
        return ok(va, *hit, Cycles{0});
    }
    ++stats_.l1_misses;
    if (last_miss_walked_ && !told_ && hints_) hints_->expect_walk(va, root_, x86::Level{state_.levels()});
    const CachedEntry* const hit = route.second->lookup(va, pcid_, small);
    last_miss_walked_ = hit == nullptr;
    if (hit != nullptr) {
        route.first->insert(va, pcid_, small, hit->unmarked());
        if (hit->stale()) mark_if_stale(*route.first, va, hit->size());
        return finish_hit(va, access, *hit, params_.l2_hit);
    }
    return walk_and_finish(va, access, small, params_.l2_hit);
}

inline TranslationUnit::Served TranslationUnit::ok(VirtAddr va, CachedEntry entry, Cycles latency) {
    served_size_ = entry.size();
    return {entry.address_of(va), latency};
}

inline TranslationUnit::Served TranslationUnit::finish_hit(VirtAddr va, x86::Access access, CachedEntry entry, Cycles latency) {
    if (must_walk(access, entry)) [[unlikely]]
        return walk_after_hit(va, access, latency);
    if (!permissions_.permits(access, entry)) [[unlikely]]
        return denied(va, access, entry, latency);
    return ok(va, entry, latency);
}

TranslationUnit::Served TranslationUnit::walk_after_hit(VirtAddr va, x86::Access access, Cycles latency) {
    const TlbProbe small{va, PageSize::k4, pcid_};
    // The walk may bring an entry of another size, which a look-up would find first.
    route_of(access).memo->forget(va, PageSize::k4);
    return walk_and_finish(va, access, small, latency);
}

inline TranslationUnit::Served TranslationUnit::walk_and_finish(VirtAddr va, x86::Access access, const TlbProbe& small,
                                                                Cycles latency) {
    const std::uint64_t begun = invalidations_;
    const x86::Walk done = walk(va, access, latency);
    if (!done.found()) [[unlikely]]
        return walk_failed(va, access, *done.failure(), latency);
    const CachedEntry entry{done};
    const Route& route = route_of(access);
    walked_.note(va, entry.size());
    if (begun == invalidations_) [[likely]] {
        route.second->insert(va, pcid_, small, entry);
        route.first->insert(va, pcid_, small, entry);
    } else {  // the current PCID may be another
        fill_anew(route, va, entry);
    }
    if (observer_ != nullptr) {
        mark_if_stale(*route.second, va, entry.size());
        mark_if_stale(*route.first, va, entry.size());
    }
    if (!permissions_.permits(access, entry)) [[unlikely]]
        return denied(va, access, entry, latency);
    return ok(va, entry, latency);
}

void TranslationUnit::fill_anew(const Route& route, VirtAddr va, CachedEntry entry) {
    route.second->insert(va, pcid_, entry);
    route.first->insert(va, pcid_, entry);
}

TranslationUnit::Served TranslationUnit::walk_failed(VirtAddr va, x86::Access access, x86::WalkFailure failure,
                                                     Cycles latency) {
    drop_for_fault(va);
    return faulted(x86::AccessOutcome::page_fault(page_fault(va, access, failure, state_)), latency);
}

TranslationUnit::Served TranslationUnit::denied(VirtAddr va, x86::Access access, CachedEntry entry, Cycles latency) {
    const auto fault = check_access(va, access, entry.rights(), state_);
    SPLINTER_CHECK(fault.has_value(), "the permission table agrees with check_access");
    drop_for_fault(va);
    return faulted(x86::AccessOutcome::page_fault(*fault), latency);
}

TranslationUnit::Served TranslationUnit::faulted(const x86::AccessOutcome& outcome, Cycles latency) {
    ++stats_.faults;
    fault_ = outcome;
    return {kFaulted, latency};
}

inline x86::Walk TranslationUnit::walk(VirtAddr va, x86::Access access, Cycles& latency) {
    ++stats_.l2_misses;
    walked_at_ = stats_.accesses;
    const Cycles before = latency;
    const std::size_t row = PermissionTable::row_of(access);
    x86::Walk walk = begin_walk(va);
    for (std::uint64_t begun = invalidations_; !walk.done();) {
        const x86::Pte entry = use_entry(walk, row, latency);
        if (begun != invalidations_) [[unlikely]] {
            // While the walker waited for a locked operation, an interrupt has invalidated what it had read: it starts again.
            begun = invalidations_;
            walk = begin_walk(va);
            continue;
        }
        walk.step(entry);
        if (!walk.done()) paging_cache_.insert(va, pcid_, walk.point());
    }
    stats_.walk_cycles += (latency - before).raw();
    return walk;
}

inline x86::Walk TranslationUnit::begin_walk(VirtAddr va) {
    const x86::WalkPoint* cached = paging_cache_.lookup(va, pcid_);
    return {va, cached != nullptr ? *cached : x86::WalkPoint{x86::Level{state_.levels()}, {}, root_}, walk_rules_};
}

// Reads the entry that the walk wants and sets its A and D as the access needs (SDM Vol. 3A 4.8).
inline x86::Pte TranslationUnit::use_entry(const x86::Walk& walk, std::size_t row, Cycles& latency) {
    const PhysAddr address = walk.entry_address();
    ++stats_.walk_reads;
    latency += params_.walk_step;
    x86::Pte entry;
    if (direct_.reach(address)) [[likely]] {
        latency += direct_.cost;
        entry = direct_.load(address);
    } else {
        const PortRead read = read_through_port(address);
        latency += read.latency;
        entry = read.entry;
    }
    if (entry.has(x86::Walk::kSettable)) [[likely]]
        return entry;
    const x86::WalkPoint& at = walk.point();
    return set_flags(walk.va(), at.level, at.rights, at.table, row, entry);
}

TranslationUnit::PortRead TranslationUnit::read_through_port(PhysAddr address) {
    PortRead read;
    read.entry = tables_.read(address, read.latency);
    return read;
}

// Another core may change the entry meanwhile: what is used is what the locked operation saw.
x86::Pte TranslationUnit::set_flags(VirtAddr va, x86::Level level, x86::PathRights rights, Pfn table, std::size_t row,
                                    x86::Pte entry) {
    const x86::Walk walk{va, x86::WalkPoint{level, rights, table}, walk_rules_};
    const x86::Access access = PermissionTable::access_of(row);
    const x86::PagingState state = state_;  // an interrupt that changes it makes the walk start again
    while (true) {
        const std::uint64_t flags = walk.flags_to_set(entry, access, state);
        if (entry.has(flags)) return entry;
        entry = tables_.set_flags(walk.entry_address(), entry, flags);
    }
}

void TranslationUnit::expect_walk(VirtAddr va) {
    told_ = true;
    if (hints_) hints_->expect_walk(va, root_, x86::Level{state_.levels()});
}

void TranslationUnit::mark_if_stale(TlbLevel& level, VirtAddr va, PageSize size) {
    if (observer_ == nullptr) return;
    const VirtAddr page{va.raw() & ~(x86::leaf_level(size).bytes() - 1)};
    if (observer_->is_stale_fill(page, size)) level.mark_stale(va, size, pcid_);
}

// SDM 4.10.4.1: a page fault drops the entries, of TLBs and paging-structure caches, that would translate its address.
void TranslationUnit::drop_for_fault(VirtAddr va) {
    for (TlbLevel& level : levels_) level.drop_address(va, pcid_, Globals::dropped);
    paging_cache_.drop_address(va, pcid_);
}

void TranslationUnit::drop_pcid(Pcid pcid) {
    for (TlbLevel& level : levels_) level.drop_pcid(pcid);
    paging_cache_.drop_pcid(pcid);
    std::erase_if(survivors_, [pcid](const Survivor& survivor) { return survivor.pcid == pcid; });
}

void TranslationUnit::drop_all() {
    ++stats_.full_flushes;
    for (TlbLevel& level : levels_) level.drop_all();
    paging_cache_.drop_all();
    walked_.clear();
    survivors_.clear();
}

void TranslationUnit::forget_hits() {
    for (HitMemo& memo : memos_) memo.forget_all();
}

// Most shootdowns find nothing to drop: that is inline.
Cycles TranslationUnit::invalidate(const x86::Invalidation& invalidation) {
    using Kind = x86::Invalidation::Kind;
    ++invalidations_;
    if (invalidation.kind != Kind::invlpg && invalidation.kind != Kind::invpcid_address) [[unlikely]]
        return invalidate_many(invalidation);
    ++stats_.invlpg;
    const bool current = invalidation.kind == Kind::invlpg;
    if (walked_.may_have(invalidation.address) || paging_cache_.holds_any()) [[unlikely]]
        invalidate_page(invalidation.address, current ? pcid_ : invalidation.pcid, current);
    return current ? core_.invlpg : core_.invpcid_address;
}

// SDM 4.10.4.1, INVLPG and INVPCID type 0.
void TranslationUnit::invalidate_page(VirtAddr va, Pcid pcid, bool current) {
    if (walked_.may_have(va)) {
        if (current)
            drop_page(va);
        else
            for (TlbLevel& level : levels_) level.drop_address(va, pcid, Globals::kept);
    }
    paging_cache_.drop_pcid(pcid);
}

// SDM 4.10.4.1, the others.
Cycles TranslationUnit::invalidate_many(const x86::Invalidation& invalidation) {
    using Kind = x86::Invalidation::Kind;
    switch (invalidation.kind) {
        case Kind::invlpg:
        case Kind::invpcid_address:
            break;
        case Kind::invpcid_context:
            drop_pcid(invalidation.pcid);
            return core_.invpcid_context;
        case Kind::invpcid_all:
            drop_all();
            return core_.full_flush;
        case Kind::invpcid_non_global:
            for (TlbLevel& level : levels_) level.drop_non_global();
            paging_cache_.drop_all();
            return core_.invpcid_non_global;
        case Kind::cr3_write:
            drop_pcid(pcid_);
            return core_.cr3_write;
        case Kind::pge_toggle:
            drop_all();
            return core_.pge_toggle;
    }
    return Cycles{0};
}

bool TranslationUnit::holds_under(VirtAddr va, Pcid pcid) const {
    bool found = false;
    for (const TlbLevel& level : levels_) level.for_each_pcid_of(va, [&](Pcid other) { found = found || other == pcid; });
    return found;
}

// SDM Vol. 3A 4.10.4.1: INVLPG drops entries of the current PCID and global ones. What it leaves under others is noted for the
// kernel's half, which is the same memory under every PCID.
void TranslationUnit::drop_page(VirtAddr va) {
    const bool may_leave = several_pcids_ && (va.raw() >> 63) != 0;
    for (TlbLevel& level : levels_) {
        level.drop_address(va, pcid_, Globals::dropped);
        if (may_leave) level.for_each_pcid_of(va, [&](Pcid pcid) { survivors_.insert({pcid, va}); });
    }
}

void TranslationUnit::count_survivors(Pcid pcid) {
    std::erase_if(survivors_, [&](const Survivor& survivor) {
        if (survivor.pcid != pcid) return false;
        stats_.pcid_survivors += holds_under(survivor.va, pcid) ? 1 : 0;
        return true;
    });
}

// AMD APM Vol. 3, INVLPGB. Without "valid PCID" every PCID is meant.
void TranslationUnit::apply(const x86::Invlpgb& invalidation) {
    using x86::Invlpgb;
    ++invalidations_;
    const bool one_context = invalidation.contexts == Invlpgb::Contexts::one;
    const bool globals = invalidation.global == Invlpgb::Global::included;
    if (invalidation.structures == Invlpgb::Structures::dropped)
        one_context ? paging_cache_.drop_pcid(invalidation.pcid) : paging_cache_.drop_all();
    const std::uint64_t stride =
        x86::leaf_level(invalidation.stride == Invlpgb::Stride::m2 ? PageSize::m2 : PageSize::k4).bytes();
    SPLINTER_CHECK(invalidation.pages >= 1 && invalidation.pages <= Invlpgb::kMaxPages, "INVLPGB takes 1 to 8 pages");
    for (TlbLevel& level : levels_) {
        if (invalidation.addresses == Invlpgb::Addresses::all) {
            if (one_context) level.drop_pcid(invalidation.pcid);
            if (globals) one_context ? level.drop_global() : level.drop_all();
            if (!one_context && !globals) level.drop_non_global();
            continue;
        }
        for (unsigned i = 0; i < invalidation.pages; ++i) {
            const VirtAddr va = invalidation.first + i * stride;
            if (one_context)
                level.drop_address(va, invalidation.pcid, globals ? Globals::dropped : Globals::kept);
            else
                level.drop_address_everywhere(va, globals ? Globals::dropped : Globals::kept);
        }
    }
}

void TranslationUnit::set_observer(TranslationObserver* observer) {
    observer_ = observer;
    for (TlbLevel& level : levels_) level.set_listener(observer);
}

}  // namespace splinter::hw
