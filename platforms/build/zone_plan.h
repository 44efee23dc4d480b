// Which zones a machine has and which of their frames are free at the start: computed from the memory size, or taken from a
// recorded kernel's snapshot.
#pragma once

#include <vector>

#include "alloc/buddy/page_allocator.h"
#include "platforms/workload/kernel_snapshot.h"

namespace splinter::platforms {

// calculate_min_free_kbytes(), __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve(): the minimum is shared out by size
// over all nodes' zones; a zone keeps memory from requests that may use a higher zone of its own node. Reads `managed`,
// `node` and `kind`.
void set_watermarks(std::vector<alloc::ZoneLayout>& layouts);

// DMA (to 16 MiB), DMA32 (to 4 GiB) and Normal, all free but for the first MiB; watermarks by min_free_kbytes
// (mm/page_alloc.c, calculate_min_free_kbytes(), __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve()). With several
// nodes each has an equal share of the memory, one behind the other, and the zones that lie in it.
std::vector<alloc::Zone> plan_zones(std::uint64_t memory_bytes, std::uint64_t nodes, alloc::FrameTable& frames,
                                    const alloc::KernelRules& rules, const alloc::FreetypeLists& freetypes = {});

// The snapshot's zones, free lists in their order, and pageblock types.
std::vector<alloc::Zone> plan_zones(const KernelSnapshot& snapshot, alloc::FrameTable& frames, const alloc::KernelRules& rules,
                                    const alloc::FreetypeLists& freetypes = {});
// The migratetype that 6.1 remembers of a block on a per-CPU list, which a snapshot does not hold: that of the list, which it
// was chosen by, but for types that share a list.
[[nodiscard]] alloc::Migratetype remembered_type(const alloc::Zone& zone, unsigned pindex, Pfn block);
// The snapshot's per-CPU lists; CPU c's go to core c mod `cores`.
void load_pcp_lists(const KernelSnapshot& snapshot, alloc::PageAllocator& pages, alloc::FrameTable& frames, std::size_t cores);

}  // namespace splinter::platforms
