#include "tests/system/contract_audit.h"

#include <fmt/format.h>

#include <algorithm>

namespace splinter::platforms::testing {
namespace {

std::string text_of(PfnRange range) { return fmt::format("frames {:#x}+{}", range.first.raw(), range.count.raw()); }

// The walk of a kernel address from `point` by the newest contents of memory.
x86::Walk walk_from(const x86::PhysMem& memory, VirtAddr va, const x86::WalkPoint& point) {
    x86::Walk walk{va, point, x86::PagingState{}};
    while (!walk.done()) walk.step(memory.load(walk.entry_address()));
    return walk;
}

}  // namespace

void ContractAudit::report(const std::string& text) { violations_.push_back(text); }

template <class Visitor>
void ContractAudit::for_each_entry(PfnRange range, Visitor&& visit) {
    for (const auto& core : node_->machine().cores())
        core->mmu().unit().for_each_translation([&](const hw::CachedTranslation& entry) {
            // The CPU that cleared the block keeps the translations of its temporary mappings until it has used up their
            // addresses; the series lets it, since the block goes to the process that it runs.
            if (alloc::layout::kMermap <= entry.page && entry.page < alloc::layout::kDirectMap) return;
            const Pfn first = entry.translation.frame;
            if (first < range.end() && range.first < first + x86::leaf_level(entry.size).pages()) visit(core->id(), entry);
        });
}

void ContractAudit::narrowed(alloc::Cpu& cpu, PfnRange range) {
    narrowed_pages_ += range.count.raw();
    const x86::WalkPoint top{x86::kPml4e, {}, node_->root()};
    const x86::Walk walk = walk_from(node_->memory(), alloc::layout::direct_map(range.first), top);
    const x86::PageSize leaf = x86::leaf_size(walk.point().level);
    for_each_entry(range, [&](CpuId core, const hw::CachedTranslation& entry) {
        if (core != cpu.id()) ++stale_[static_cast<std::size_t>(entry.size)];
        if (entry.size > leaf)
            report(fmt::format("{} lost their rights while core{} holds them in a larger leaf that was split without a flush",
                               text_of(range), core.raw()));
    });
}

void ContractAudit::handed_out(alloc::Cpu& cpu, PfnRange range) {
    const std::string when =
        fmt::format("{} handed out by core{} at cycle {}", text_of(range), cpu.id().raw(), cpu.now().raw());
    handed_out_pages_ += range.count.raw();
    check_tables(range, when);
    check_tlbs(range, when);
    check_paging_caches(range, when);
}

void ContractAudit::check_tlbs(PfnRange range, const std::string& when) {
    for_each_entry(range, [&](CpuId core, const hw::CachedTranslation& entry) {
        report(fmt::format("{}: the TLB of core{} still translates {:#x}, PCID {}", when, core.raw(), entry.page.raw(),
                           entry.pcid.raw()));
    });
}

void ContractAudit::check_paging_caches(PfnRange range, const std::string& when) {
    for (const auto& core : node_->machine().cores())
        core->mmu().unit().paging_cache().for_each([&](VirtAddr covered, hw::Pcid pcid, const x86::WalkPoint& point) {
            const std::uint64_t bytes = x86::kEntriesPerTable * point.level.bytes();
            for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
                const VirtAddr va = alloc::layout::direct_map(page);
                if (va < covered || va - covered >= bytes) continue;
                if (!walk_from(node_->memory(), va, point).result()) continue;
                report(fmt::format("{}: a paging-structure cache of core{} leads to {:#x}, PCID {}", when, core->id().raw(),
                                   va.raw(), pcid.raw()));
                return;
            }
        });
}

void ContractAudit::check_tables(PfnRange range, const std::string& when) {
    const x86::WalkPoint top{x86::kPml4e, {}, node_->root()};
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
        const VirtAddr va = alloc::layout::direct_map(page);
        if (walk_from(node_->memory(), va, top).result())
            report(fmt::format("{}: the page tables have {:#x} present", when, va.raw()));
    }
}

}  // namespace splinter::platforms::testing
