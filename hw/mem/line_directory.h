// Which core's cache holds a shared line last: what a touch of kernel data costs. A line is moved whole to the core that
// touches it (MESI's M state; shared readers are not modelled). Pure. REQUIRES: touches of one line are ordered by a lock or an
// ordering point, as the kernel's own accesses are.
#pragma once

#include <unordered_map>

#include "hw/topology.h"

namespace splinter::hw {

class LineDirectory {
  public:
    LineDirectory(const MachineParams& params, const Topology& topology) : params_{params.mem}, topology_{&topology} {}
    // Cycles until `cpu` owns the 64-byte line of `address`; it owns it from then on. A line nobody has touched is a hit:
    // its first fetch from memory is part of the software path length.
    Cycles take(CpuId cpu, VirtAddr address);
    [[nodiscard]] Cycles transfer(CpuId from, CpuId to) const;

  private:
    static constexpr unsigned kLineShift = 6;
    MemoryParams params_;
    const Topology* topology_;
    std::unordered_map<std::uint64_t, CpuId> owner_;  // looked up only, never iterated
};

}  // namespace splinter::hw
