// Which core's cache holds a shared line last: what a touch of kernel data costs. A line is moved whole to the core that
// touches it (MESI's M state; shared readers are not modelled). Pure. REQUIRES: touches of one line are ordered by a lock or an
// ordering point, as the kernel's own accesses are.
#pragma once

#include <array>
#include <utility>

#include "hw/base/flat_map.h"
#include "hw/topology.h"

namespace splinter::hw {

class LineDirectory {
  public:
    LineDirectory(const MachineParams& params, const Topology& topology)
        : topology_{&topology},
          latencies_{params.mem.l1d_hit, params.mem.transfer_sibling, params.mem.transfer_cluster, params.mem.transfer_socket,
                     params.mem.transfer_cross} {}
    // `cpu` owns the 64-byte line of `address` from now on. The transfer, if another core owned it; kNever if it was the core's
    // own or nobody's: then the caches know the cost. (No std::optional, which goes through the host's memory.)
    Cycles take_from_others(CpuId cpu, VirtAddr address) {
        const auto [line, first_touch] = owner_.find_or_add(address.raw() >> kLineShift);
        const CpuId owner = std::exchange(line, cpu);
        if (first_touch || owner == cpu) return kNever;
        return transfer(owner, cpu);
    }
    // The same with a flat cost for the other case. A line nobody has touched is a hit: its first fetch from memory is part of
    // the software path length.
    Cycles take(CpuId cpu, VirtAddr address) {
        const Cycles transfer = take_from_others(cpu, address);
        return transfer == kNever ? latencies_[0] : transfer;
    }
    [[nodiscard]] Cycles transfer(CpuId from, CpuId to) const {
        return latencies_[static_cast<std::size_t>(topology_->distance(from, to))];
    }

  private:
    static constexpr unsigned kLineShift = 6;
    const Topology* topology_;
    std::array<Cycles, kDistances> latencies_;  // by distance
    FlatMap<CpuId> owner_;                      // by line
};

}  // namespace splinter::hw
