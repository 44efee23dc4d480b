// Where a line is found and what that costs: L1D and L2 of each core, one last-level cache per cluster, memory of each socket.
// Page-table lines and data lines compete for the same sets. Pure.
//
// platform.page_table_caches chooses how much of it is simulated:
//   fixed    nothing: a page-table read costs page_table_read, a data access l1d_hit
//   l2       L1D and L2; whatever they miss is taken to hit the LLC
//   l2+llc   all of it. The LLC is shared: looking into it is an ordering point, which the caller takes (reaches_shared)
//
// An access costs the latency of the first level that holds the line, and the line is then in that level and all above it.
// An eviction affects its own level only (non-inclusive). Leaves out: prefetchers, write-backs, bandwidth, invalidation of
// other cores' copies by a write, sharing of a core's caches by two hardware threads, other clusters' caches as a source.
#pragma once

#include <array>
#include <optional>

#include "hw/mem/cache_tags.h"
#include "hw/topology.h"

namespace splinter::hw {

enum class MemoryLevel : std::uint8_t { l1d, l2, llc, dram_local, dram_remote };
inline constexpr std::size_t kMemoryLevels = 5;
inline constexpr std::array<std::string_view, kMemoryLevels> kMemoryLevelNames{"l1d", "l2", "llc", "dram_local", "dram_remote"};

// Accesses of one core by the level that held the line. Not counted with fixed latencies.
struct CacheStats {
    std::array<std::uint64_t, kMemoryLevels> page_table{};
    std::array<std::uint64_t, kMemoryLevels> data{};
};

class CacheHierarchy {
  public:
    // `topology` outlives the hierarchy.
    CacheHierarchy(const MachineParams& params, const Topology& topology);

    [[nodiscard]] bool simulated() const { return mode_ != Mode::fixed; }
    // Some accesses look into caches that other cores can change, so that they are ordering points.
    [[nodiscard]] bool shared() const { return mode_ == Mode::l2_llc; }
    // This access will. The caller reaches an ordering point first, then makes the access without letting time pass.
    [[nodiscard]] bool reaches_shared(CpuId cpu, PhysAddr address) const {
        return shared() && !cores_[cpu.index()].l1d.contains(address) && !cores_[cpu.index()].l2.contains(address);
    }
    // One page-table entry read by the walker; one data access. Both return the whole latency.
    Cycles read_page_table(CpuId cpu, PhysAddr address) {
        if (mode_ == Mode::fixed) return params_.page_table_read;
        return count(cpu, access(cpu, address), &CacheStats::page_table);
    }
    // What each read of the walker costs. REQUIRES: !simulated().
    [[nodiscard]] Cycles page_table_read() const { return params_.page_table_read; }
    Cycles access_data(CpuId cpu, PhysAddr address) {
        if (mode_ == Mode::fixed) return params_.l1d_hit;
        return count(cpu, access(cpu, address), &CacheStats::data);
    }
    // The line has come from another core's cache, at a cost that is not the hierarchy's.
    void receive(CpuId cpu, PhysAddr address) {
        if (simulated()) access_private(cpu, address);
    }

    // Without effect: where the line would be found; the cost of a level; the socket whose memory holds it.
    [[nodiscard]] MemoryLevel locate(CpuId cpu, PhysAddr address) const;
    [[nodiscard]] Cycles latency(MemoryLevel level) const { return latency_[static_cast<std::size_t>(level)]; }
    [[nodiscard]] std::uint64_t home(PhysAddr address) const;
    [[nodiscard]] const CacheStats& stats(CpuId cpu) const { return cores_[cpu.index()].stats; }

  private:
    enum class Mode : std::uint8_t { fixed, l2, l2_llc };
    struct PrivateCaches {
        CacheTags l1d;
        CacheTags l2;
        std::uint64_t cluster;
        std::uint64_t socket;
        CacheStats stats;
    };
    static Mode mode_of(const std::string& name);
    MemoryLevel access(CpuId cpu, PhysAddr address);
    // The level that held the line, llc standing for everything below L2.
    MemoryLevel access_private(CpuId cpu, PhysAddr address);
    [[nodiscard]] MemoryLevel memory_level(const PrivateCaches& core, PhysAddr address) const;
    Cycles count(CpuId cpu, MemoryLevel level, std::array<std::uint64_t, kMemoryLevels> CacheStats::*counters) {
        ++(cores_[cpu.index()].stats.*counters)[static_cast<std::size_t>(level)];
        return latency(level);
    }

    MemoryParams params_;
    Mode mode_;
    std::uint64_t sockets_;
    std::array<Cycles, kMemoryLevels> latency_;
    std::vector<PrivateCaches> cores_;                // empty with fixed latencies
    std::vector<std::optional<CacheTags>> clusters_;  // LLCs of the clusters that have an online core
};

}  // namespace splinter::hw
