#include "hw/mem/cache_hierarchy.h"

#include "hw/base/check.h"

namespace splinter::hw {

CacheHierarchy::CacheHierarchy(const MachineParams& params, const Topology& topology)
    : params_{params.mem},
      mode_{mode_of(params.page_table_caches)},
      sockets_{topology.sockets()},
      latency_{params.mem.l1d_hit, params.mem.l2_hit, params.mem.llc_hit, params.mem.dram_local, params.mem.dram_remote} {
    if (mode_ == Mode::fixed) return;
    if (shared()) clusters_.resize(topology.clusters());
    for (std::uint32_t i = 0; i < params.cores; ++i) {
        const CpuId cpu{i};
        const std::uint64_t cluster = topology.cluster(cpu);
        cores_.push_back({CacheTags{params_.l1d}, CacheTags{params_.l2}, cluster, topology.socket(cpu), {}});
        if (shared() && !clusters_[cluster]) clusters_[cluster].emplace(params_.llc);
    }
}

CacheHierarchy::Mode CacheHierarchy::mode_of(const std::string& name) {
    if (name == "l2") return Mode::l2;
    if (name == "l2+llc") return Mode::l2_llc;
    SPLINTER_CHECK(name == "fixed", "platform.page_table_caches is fixed, l2 or l2+llc");
    return Mode::fixed;
}

MemoryLevel CacheHierarchy::access(CpuId cpu, PhysAddr address) {
    const MemoryLevel level = access_private(cpu, address);
    if (level != MemoryLevel::llc || !shared()) return level;
    const PrivateCaches& core = cores_[cpu.index()];
    return clusters_[core.cluster]->access(address) ? MemoryLevel::llc : memory_level(core, address);
}

MemoryLevel CacheHierarchy::access_private(CpuId cpu, PhysAddr address) {
    PrivateCaches& core = cores_[cpu.index()];
    if (core.l1d.access(address)) return MemoryLevel::l1d;
    return core.l2.access(address) ? MemoryLevel::l2 : MemoryLevel::llc;
}

MemoryLevel CacheHierarchy::memory_level(const PrivateCaches& core, PhysAddr address) const {
    return home(address) == core.socket ? MemoryLevel::dram_local : MemoryLevel::dram_remote;
}

MemoryLevel CacheHierarchy::locate(CpuId cpu, PhysAddr address) const {
    SPLINTER_CHECK(mode_ != Mode::fixed, "fixed latencies know no levels");
    const PrivateCaches& core = cores_[cpu.index()];
    if (core.l1d.contains(address)) return MemoryLevel::l1d;
    if (core.l2.contains(address)) return MemoryLevel::l2;
    if (!shared() || clusters_[core.cluster]->contains(address)) return MemoryLevel::llc;
    return memory_level(core, address);
}

std::uint64_t CacheHierarchy::home(PhysAddr address) const {
    return params_.home == "socket0" ? 0 : pfn_of(address).raw() % sockets_;
}

}  // namespace splinter::hw
