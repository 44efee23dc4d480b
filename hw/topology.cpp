#include "hw/topology.h"

namespace splinter::hw {

Topology::Topology(const MachineParams& params)
    : sockets_{params.sockets}, cores_per_socket_{params.cores_per_socket}, cluster_cores_{params.cluster_cores} {
    if (params.cores > sockets_ * cores_per_socket_ * kThreadsPerCore) {
        hypothetical_ = true;
        cores_per_socket_ = (params.cores + sockets_ - 1) / sockets_;
    }
}

Distance Topology::distance(CpuId from, CpuId to) const {
    if (from == to) return Distance::self;
    if (socket(from) != socket(to)) return Distance::cross;
    const std::uint64_t a = core(from) % cores_per_socket_;
    const std::uint64_t b = core(to) % cores_per_socket_;
    return a / cluster_cores_ == b / cluster_cores_ ? Distance::cluster : Distance::socket;
}

std::uint64_t Topology::cluster(CpuId cpu) const {
    return socket(cpu) * clusters_per_socket() + core(cpu) % cores_per_socket_ / cluster_cores_;
}

}  // namespace splinter::hw
