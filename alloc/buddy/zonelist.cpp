#include "alloc/buddy/zonelist.h"

#include <algorithm>

namespace splinter::alloc {

Zonelists build_zonelists(const std::vector<Zone>& zones) {
    std::size_t nodes = 0;
    for (const Zone& zone : zones) nodes = std::max<std::size_t>(nodes, zone.layout().node.raw() + 1U);
    Zonelists lists(nodes);
    for (std::size_t local = 0; local < nodes; ++local)
        for (std::size_t step = 0; step < nodes; ++step)
            for (std::size_t i = zones.size(); i-- > 0;)
                if (zones[i].layout().node.raw() == (local + step) % nodes) lists[local].push_back(i);
    return lists;
}

}  // namespace splinter::alloc
