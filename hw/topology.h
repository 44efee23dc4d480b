// Which core sits where, in Linux's order of CPU numbers: one thread per core, socket 0, socket 1, ..., then their siblings.
// Beyond the product's threads, cores per socket grow: the result is hypothetical and says so.
#pragma once

#include <vector>

#include "hw/machine_params.h"

namespace splinter::hw {

enum class Distance : std::uint8_t { self, sibling, cluster, socket, cross };
inline constexpr std::size_t kDistances = 5;

class Topology {
  public:
    static constexpr std::uint64_t kThreadsPerCore = 2;

    explicit Topology(const MachineParams& params);
    [[nodiscard]] Distance distance(CpuId from, CpuId to) const {
        const std::uint64_t differs = places_[from.index()] ^ places_[to.index()];
        if ((differs & kSocketBits) != 0) return Distance::cross;
        if ((differs & kClusterBits) != 0) return Distance::socket;
        if ((differs & kCoreBits) != 0) return Distance::cluster;
        return from == to ? Distance::self : Distance::sibling;
    }
    [[nodiscard]] std::uint64_t socket(CpuId cpu) const { return core(cpu) / cores_per_socket_; }
    // Index of the cluster over all sockets: cores that share a last-level cache.
    [[nodiscard]] std::uint64_t cluster(CpuId cpu) const;
    // x2APIC ID: thread, core and socket in fields of whole bits, from the lowest (SDM Vol. 3A 9.9.1).
    [[nodiscard]] std::uint32_t apic_id(CpuId cpu) const;
    // The other thread of the same core, online or not.
    [[nodiscard]] CpuId sibling(CpuId cpu) const;
    // Both threads of the core are online: they share its TLBs, and are taken to be busy all the time.
    [[nodiscard]] bool shares_core(CpuId cpu) const { return (places_[cpu.index()] & kSharesCore) != 0; }
    // Online threads that share a core with another one.
    [[nodiscard]] std::uint64_t threads_with_sibling() const {
        const std::uint64_t physical = sockets_ * cores_per_socket_;
        return cores_ > physical ? 2 * (cores_ - physical) : 0;
    }
    [[nodiscard]] std::uint64_t clusters() const { return sockets_ * clusters_per_socket(); }
    [[nodiscard]] std::uint64_t sockets() const { return sockets_; }
    // More online threads than the product has.
    [[nodiscard]] bool hypothetical() const { return hypothetical_; }

  private:
    [[nodiscard]] std::uint64_t core(CpuId cpu) const { return cpu.raw() % (sockets_ * cores_per_socket_); }
    [[nodiscard]] std::uint64_t clusters_per_socket() const {
        return (cores_per_socket_ + cluster_cores_ - 1) / cluster_cores_;
    }
    std::uint64_t cores_;  // online threads
    std::uint64_t sockets_;
    std::uint64_t cores_per_socket_;
    std::uint64_t cluster_cores_;
    bool hypothetical_ = false;
    // Where each online thread is, in one word: distance() and shares_core() are asked for each line and interrupt that
    // travels.
    static constexpr unsigned kFieldBits = 16;
    static constexpr std::uint64_t kCoreBits = (std::uint64_t{1} << kFieldBits) - 1;
    static constexpr std::uint64_t kClusterBits = kCoreBits << kFieldBits;
    static constexpr std::uint64_t kSocketBits = kClusterBits << kFieldBits;
    static constexpr std::uint64_t kSharesCore = std::uint64_t{1} << (3 * kFieldBits);
    std::vector<std::uint64_t> places_;
};

}  // namespace splinter::hw
