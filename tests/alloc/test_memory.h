// The memory of a node as boot leaves it, small and without a machine: frames, page tables, and a walk that audits them.
#pragma once

#include <optional>

#include "alloc/buddy/zone.h"
#include "alloc/map/boot_tables.h"
#include "hw/base/check.h"
#include "hw/x86/walk.h"

namespace splinter::alloc {

inline constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
inline constexpr PageCount kGiantPages = x86::kPdpte.pages();
inline constexpr PageCount kLargePages = x86::kPde.pages();
inline constexpr Pfn kFirstGiant{kGiantPages.raw()};  // [1 GiB, ...): the direct map has 1 GiB leaves; 2 MiB ones below

class TestMemory {
  public:
    // Frames that zones may manage, from 0 on; what boot itself needs stands behind them.
    explicit TestMemory(std::uint64_t managed_bytes = 3 * kGiB)
        : managed_{Pfn{0}, PageCount{managed_bytes >> kPageShift}},
          memory_{managed_bytes + kGiB},
          frames_{managed_.count},
          boot_frames_{{managed_.end(), kGiantPages}},
          data_{boot_frames_.take(PageCount{layout::kKernelDataBytes >> kPageShift})},
          struct_pages_{boot_frames_.take(PageCount{struct_page_bytes() >> kPageShift})},
          tables_{memory_, boot_frames_} {
        tables_.map_direct(managed_);
        tables_.map_direct({managed_.end(), kGiantPages});
        tables_.map(layout::kVmemmap, struct_pages_, struct_page_bytes(), x86::PageSize::m2, kKernelTable, kKernelLeaf);
        tables_.preallocate(layout::kVmalloc);
        mermap_tables_ = tables_.prepare_mermap(kMermapCpus);
    }

    [[nodiscard]] PfnRange managed() const { return managed_; }
    [[nodiscard]] FrameTable& frames() { return frames_; }
    [[nodiscard]] x86::PhysMem& contents() { return memory_; }
    [[nodiscard]] Pfn root() const { return tables_.root(); }
    // By CPU, for as many as any test has.
    [[nodiscard]] const std::vector<Pfn>& mermap_tables() const { return mermap_tables_; }
    [[nodiscard]] KernelHalf kernel_half() const { return tables_.kernel_half(); }
    [[nodiscard]] layout::KernelData data() const { return layout::KernelData{layout::direct_map(data_)}; }

    // A frame that is in the direct map and no zone's.
    [[nodiscard]] Pfn take_boot_frame() { return boot_frames_.take(); }

    // What the page tables say now.
    [[nodiscard]] std::optional<x86::Translation> translate(VirtAddr va) const { return translate(va, root()); }
    // The same in an address space of its own.
    [[nodiscard]] std::optional<x86::Translation> translate(VirtAddr va, Pfn pgd) const {
        x86::Walk walk{va, pgd, x86::PagingState{}};
        while (!walk.done()) walk.step(memory_.load(walk.entry_address()));
        return walk.result();
    }
    [[nodiscard]] std::optional<x86::Translation> translate(Pfn pfn) const { return translate(layout::direct_map(pfn)); }
    [[nodiscard]] bool mapped(Pfn pfn) const { return translate(pfn).has_value(); }
    // Physical address behind `va`, where the kernel must not fault.
    [[nodiscard]] PhysAddr resolve(VirtAddr va) const {
        const auto found = translate(va);
        SPLINTER_CHECK(found.has_value(), "kernel code touches an address that is not mapped");
        return base_of(found->frame) + (va.raw() & (x86::leaf_level(found->size).bytes() - 1));
    }

  private:
    static constexpr std::size_t kMermapCpus = 64;
    [[nodiscard]] std::uint64_t struct_page_bytes() const {
        const std::uint64_t bytes = managed_.count.raw() * layout::kStructPageBytes;
        return (bytes + x86::kPde.bytes() - 1) / x86::kPde.bytes() * x86::kPde.bytes();
    }
    PfnRange managed_;
    x86::PhysMem memory_;
    FrameTable frames_;
    BootFrames boot_frames_;
    Pfn data_;
    Pfn struct_pages_;
    BootTables tables_;
    std::vector<Pfn> mermap_tables_;
};

// A zone over `span` without reserves; its memory is not free yet.
inline ZoneLayout zone_layout(PfnRange span, ZoneIndex index = ZoneIndex{0}) {
    return {"Zone" + std::to_string(index.raw()), index, span, span.count, PageCount{0}, {}};
}

// All of `span` free, as one wilderness. REQUIRES: aligned to order 10.
inline Zone free_zone(ZoneLayout layout, FrameTable& frames, const KernelRules& rules = kLinux6_12,
                      const FreetypeLists& freetypes = {}) {
    const PfnRange span = layout.span;
    Zone zone{std::move(layout), frames, rules, freetypes};
    zone.add_wilderness(span);
    return zone;
}

inline constexpr PageCount kLargestBlock = kMaxOrder.pages();
inline constexpr PageCount kPageblock = kPageblockOrder.pages();
constexpr PageCount times(PageCount pages, std::uint64_t n) { return PageCount{pages.raw() * n}; }

inline constexpr PfnRange kOneBlock{kFirstGiant, kLargestBlock};
inline constexpr PfnRange kFourBlocks{kFirstGiant, times(kLargestBlock, 4)};
inline constexpr PfnRange kInGiantLeaf{kFirstGiant, times(kLargestBlock, 2)};
inline constexpr PfnRange kInLargeLeaves{Pfn{16 * kLargestBlock.raw()}, times(kLargestBlock, 2)};  // below 1 GiB
// Page-table pages come from the first GiB, so that [1 GiB, 3 GiB) keeps its two 1 GiB leaves.
inline constexpr PfnRange kTablePages = kInLargeLeaves;
// Of those from kFirstGiant on.
inline Pfn pageblock(std::uint64_t i) { return kFirstGiant + times(kPageblock, i); }

}  // namespace splinter::alloc
