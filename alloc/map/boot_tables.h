// Page tables that exist before the first CPU runs: the direct map with 1 GiB and 2 MiB leaves, the struct-page array, user
// address spaces of the workloads. Untimed writes to PhysMem, as early boot makes them (init_mem_mapping()).
#pragma once

#include <array>
#include <vector>

#include "alloc/layout.h"
#include "alloc/map/direct_map_layout.h"
#include "alloc/map/leaf_change.h"
#include "hw/x86/phys_mem.h"

namespace splinter::alloc {

// Flags of kernel leaves and tables as Linux sets them (arch/x86/include/asm/pgtable_types.h: __PAGE_KERNEL, _KERNPG_TABLE).
inline constexpr std::uint64_t kKernelLeaf = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kAccessed | x86::Pte::kDirty |
                                             x86::Pte::kGlobal | x86::Pte::kNoExecute;
inline constexpr std::uint64_t kKernelTable = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kAccessed | x86::Pte::kDirty;
inline constexpr std::uint64_t kUserTable = kKernelTable | x86::Pte::kUser;
inline constexpr std::uint64_t kUserLeaf =
    x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kUser | x86::Pte::kAccessed | x86::Pte::kDirty | x86::Pte::kNoExecute;

// Frames for boot's own use, handed out upwards from a range that no zone manages.
class BootFrames {
  public:
    explicit BootFrames(PfnRange range) : next_{range.first}, end_{range.end()} {}
    Pfn take() { return take(PageCount{1}); }
    // Consecutive frames; whole 2 MiB are aligned to 2 MiB. Running out is a bug of the caller's sizing.
    Pfn take(PageCount count);

  private:
    Pfn next_;
    Pfn end_;
};

// The root's entries of addresses that all address spaces share; the other half is empty.
using KernelHalf = std::array<x86::Pte, x86::kEntriesPerTable>;

// What stands in the PTEs of temporary mappings that map nothing (mermap's set_unmapped_pte(): PAGE_NONE, NX): not present, but
// not none either.
inline constexpr x86::Pte kUnmappedMermapPte{x86::Pte::kGlobal | x86::Pte::kAccessed | x86::Pte::kNoExecute};

// Whether leaves of the kernel's half are global. With page-table isolation they are not (pti_init() clears _PAGE_GLOBAL in
// __supported_pte_mask's kernel default; entries that user mode could see under another PCID must not be shared).
enum class KernelLeaves : std::uint8_t { global, not_global };

constexpr std::uint64_t kernel_leaf(KernelLeaves leaves) {
    return leaves == KernelLeaves::global ? kKernelLeaf : kKernelLeaf & ~x86::Pte::kGlobal;
}

class BootTables {
  public:
    BootTables(x86::PhysMem& memory, BootFrames& frames, KernelLeaves leaves = KernelLeaves::global);
    [[nodiscard]] Pfn root() const { return root_; }
    // Maps `range` at its direct-map address with the largest leaves that fit, up to `largest`; up to 2 MiB in the first GiB.
    void map_direct(PfnRange range, x86::PageSize largest = x86::PageSize::g1);
    // Maps these leaves as they are, present or not.
    void map_leaves(const DirectMapRun& run);
    // Changes the leaves of mapped memory. REQUIRES: whole leaves, present.
    void change_direct(PfnRange range, const LeafChange& change);
    // Maps [va, va + bytes) to consecutive frames from `first` with leaves of `size`.
    void map(VirtAddr va, Pfn first, std::uint64_t bytes, x86::PageSize size, std::uint64_t table_flags,
             std::uint64_t leaf_flags);
    // The root's entry for `va`, so that all address spaces share what is mapped below it later
    // (preallocate_vmalloc_pages()).
    void preallocate(VirtAddr va);
    [[nodiscard]] KernelHalf kernel_half() const;
    // Tables for each CPU's 2 MiB of temporary mappings (mermap_mm_prepare()): those of PTEs, by CPU.
    [[nodiscard]] std::vector<Pfn> prepare_mermap(std::size_t cpus);
    // A new address space: an own root that shares this one's kernel half.
    [[nodiscard]] BootTables new_address_space() const;

  private:
    BootTables(x86::PhysMem& memory, BootFrames& frames, Pfn root, std::uint64_t kernel_leaf)
        : memory_{&memory}, frames_{&frames}, root_{root}, kernel_leaf_{kernel_leaf} {}
    void set_leaf(VirtAddr va, Pfn frame, x86::PageSize size, std::uint64_t table_flags, std::uint64_t leaf_flags);
    x86::PhysMem* memory_;
    BootFrames* frames_;
    Pfn root_;
    std::uint64_t kernel_leaf_;  // flags of what map_direct() maps
};

}  // namespace splinter::alloc
