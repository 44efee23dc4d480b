#include "alloc/map/boot_tables.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Level;
using x86::PageSize;
using x86::Pte;

Pfn BootFrames::take(PageCount count) {
    const std::uint64_t large = x86::kPde.pages().raw();
    if (count.raw() % large == 0) next_ = Pfn{(next_.raw() + large - 1) / large * large};
    const Pfn first = next_;
    next_ += count;
    SPLINTER_CHECK(next_ <= end_, "boot memory is sized for what boot takes");
    return first;
}

BootTables::BootTables(x86::PhysMem& memory, BootFrames& frames, KernelLeaves leaves)
    : BootTables{memory, frames, frames.take(), kernel_leaf(leaves)} {}

void BootTables::map_direct(PfnRange range, PageSize largest) {
    const std::uint64_t giant = x86::kPdpte.pages().raw();
    const std::uint64_t large = x86::kPde.pages().raw();
    for (Pfn at = range.first; at < range.end();) {
        const std::uint64_t left = (range.end() - at).raw();
        PageSize size = PageSize::k4;
        if (at.raw() % large == 0 && left >= large) size = PageSize::m2;
        if (at.raw() % giant == 0 && left >= giant && at != Pfn{0}) size = PageSize::g1;
        size = std::min(size, largest);
        set_leaf(layout::direct_map(at), at, size, kKernelTable, kernel_leaf_);
        if (size == PageSize::k4 && at.raw() % large == 0 && left >= large) {
            // A whole table: millions of leaves, found once per table.
            Pfn table = root_;
            for (Level level = x86::kPml4e; level > x86::kPte; level = level.below())
                table = memory_->load(base_of(table) + level.index(layout::direct_map(at)) * 8).next_table();
            for (std::uint64_t i = 1; i < large; ++i)
                memory_->store(base_of(table) + i * 8, Pte::leaf(at + PageCount{i}, PageSize::k4, kernel_leaf_));
            at += PageCount{large};
            continue;
        }
        at += x86::leaf_level(size).pages();
    }
}

void BootTables::change_direct(PfnRange range, const LeafChange& change) {
    for (Pfn at = range.first; at < range.end();) {
        const VirtAddr va = layout::direct_map(at);
        Pfn table = root_;
        Level level = x86::kPml4e;
        PhysAddr entry = base_of(table) + level.index(va) * 8;
        while (!memory_->load(entry).is_leaf(level)) {
            table = memory_->load(entry).next_table();
            level = level.below();
            entry = base_of(table) + level.index(va) * 8;
        }
        SPLINTER_CHECK(at.raw() % level.pages().raw() == 0 && at + level.pages() <= range.end(), "boot changes whole leaves");
        memory_->store(entry, change.apply(memory_->load(entry), level));
        at += level.pages();
    }
}

void BootTables::map_leaves(const DirectMapRun& run) {
    const PageCount step = x86::leaf_level(run.leaf).pages();
    const std::uint64_t flags = run.flags | Pte::kAccessed | Pte::kDirty;
    for (Pfn at = run.frames.first; at < run.frames.end(); at += step)
        set_leaf(layout::direct_map(at), at, run.leaf, kKernelTable, flags);
}

void BootTables::map(VirtAddr va, Pfn first, std::uint64_t bytes, PageSize size, std::uint64_t table_flags,
                     std::uint64_t leaf_flags) {
    const Level level = x86::leaf_level(size);
    for (std::uint64_t done = 0; done < bytes; done += level.bytes())
        set_leaf(va + done, first + PageCount{done >> kPageShift}, size, table_flags, leaf_flags);
}

void BootTables::set_leaf(VirtAddr va, Pfn frame, PageSize size, std::uint64_t table_flags, std::uint64_t leaf_flags) {
    Pfn table = root_;
    for (Level level = x86::kPml4e; level > x86::leaf_level(size); level = level.below()) {
        const PhysAddr entry = base_of(table) + level.index(va) * 8;
        Pte value = memory_->load(entry);
        if (!value.present()) {
            value = Pte::table(frames_->take(), table_flags);
            memory_->store(entry, value);
        }
        SPLINTER_CHECK(!value.is_leaf(level), "boot maps each address once");
        table = value.next_table();
    }
    // PS is there with P only (LeafChange::apply()).
    const PageSize shown = (leaf_flags & Pte::kPresent) != 0 ? size : PageSize::k4;
    memory_->store(base_of(table) + x86::leaf_level(size).index(va) * 8, Pte::leaf(frame, shown, leaf_flags));
}

void BootTables::preallocate(VirtAddr va) {
    memory_->store(base_of(root_) + x86::kPml4e.index(va) * 8, Pte::table(frames_->take(), kKernelTable));
}

std::vector<Pfn> BootTables::prepare_mermap(std::size_t cpus) {
    std::vector<Pfn> tables;
    for (std::size_t cpu = 0; cpu < cpus; ++cpu) {
        const VirtAddr region = layout::kMermap + cpu * x86::kPde.bytes();
        // A page mapped and unmapped again leaves its tables.
        set_leaf(region, Pfn{0}, PageSize::k4, kKernelTable, kKernelLeaf);
        Pfn table = root_;
        for (Level level = x86::kPml4e; level > x86::kPte; level = level.below())
            table = memory_->load(base_of(table) + level.index(region) * 8).next_table();
        for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) memory_->store(base_of(table) + i * 8, kUnmappedMermapPte);
        tables.push_back(table);
    }
    return tables;
}

KernelHalf BootTables::kernel_half() const {
    KernelHalf half;
    for (std::uint64_t i = half.size() / 2; i < half.size(); ++i) half[i] = memory_->load(base_of(root_) + i * 8);
    return half;
}

BootTables BootTables::new_address_space() const {
    const Pfn root = frames_->take();
    for (std::uint64_t i = x86::kEntriesPerTable / 2; i < x86::kEntriesPerTable; ++i) {
        const Pte entry = memory_->load(base_of(root_) + i * 8);
        if (entry.present()) memory_->store(base_of(root) + i * 8, entry);
    }
    return BootTables{*memory_, *frames_, root, kernel_leaf_};
}

}  // namespace splinter::alloc
