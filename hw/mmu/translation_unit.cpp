#include "hw/mmu/translation_unit.h"

#include "hw/base/check.h"

namespace splinter::hw {

using x86::AccessKind;
using x86::PageSize;

TranslationUnit::TranslationUnit(const MmuParams& mmu, const CoreParams& core, PageTablePort& tables)
    : params_{mmu},
      core_{core},
      tables_{tables},
      levels_{TlbLevel{{mmu.l1d, mmu.l1d_large, mmu.l1d_huge}}, TlbLevel{{mmu.l1s}}, TlbLevel{{mmu.l1i, mmu.l1i_large}},
              TlbLevel{{mmu.l2, mmu.l2_second}}, TlbLevel{{mmu.l2i}}},
      l1_of_{kL1Data, levels_[kL1Store].present() ? kL1Store : kL1Data, kL1Code},
      l2_code_{levels_[kL2Code].present() ? kL2Code : kL2},
      paging_cache_{mmu} {
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
    permissions_.rebuild(state_);
}

Cycles TranslationUnit::write_cr3(Pfn root, Pcid pcid, Cr3Flush flush) {
    SPLINTER_CHECK(state_.pcide || (pcid == Pcid{} && flush == Cr3Flush::flush), "PCIDs and no-flush writes need CR4.PCIDE");
    ++invalidations_;
    root_ = root;
    pcid_ = pcid;
    forget_hits();
    if (flush == Cr3Flush::no_flush) return core_.cr3_no_flush;
    drop_pcid(pcid);
    return core_.cr3_write;
}

TranslationUnit::Outcome TranslationUnit::access(VirtAddr va, x86::Access access) {
    ++stats_.accesses;
    if (!is_canonical(va, state_)) {  // SDM 4.5: before the TLBs, which hold the translated bits of an address only
        ++stats_.faults;
        return {x86::AccessOutcome::general_protection(), Cycles{0}};
    }
    const Unit unit = l1_of_[static_cast<std::size_t>(access.kind)];
    TlbLevel& first = levels_[unit];
    if (const CachedEntry* hit = first.lookup(va, pcid_)) {
        if (must_walk(access, *hit) || !permissions_.permits(access, *hit)) return finish_hit(va, access, *hit, Cycles{0});
        first.remember(memos_[unit], va, PermissionTable::row_of(access), hit);
        return {x86::AccessOutcome::ok(hit->address_of(va), hit->size()), Cycles{0}};
    }
    ++stats_.l1_misses;
    if (last_miss_walked_ && !told_) tables_.expect_walk(va, root_, x86::Level{state_.levels()});
    const CachedEntry* const hit = l2(access.kind).lookup(va, pcid_);
    last_miss_walked_ = hit == nullptr;
    if (hit != nullptr) {
        first.insert(va, pcid_, hit->unmarked());
        if (hit->stale()) mark_if_stale(first, va, hit->size());
        return finish_hit(va, access, *hit, params_.l2_hit);
    }
    return walk_and_finish(va, access, params_.l2_hit);
}

TranslationUnit::Outcome TranslationUnit::finish_hit(VirtAddr va, x86::Access access, CachedEntry entry, Cycles latency) {
    if (must_walk(access, entry)) return walk_after_hit(va, access, latency);
    if (!permissions_.permits(access, entry)) return fault(va, access, entry.rights(), latency);
    return {x86::AccessOutcome::ok(entry.address_of(va), entry.size()), latency};
}

TranslationUnit::Outcome TranslationUnit::walk_after_hit(VirtAddr va, x86::Access access, Cycles latency) {
    return walk_and_finish(va, access, latency);
}

inline TranslationUnit::Outcome TranslationUnit::walk_and_finish(VirtAddr va, x86::Access access, Cycles latency) {
    const x86::Walk done = walk(va, access, latency);
    if (!done.found()) [[unlikely]]
        return walk_failed(va, access, *done.failure(), latency);
    const CachedEntry entry{done};
    fill(va, access.kind, entry);
    if (!permissions_.permits(access, entry)) [[unlikely]]
        return fault(va, access, entry.rights(), latency);
    return {x86::AccessOutcome::ok(entry.address_of(va), entry.size()), latency};
}

TranslationUnit::Outcome TranslationUnit::walk_failed(VirtAddr va, x86::Access access, x86::WalkFailure failure,
                                                      Cycles latency) {
    ++stats_.faults;
    drop_for_fault(va);
    return {x86::AccessOutcome::page_fault(page_fault(va, access, failure, state_)), latency};
}

TranslationUnit::Outcome TranslationUnit::fault(VirtAddr va, x86::Access access, const x86::Rights& rights, Cycles latency) {
    const auto fault = check_access(va, access, rights, state_);
    SPLINTER_CHECK(fault.has_value(), "the permission table agrees with check_access");
    ++stats_.faults;
    drop_for_fault(va);
    return {x86::AccessOutcome::page_fault(*fault), latency};
}

inline x86::Walk TranslationUnit::walk(VirtAddr va, x86::Access access, Cycles& latency) {
    ++stats_.l2_misses;
    walked_at_ = stats_.accesses;
    const Cycles before = latency;
    x86::Walk walk = begin_walk(va);
    for (std::uint64_t begun = invalidations_; !walk.done();) {
        const x86::Pte entry = use_entry(walk, access, latency);
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
    return cached != nullptr ? x86::Walk{va, *cached, state_} : x86::Walk{va, root_, state_};
}

// Reads the entry that the walk wants and sets its A and D as the access needs (SDM Vol. 3A 4.8).
inline x86::Pte TranslationUnit::use_entry(const x86::Walk& walk, x86::Access access, Cycles& latency) {
    const PhysAddr address = walk.entry_address();
    ++stats_.walk_reads;
    latency += params_.walk_step;
    x86::Pte entry = tables_.read(address, latency);
    if (entry.has(x86::Walk::kSettable)) return entry;
    // Another core may change the entry meanwhile: what is used is what the locked operation saw.
    for (std::uint64_t flags = walk.flags_to_set(entry, access); !entry.has(flags); flags = walk.flags_to_set(entry, access))
        entry = tables_.set_flags(address, entry, flags);
    return entry;
}

void TranslationUnit::expect_walk(VirtAddr va) {
    told_ = true;
    tables_.expect_walk(va, root_, x86::Level{state_.levels()});
}

inline void TranslationUnit::fill(VirtAddr va, AccessKind kind, CachedEntry entry) {
    l2(kind).insert(va, pcid_, entry);
    l1(kind).insert(va, pcid_, entry);
    mark_if_stale(l2(kind), va, entry.size());
    mark_if_stale(l1(kind), va, entry.size());
}

inline void TranslationUnit::mark_if_stale(TlbLevel& level, VirtAddr va, PageSize size) {
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
}

void TranslationUnit::drop_all() {
    ++stats_.full_flushes;
    for (TlbLevel& level : levels_) level.drop_all();
    paging_cache_.drop_all();
}

void TranslationUnit::forget_hits() {
    for (HitMemo& memo : memos_) memo.forget_all();
}

// SDM 4.10.4.1, operation by operation.
Cycles TranslationUnit::invalidate(const x86::Invalidation& invalidation) {
    using Kind = x86::Invalidation::Kind;
    ++invalidations_;
    switch (invalidation.kind) {
        case Kind::invlpg:
            ++stats_.invlpg;
            for (TlbLevel& level : levels_) level.drop_address(invalidation.address, pcid_, Globals::dropped);
            paging_cache_.drop_pcid(pcid_);
            return core_.invlpg;
        case Kind::invpcid_address:
            ++stats_.invlpg;
            for (TlbLevel& level : levels_) level.drop_address(invalidation.address, invalidation.pcid, Globals::kept);
            paging_cache_.drop_pcid(invalidation.pcid);
            return core_.invpcid_address;
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
