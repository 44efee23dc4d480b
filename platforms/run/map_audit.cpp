#include "platforms/run/map_audit.h"

#include <algorithm>

#include <fmt/format.h>

#include "alloc/layout.h"
#include "alloc/map/key_register.h"
#include "hw/base/check.h"
#include "hw/x86/pte.h"

namespace splinter::platforms {

using x86::Level;
using x86::Pte;

void MapAudit::watch(const hw::Machine& machine, const x86::PhysMem& memory, Pfn root, Tables tables) {
    pending_.clear();  // of boot, when nobody caches anything
    machine_ = &machine;
    memory_ = &memory;
    root_ = root;
    tables_ = tables;
}

void MapAudit::add(alloc::Cpu& cpu, PfnRange range) {
    widened(cpu, range);
    ++now_;
    pending_[range.first] = {range.end(), now_};
}

void MapAudit::widened(alloc::Cpu& /*cpu*/, PfnRange range) {
    remove(range, now_, [](PfnRange) {});
}

template <class Visitor>
void MapAudit::remove(PfnRange range, std::uint64_t begun, Visitor&& visit) {
    auto at = pending_.upper_bound(range.first);
    if (at != pending_.begin()) --at;
    while (at != pending_.end() && at->first < range.end()) {
        const auto [first, pending] = *at;
        if (pending.end <= range.first || pending.since > begun) {
            ++at;
            continue;
        }
        at = pending_.erase(at);
        if (first < range.first) pending_[first] = {range.first, pending.since};
        if (range.end() < pending.end) at = pending_.insert_or_assign(range.end(), Pending{pending.end, pending.since}).first;
        const Pfn from = std::max(first, range.first);
        visit(PfnRange{from, std::min(pending.end, range.end()) - from});
    }
}

void MapAudit::flushed_range(alloc::Cpu& cpu, VirtAddr start, PageCount pages) {
    if (start < alloc::layout::kDirectMap || start >= alloc::layout::kVmemmap) return;
    remove({pfn_of(PhysAddr{start - alloc::layout::kDirectMap}), pages}, begun_[cpu.id().index()],
           [&](PfnRange part) { check_tlbs(cpu, part); });
}

void MapAudit::flushed_all(alloc::Cpu& cpu) {
    remove({Pfn{0}, PageCount{~std::uint64_t{0}}}, begun_[cpu.id().index()], [&](PfnRange part) { check_tlbs(cpu, part); });
}

// What an entry gives, a leaf that has it still gives. Leaves that changed again wait for another flush, and are not looked at.
void MapAudit::check_tlbs(const alloc::Cpu& cpu, PfnRange range) const {
    if (flush_ == Flush::is_not_checked || machine_ == nullptr) return;
    for (const auto& core : machine_->cores()) {
        const hw::TranslationUnit& unit = core->mmu().unit();
        if (!unit.may_hold(alloc::layout::direct_map(range.first), range.count.raw() * kPageBytes)) continue;
        if (core->timeline().next_notice() <= cpu.now()) continue;  // simulated up to an earlier moment: a broadcast may be due
        unit.for_each_translation_in(
            alloc::layout::direct_map(range.first), range.count.raw() * kPageBytes, [&](const hw::CachedTranslation& entry) {
                const x86::Rights& cached = entry.translation.rights;
                if (!cached.global && (flush_ != Flush::reaches_all || entry.pcid != unit.pcid())) return;
                const Pfn page = std::max(range.first, entry.translation.frame);
                const Pte leaf = leaf_of(page);
                const bool keeps = leaf.present() && leaf.key() == cached.key && (leaf.has(Pte::kWritable) || !cached.writable);
                SPLINTER_CHECK(keeps, fmt::format("core{} translates page frame {:#x} with its old rights after core{}'s flush "
                                                  "at cycle {}",
                                                  core->id().raw(), page.raw(), cpu.id().raw(), cpu.now().raw()));
            });
    }
}

void MapAudit::check_flushed(PfnRange range, const char* what) const {
    if (pending_.empty()) return;
    auto at = pending_.upper_bound(range.first);
    if (at != pending_.begin()) --at;
    for (; at != pending_.end() && at->first < range.end(); ++at)
        SPLINTER_CHECK(at->second.end <= range.first, std::string{what} + " before its change is flushed, from page frame " +
                                                          std::to_string(range.first.raw()));
}

void MapAudit::handed_out(alloc::Cpu& /*cpu*/, PfnRange range) {
    if (hand_out_ == HandOut::after_the_flush) check_flushed(range, "a protected page is handed out");
}

void MapAudit::table_handed_out(alloc::Cpu& /*cpu*/, PfnRange page) {
    if (tables_ == Tables::have_no_key) return;
    check_flushed(page, "a page-table page is handed out");
    SPLINTER_CHECK(key_of(page.first) == alloc::kPageTableKey,
                   "a page-table page has no key: page frame " + std::to_string(page.first.raw()));
}

unsigned MapAudit::key_of(Pfn page) const {
    const Pte leaf = leaf_of(page);
    SPLINTER_CHECK(leaf.present(), "a page-table page is in the direct map");
    return leaf.key();
}

// The entry that ends the walk.
Pte MapAudit::leaf_of(Pfn page) const {
    const VirtAddr va = alloc::layout::direct_map(page);
    Pfn table = root_;
    for (Level level = x86::kPml4e;; level = level.below()) {
        const Pte entry = memory_->load(base_of(table) + level.index(va) * 8);
        if (!entry.present() || entry.is_leaf(level)) return entry;
        table = entry.next_table();
    }
}

void MapAudit::check_tables(const std::vector<Pfn>& roots) const {
    if (tables_ == Tables::have_no_key) return;
    std::vector<bool> seen;
    for (const Pfn root : roots) check_table(root, x86::kPml4e, seen);
}

void MapAudit::check_table(Pfn table, Level level, std::vector<bool>& seen) const {
    if (seen.size() <= table.raw()) seen.resize(table.raw() + 1);
    if (seen[table.raw()]) return;
    seen[table.raw()] = true;
    SPLINTER_CHECK(key_of(table) == alloc::kPageTableKey,
                   "a page-table page in use has no key: page frame " + std::to_string(table.raw()));
    if (level == x86::kPte) return;
    for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
        const Pte entry = memory_->load(base_of(table) + i * 8);
        if (entry.present() && !entry.is_leaf(level)) check_table(entry.next_table(), level.below(), seen);
    }
}

}  // namespace splinter::platforms
