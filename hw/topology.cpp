#include "hw/topology.h"

#include <bit>

namespace splinter::hw {

Topology::Topology(const MachineParams& params)
    : cores_{params.cores},
      sockets_{params.sockets},
      cores_per_socket_{params.cores_per_socket},
      cluster_cores_{params.cluster_cores} {
    if (params.cores > sockets_ * cores_per_socket_ * kThreadsPerCore) {
        hypothetical_ = true;
        cores_per_socket_ = (params.cores + sockets_ - 1) / sockets_;
    }
    for (std::uint32_t i = 0; i < cores_; ++i) {
        const CpuId cpu{i};
        places_.push_back(core(cpu) | cluster(cpu) << kFieldBits | socket(cpu) << (2 * kFieldBits) |
                          (sibling(cpu).raw() < cores_ ? kSharesCore : 0));
    }
}

std::uint32_t Topology::apic_id(CpuId cpu) const {
    const std::uint64_t socket_stride = std::bit_ceil(cores_per_socket_) * kThreadsPerCore;
    const std::uint64_t thread = cpu.raw() / (sockets_ * cores_per_socket_);
    return static_cast<std::uint32_t>(socket(cpu) * socket_stride + core(cpu) % cores_per_socket_ * kThreadsPerCore + thread);
}

CpuId Topology::sibling(CpuId cpu) const {
    const std::uint64_t physical = sockets_ * cores_per_socket_;
    return CpuId{static_cast<std::uint32_t>(cpu.raw() < physical ? cpu.raw() + physical : cpu.raw() - physical)};
}

std::uint64_t Topology::cluster(CpuId cpu) const {
    return socket(cpu) * clusters_per_socket() + core(cpu) % cores_per_socket_ / cluster_cores_;
}

}  // namespace splinter::hw
