#include "platforms/conform/dmap_machine.h"

#include <utility>

#include "alloc/kernel_params.h"
#include "alloc/smp/ipi_mechanism.h"
#include "platforms/conform/counting_cpu.h"

namespace splinter::platforms {

namespace {

using alloc::DirectMapRun;
using x86::Level;
using x86::Pte;

class BootFramePages : public alloc::PageTablePages {
  public:
    explicit BootFramePages(alloc::BootFrames& frames) : frames_{frames} {}
    std::optional<Pfn> allocate(alloc::Cpu&, alloc::TableUse) override { return frames_.take(); }
    void release(alloc::Cpu&, Pfn) override {}

  private:
    alloc::BootFrames& frames_;
};

PageCount frames_of(std::span<const DirectMapRun> runs) {
    return runs.empty() ? PageCount{0} : runs.back().frames.end() - Pfn{0};
}

// Frames for all tables that the leaves can ever need: one for each 2 MiB, GiB and 512 GiB.
PageCount table_frames(PageCount frames) {
    return PageCount{frames.raw() / x86::kPde.pages().raw() + frames.raw() / x86::kPdpte.pages().raw() + 16};
}

}  // namespace

struct DmapMachine::Parts {
    Parts(std::size_t cpu_count, std::span<const DirectMapRun> start)
        : tables{Pfn{0} + frames_of(start), table_frames(frames_of(start))},
          memory{tables.end().raw() * kPageBytes},
          frames{tables},
          boot{memory, frames},
          calls{cpu_count, alloc::layout::KernelData{alloc::layout::kDirectMap}},
          mechanism{calls},
          flush{mechanism, calls.local(), PageCount{alloc::KernelParams{}.flush_ceiling}},
          pages{frames},
          keys{alloc::KeyRegister::Tables::have_no_key, alloc::KeyScope::entry, cpu_count},
          map{boot.root(), pages, keys, flush, cpu_count},
          aliases{flush},
          set_memory{map, flush, aliases} {
        for (const DirectMapRun& run : start) boot.map_leaves(run);
        for (std::uint32_t i = 0; i < cpu_count; ++i)
            cpus.push_back(std::make_unique<CountingCpu>(CpuId{i}, cpu_count, memory, interrupts, [this] { answer(); }));
    }
    void answer() {
        for (CpuId target : std::exchange(interrupts.pending, {})) calls.on_interrupt(*cpus[target.index()]);
    }
    template <class Visit>
    void walk(Pfn table, Level level, Pfn first, Visit&& visit) const {
        for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
            const Pte entry = memory.load(base_of(table) + i * 8);
            if (entry == Pte{}) continue;
            const Pfn at = first + PageCount{level.pages().raw() * i};
            visit(at, level, entry);
            if (!entry.is_leaf(level) && entry.present()) walk(entry.next_table(), level.below(), at, visit);
        }
    }
    // All entries that are not 0, tables before what is in them.
    template <class Visit>
    void for_each_entry(Visit&& visit) const {
        const Pfn below{(alloc::layout::kDirectMap.raw() & ((std::uint64_t{1} << 48) - 1)) >> kPageShift};
        walk(boot.root(), x86::kPml4e, Pfn{0},
             [&](Pfn at, Level level, Pte entry) { visit(Pfn{at.raw() - below.raw()}, level, entry); });
    }

    PfnRange tables;
    x86::PhysMem memory;
    alloc::BootFrames frames;
    alloc::BootTables boot;
    alloc::CallFunction calls;
    alloc::IpiMechanism mechanism;
    alloc::TlbFlush flush;
    BootFramePages pages;
    alloc::KeyRegister keys;
    alloc::DirectMap map;
    alloc::BareVmapAreas aliases;
    alloc::SetMemory set_memory;
    CountedInterrupts interrupts;
    std::vector<std::unique_ptr<CountingCpu>> cpus;
};

