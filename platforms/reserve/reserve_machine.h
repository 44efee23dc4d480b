// The kernel model on CPUs that cost nothing, with the memory of an adversary: every free block is of one order, and lies under
// a leaf of the direct map that nothing has split yet; and so does every page whose protection somebody changes.
#pragma once

#include <memory>
#include <vector>

#include "alloc/smp/ipi_mechanism.h"
#include "alloc/tables/page_table_allocator.h"
#include "platforms/reserve/interleaving_cpu.h"

namespace splinter::platforms {

// How much of the direct map a change covers, and so how many page-table pages it may need.
enum class ChangeShape : std::uint8_t {
    page,        // one page: one split per level
    range,       // from the middle of a 2 MiB leaf to that of another under the same top leaf
    two_leaves,  // from one top leaf into the next
};

struct ReserveQuestion {
    alloc::PageTableParams tables;
    x86::PageSize leaf = x86::PageSize::g1;  // of the direct map at boot
    ChangeShape change = ChangeShape::page;
    unsigned splitters = 1;    // K: changes at the same time
    Order lowest_order{2U};    // of the free blocks
    unsigned operations = 40;  // that the memory is to last for
};

class ReserveMachine {
  public:
    explicit ReserveMachine(const ReserveQuestion& question);
    ReserveMachine(const ReserveMachine&) = delete;
    ReserveMachine& operator=(const ReserveMachine&) = delete;

    // True: done. False: no page-table page could be had.
    [[nodiscard]] bool allocate();
    // Allocates as long as nothing has to be added to the pool.
    [[nodiscard]] bool drain();
    [[nodiscard]] bool change(unsigned splitter);
    [[nodiscard]] InterleavingCpu& cpu(unsigned index) { return *cpus_[index]; }  // 0 allocates; 1 to K change
    // Pages that a split could take now.
    [[nodiscard]] std::uint64_t ready() const;

  private:
    static std::vector<alloc::Zone> zones(alloc::FrameTable& frames, const ReserveQuestion& question, PfnRange span);
    [[nodiscard]] PageCount leaf_pages() const { return x86::leaf_level(question_.leaf).pages(); }

    ReserveQuestion question_;
    PfnRange managed_;
    PfnRange changed_;
    PfnRange own_;  // boot's tables
    x86::PhysMem memory_;
    alloc::FrameTable frames_;
    alloc::BootFrames table_frames_;
    alloc::BootTables boot_tables_;
    InterleavingCpu::Locks locks_;
    std::vector<std::unique_ptr<InterleavingCpu>> cpus_;
    alloc::MapObserver observer_;
    alloc::PageAllocator pages_;
    alloc::CallFunction calls_;
    alloc::IpiMechanism mechanism_;
    alloc::TlbFlush flush_;
    alloc::KeyRegister keys_;
    alloc::Mermap mermap_;
    alloc::Flips flips_;
    alloc::PageTableAllocator tables_;
    alloc::DirectMap direct_map_;
    Pfn next_change_;  // the first page of the next fresh leaf
};

}  // namespace splinter::platforms
