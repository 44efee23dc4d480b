// Tunables of the modelled kernel, by the kernel's names where it has them.
#pragma once

#include <string>

#include "alloc/buddy/pcp_rules.h"
#include "hw/base/params.h"

namespace splinter::alloc {

struct KernelParams {
    std::string version = "6.12";             // whose allocator rules
    std::uint64_t flush_ceiling = 33;         // tlb_single_page_flush_ceiling: above it, everything is flushed
    std::uint64_t pcp_batch = 63;             // pages per refill or drain of a per-CPU list (zone_batchsize())
    std::uint64_t pcp_high = 504;             // pages on a CPU's lists before it drains; 6.12: the least that it may sink to
    std::uint64_t pcp_high_max = 10'000'000;  // 6.12: the most that it may rise to, if the zone's own bound is not less
    std::uint64_t batch_pages = 512;          // strategy `batched`: pages per call
    bool compaction = true;                   // CONFIG_COMPACTION: the slow path compacts
    std::uint64_t pcp_trylock_fails = 0;      // every Nth trylock of a per-CPU list fails; 0: only what is locked
};

void describe(KernelParams& params, ParamVisitor& visitor);

// Limits of a CPU's lists at boot.
PcpState pcp_limits(const KernelParams& params);

}  // namespace splinter::alloc
