#include "alloc/map/boot_tables.h"

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

BootTables::BootTables(x86::PhysMem& memory, BootFrames& frames) : BootTables{memory, frames, frames.take()} {}

void BootTables::map_direct(PfnRange range) {
    const std::uint64_t giant = x86::kPdpte.pages().raw();
    const std::uint64_t large = x86::kPde.pages().raw();
    for (Pfn at = range.first; at < range.end();) {
        const std::uint64_t left = (range.end() - at).raw();
        PageSize size = PageSize::k4;
        if (at.raw() % large == 0 && left >= large) size = PageSize::m2;
        if (at.raw() % giant == 0 && left >= giant && at != Pfn{0}) size = PageSize::g1;
        set_leaf(layout::direct_map(at), at, size, kKernelTable, kKernelLeaf);
        at += x86::leaf_level(size).pages();
    }
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
    memory_->store(base_of(table) + x86::leaf_level(size).index(va) * 8, Pte::leaf(frame, size, leaf_flags));
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
    return BootTables{*memory_, *frames_, root};
}

}  // namespace splinter::alloc