DmapMachine::DmapMachine(std::size_t cpus, std::span<const DirectMapRun> start)
    : parts_{std::make_unique<Parts>(cpus, start)} {}
DmapMachine::~DmapMachine() = default;

alloc::Cpu& DmapMachine::cpu(CpuId id) { return *parts_->cpus[id.index()]; }
alloc::DirectMap& DmapMachine::direct_map() { return parts_->map; }
alloc::TlbFlush& DmapMachine::flush() { return parts_->flush; }
alloc::SetMemory& DmapMachine::set_memory() { return parts_->set_memory; }
alloc::BareVmapAreas& DmapMachine::aliases() { return parts_->aliases; }

DmapCounts DmapMachine::counts() const {
    DmapCounts sum;
    for (std::uint32_t i = 0; i < parts_->cpus.size(); ++i) {
        sum.level3_splits += parts_->map.counters(CpuId{i}).direct_map_level3_splits;
        sum.level2_splits += parts_->map.counters(CpuId{i}).direct_map_level2_splits;
        sum.kernel_invlpg_total += parts_->calls.counters(CpuId{i}).nr_tlb_local_flush_one;
    }
    const alloc::TlbFlush::Calls& made = parts_->flush.made();
    sum.flush_tlb_all_calls = made.flush_tlb_all;
    sum.flush_tlb_kernel_range_calls = made.flush_tlb_kernel_range;
    sum.cpa_flush_calls = made.cpa_flush;
    sum.full_flush_cpu_executions = parts_->calls.executed().full;
    sum.ranged_flush_cpu_executions = parts_->calls.executed().ranged;
    sum.multi_ipi_sends = parts_->interrupts.multi_sends;
    sum.single_ipi_sends = parts_->interrupts.single_sends;
    sum.call_function_irqs = parts_->interrupts.multi_received;
    sum.call_function_single_irqs = parts_->interrupts.single_received;
    return sum;
}

DmapCensus DmapMachine::census() const {
    DmapCensus census;
    parts_->for_each_entry([&](Pfn, Level level, Pte entry) {
        if (level == x86::kPml4e) {
            ++census.tables3;
        } else if (entry.present() && !entry.is_leaf(level)) {
            ++(level == x86::kPdpte ? census.tables2 : census.tables1);
        } else if (level == x86::kPte) {
            ++(entry.present() ? census.small : census.small_not_present);
        } else if (entry.present()) {
            ++(level == x86::kPdpte ? census.giant : census.large);
        }
    });
    return census;
}

std::vector<DirectMapRun> DmapMachine::leaves() const {
    std::vector<DirectMapRun> runs;
    parts_->for_each_entry([&](Pfn at, Level level, Pte entry) {
        if (entry.present() && !entry.is_leaf(level)) return;
        const DirectMapRun leaf{
            {at, level.pages()}, x86::leaf_size(level), entry.flags() & ~(Pte::kPageSizeBit | Pte::kAccessed | Pte::kDirty)};
        if (!runs.empty() && runs.back().frames.end() == at && runs.back().leaf == leaf.leaf && runs.back().flags == leaf.flags)
            runs.back().frames.count += leaf.frames.count;
        else
            runs.push_back(leaf);
    });
    return runs;
}

DmapCounts DmapCounts::since(const DmapCounts& before) const {
    DmapCounts out = *this;
    for (auto member :
         {&DmapCounts::level3_splits, &DmapCounts::level2_splits, &DmapCounts::flush_tlb_all_calls,
          &DmapCounts::flush_tlb_kernel_range_calls, &DmapCounts::cpa_flush_calls, &DmapCounts::full_flush_cpu_executions,
          &DmapCounts::ranged_flush_cpu_executions, &DmapCounts::kernel_invlpg_total, &DmapCounts::multi_ipi_sends,
          &DmapCounts::single_ipi_sends, &DmapCounts::call_function_irqs, &DmapCounts::call_function_single_irqs})
        out.*member -= before.*member;
    return out;
}

}  // namespace splinter::platforms
