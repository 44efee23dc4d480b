#include "alloc/buddy/zonelist.h"

#include <algorithm>
#include <optional>

namespace splinter::alloc {
namespace {

// find_next_best_node(): all distances are equal, so that nodes of higher number come first ("prefer the next node"), and
// among those the one that fewer nodes have as their first choice (node_load[]).
std::optional<std::size_t> next_best(std::size_t local, const std::vector<bool>& used, const std::vector<unsigned>& load) {
    std::optional<std::size_t> best;
    const auto value = [&](std::size_t node) { return std::pair{node < local ? 1 : 0, load[node]}; };
    for (std::size_t node = 0; node < used.size(); ++node)
        if (!used[node] && (!best || value(node) < value(*best))) best = node;
    return best;
}

}  // namespace

Zonelists build_zonelists(const std::vector<Zone>& zones) {
    std::size_t nodes = 0;
    for (const Zone& zone : zones) nodes = std::max<std::size_t>(nodes, zone.layout().node.raw() + 1U);
    Zonelists lists(nodes);
    std::vector<unsigned> load(nodes, 0);
    for (std::size_t local = 0; local < nodes; ++local) {
        std::vector<std::size_t> order{local};
        std::vector<bool> used(nodes, false);
        used[local] = true;
        while (const auto node = next_best(local, used, load)) {
            if (order.size() == 1) ++load[*node];  // the first of a distance
            order.push_back(*node);
            used[*node] = true;
        }
        for (std::size_t node : order)
            for (std::size_t i = zones.size(); i-- > 0;)
                if (zones[i].layout().node.raw() == node) lists[local].push_back(i);
    }
    return lists;
}

}  // namespace splinter::alloc
