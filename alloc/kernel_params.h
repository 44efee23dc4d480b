// Tunables of the modelled kernel, by the kernel's names where it has them.
#pragma once

#include <string>

#include "hw/base/params.h"

namespace splinter::alloc {

struct KernelParams {
    std::string version = "6.12";      // whose allocator rules
    std::uint64_t flush_ceiling = 33;  // tlb_single_page_flush_ceiling: above it, everything is flushed
    std::uint64_t pcp_batch = 63;      // pages per refill or drain of a per-CPU list (zone_batchsize())
    std::uint64_t pcp_high = 504;      // pages on a CPU's lists before it drains
    std::uint64_t batch_pages = 512;   // strategy `batched`: pages per call
};

void describe(KernelParams& params, ParamVisitor& visitor);

}  // namespace splinter::alloc
