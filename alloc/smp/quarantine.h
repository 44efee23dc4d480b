// Memory that has been unmapped and not yet flushed everywhere, kept from reuse: the lazy lists of `latr` (Kumar et al.,
// ASPLOS 2018). One list per CPU, of what this CPU has unmapped, oldest first; only that CPU changes it.
// Leaves out: a bound (the paper has none but that of the states), shrinking when memory is short.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "alloc/smp/unmapped_memory.h"

namespace splinter::alloc {

class Quarantine {
  public:
    struct Kept {
        UnmappedMemoryPtr memory;
        Cycles since;        // the return of the flush
        Cycles not_before;   // of which it may be freed
        std::size_t state;   // that the other CPUs sweep for it, of the CPU whose list this is
        std::uint64_t used;  // which use of the state
    };
    // Since boot, all CPUs.
    struct Gauges {
        PageCount held{0};
        PageCount most_held{0};
        Cycles longest{0};           // of one piece, from its flush to its free
        Cycles longest_exposure{0};  // from the flush until the last CPU has swept
    };
    explicit Quarantine(std::size_t cpus) : kept_(cpus) {}
    // REQUIRES: at an ordering point.
    void add(CpuId cpu, Kept kept) {
        gauges_.held += kept.memory->pages();
        gauges_.most_held = std::max(gauges_.most_held, gauges_.held);
        kept_[cpu.index()].push_back(std::move(kept));
    }
    // The oldest piece of this CPU's; none: null.
    [[nodiscard]] const Kept* oldest(CpuId cpu) const {
        const std::deque<Kept>& mine = kept_[cpu.index()];
        return mine.empty() ? nullptr : &mine.front();
    }
    // The caller frees it now. REQUIRES: there is one; at an ordering point.
    [[nodiscard]] Kept take_oldest(CpuId cpu, Cycles now) {
        Kept oldest = std::move(kept_[cpu.index()].front());
        kept_[cpu.index()].pop_front();
        gauges_.held -= oldest.memory->pages();
        gauges_.longest = std::max(gauges_.longest, now - oldest.since);
        return oldest;
    }
    void note_exposure(Cycles exposure) { gauges_.longest_exposure = std::max(gauges_.longest_exposure, exposure); }
    [[nodiscard]] const Gauges& gauges() const { return gauges_; }

  private:
    std::vector<std::deque<Kept>> kept_;  // by CPU
    Gauges gauges_;
};

}  // namespace splinter::alloc
