#include "hw/mem/line_directory.h"

namespace splinter::hw {

Cycles LineDirectory::take(CpuId cpu, VirtAddr address) {
    const auto [line, first_touch] = owner_.try_emplace(address.raw() >> kLineShift, cpu);
    if (first_touch) return params_.l1d_hit;
    const Cycles cost = transfer(line->second, cpu);
    line->second = cpu;
    return cost;
}

Cycles LineDirectory::transfer(CpuId from, CpuId to) const {
    switch (topology_->distance(from, to)) {
        case Distance::self:
            return params_.l1d_hit;
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
