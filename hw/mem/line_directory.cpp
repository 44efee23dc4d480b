#include "hw/mem/line_directory.h"

#include <utility>

namespace splinter::hw {

std::optional<Cycles> LineDirectory::take_from_others(CpuId cpu, VirtAddr address) {
    const auto [line, first_touch] = owner_.find_or_add(address.raw() >> kLineShift);
    const CpuId owner = std::exchange(line, cpu);
    if (first_touch || owner == cpu) return std::nullopt;
    return transfer(owner, cpu);
}

Cycles LineDirectory::transfer(CpuId from, CpuId to) const {
    switch (topology_->distance(from, to)) {
        case Distance::self:
            return params_.l1d_hit;
        case Distance::sibling:
            return params_.transfer_sibling;
        case Distance::cluster:
            return params_.transfer_cluster;
        case Distance::socket:
            return params_.transfer_socket;
        case Distance::cross:
            return params_.transfer_cross;
    }
    return params_.l1d_hit;
}

}  // namespace splinter::hw
