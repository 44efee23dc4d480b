// How large the pool of free unmapped pages of strategy `freetype` is, and a kernel thread that keeps it between marks: below
// freetype.preflip_low it flips whole free blocks ahead of demand until there are preflip_high pages, above return_above it
// returns whole free unmapped blocks. The series has neither (facts of its review: "does a pre-flip thread beat on-demand
// flipping?") [I]; both are off by default, and then nothing here costs a cycle.
//
// The pool is counted as /proc/vmstat's items are (mm/vmstat.c, 6.12): a difference per CPU, added to the common count when it
// reaches a threshold, so that the marks are met within threshold times CPUs pages. Whoever adds to the common count looks at
// the marks and wakes the thread, which runs on the last CPU.
// Leaves out: a pool and a thread per node; where a scheduler would run it.
#pragma once

#include <vector>

#include "alloc/buddy/flip.h"
#include "alloc/work/kernel_work.h"

namespace splinter::alloc {

class UnmappedPool : private Work {
  public:
    UnmappedPool(PageAllocator& pages, Flips& flips, KernelWork& work, const FreetypeParams& params, layout::KernelData data,
                 std::size_t cpus);

    // The thread fills the pool at once, on its CPU.
    void start(Cpu& cpu);
    void add(Cpu& cpu, PageCount pages) { change(cpu, static_cast<std::int64_t>(pages.raw())); }
    void remove(Cpu& cpu, PageCount pages) { change(cpu, -static_cast<std::int64_t>(pages.raw())); }

  private:
    static constexpr std::int64_t kThreshold = 32;  // calculate_normal_threshold() of a small machine; at most 125

    void change(Cpu& cpu, std::int64_t pages);
    void run(Cpu& cpu) override;
    // The common count now. An ordering point.
    [[nodiscard]] std::int64_t count(Cpu& cpu);
    [[nodiscard]] bool low(std::int64_t pages, std::int64_t mark) const { return low_ > 0 && pages < mark; }
    [[nodiscard]] bool above(std::int64_t pages) const { return return_above_ > 0 && pages > return_above_; }
    enum class Direction : std::uint8_t { to_unmapped, to_mapped };
    [[nodiscard]] bool flip(Cpu& cpu, Direction direction);

    PageAllocator& pages_;
    Flips& flips_;
    KernelWork& work_;
    std::int64_t low_;
    std::int64_t high_;
    std::int64_t return_above_;
    layout::KernelData data_;
    std::vector<std::int64_t> differences_;  // by CPU
    std::int64_t pool_ = 0;
    std::int64_t gave_up_at_ = -1;  // the thread found no block then: not woken again until the pool has changed by one
};

}  // namespace splinter::alloc
