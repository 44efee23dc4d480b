// Which zones a CPU's requests try, in order: build_zonelists(), find_next_best_node() of mm/page_alloc.c, Linux 6.1 and 6.12:
// the zones of the CPU's node from the highest down, then those of the other nodes, nearest first. All other nodes are equally
// far here (a machine has one node per socket at most), and all have CPUs and memory: then "prefer the next node" alone
// decides, round from the local one, and node_load[] changes nothing.
#pragma once

#include <vector>

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

// By node: positions in `zones`.
using Zonelists = std::vector<std::vector<std::size_t>>;
[[nodiscard]] Zonelists build_zonelists(const std::vector<Zone>& zones);

}  // namespace splinter::alloc
