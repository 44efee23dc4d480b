#include "platforms/workload/kernel_snapshot_check.h"

#include <set>
#include <utility>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

std::string at(const std::string& place, std::size_t index) { return place + "[" + std::to_string(index) + "]"; }

class ZoneCheck {
  public:
    ZoneCheck(const KernelSnapshot& snapshot, std::size_t index)
        : snapshot_{snapshot}, zone_{snapshot.zones[index]}, place_{at("zones", index)} {}

    void run() {
        check_pageblocks();
        taken_.assign(zone_.span.count.raw(), false);  // bounded: there is a character of pageblock_types for every block
        check_free_lists();
        check_pcps();
    }

  private:
    [[noreturn]] void fail(const std::string& place, const std::string& message) const {
        throw UserError(snapshot_.path, place + ": " + message);
    }

    void check_pageblocks() const {
        const std::uint64_t pages = snapshot_.pageblock_order.pages().raw();
        const std::uint64_t first = zone_.span.first.raw() / pages;
        const std::uint64_t blocks = (zone_.span.end().raw() + pages - 1) / pages - first;
        if (zone_.pageblock_start.raw() != first * pages) {
            fail(place_ + ".pageblock_start_pfn", "found " + std::to_string(zone_.pageblock_start.raw()) + ", expected " +
                                                      std::to_string(first * pages) + ", the zone's first pageblock");
        }
        const std::string place = place_ + ".pageblock_types";
        if (zone_.pageblock_types.size() != blocks) {
            fail(place, "found " + std::to_string(zone_.pageblock_types.size()) + " pageblocks, expected " +
                            std::to_string(blocks) + " for the zone's pages");
        }
        for (std::size_t i = 0; i < zone_.pageblock_types.size(); ++i) {
            const char type = zone_.pageblock_types[i];
            const bool known = type >= '0' && static_cast<unsigned>(type - '0') < snapshot_.migratetypes;
            if (type != '.' && !known) {
                fail(place, "character " + std::to_string(i + 1) + " is neither '.' nor a digit below " +
                                std::to_string(snapshot_.migratetypes));
            }
        }
    }

    void check_free_lists() {
        std::set<std::pair<Order, unsigned>> seen;
        for (std::size_t i = 0; i < zone_.free.size(); ++i) {
            const SnapshotFreeList& list = zone_.free[i];
            const std::string place = at(place_ + ".free", i);
            if (list.order.index() >= snapshot_.orders) fail(place, "order not below " + std::to_string(snapshot_.orders));
            if (list.migratetype >= snapshot_.migratetypes) {
                fail(place, "migratetype not below " + std::to_string(snapshot_.migratetypes));
            }
            if (!seen.emplace(list.order, list.migratetype).second) fail(place, "a second list of this order and migratetype");
            check_blocks(list.blocks, list.order, place);
        }
    }

    void check_pcps() {
        if (zone_.pcp.size() != snapshot_.cpus) {
            fail(place_ + ".pcp", "found " + std::to_string(zone_.pcp.size()) + " entries, expected one for each of the " +
                                      std::to_string(snapshot_.cpus) + " cpus");
        }
        std::set<CpuId> cpus;
        for (std::size_t i = 0; i < zone_.pcp.size(); ++i) {
            const SnapshotPcp& pcp = zone_.pcp[i];
            const std::string place = at(place_ + ".pcp", i);
            if (pcp.cpu.raw() >= snapshot_.cpus) fail(place, "cpu not below " + std::to_string(snapshot_.cpus));
            if (!cpus.insert(pcp.cpu).second) fail(place, "a second entry of cpu " + std::to_string(pcp.cpu.raw()));
            check_pcp(pcp, place);
        }
    }

    void check_pcp(const SnapshotPcp& pcp, const std::string& pcp_place) {
        std::set<unsigned> seen;
        std::uint64_t pages = 0;
        for (std::size_t i = 0; i < pcp.lists.size(); ++i) {
            const SnapshotPcpList& list = pcp.lists[i];
            const std::string place = at(pcp_place + ".lists", i);
            if (list.pindex >= snapshot_.pcp_lists) fail(place, "pindex not below " + std::to_string(snapshot_.pcp_lists));
            if (!seen.insert(list.pindex).second) fail(place, "a second list of this pindex");
            check_blocks(list.blocks, pcp_list_order(list.pindex), place);
            pages += list.blocks.size() * pcp_list_order(list.pindex).pages().raw();
        }
        if (pages != pcp.count.raw()) {
            fail(pcp_place + ".count", "found " + std::to_string(pcp.count.raw()) + ", expected " + std::to_string(pages) +
                                           ", the pages of its lists");
        }
    }

    void check_blocks(const std::vector<Pfn>& blocks, Order order, const std::string& list_place) {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const PfnRange block{blocks[i], order.pages()};
            const auto describe = [&] {
                return "block " + std::to_string(block.first.raw()) + " of order " + std::to_string(order.index());
            };
            const std::string place = list_place + ".pfns";
            if (block.first.raw() % block.count.raw() != 0) fail(at(place, i), describe() + " is not aligned to its order");
            if (block.first < zone_.span.first || block.end() > zone_.span.end()) {
                fail(at(place, i), describe() + " is not inside zone " + zone_.name);
            }
            const std::uint64_t start = (block.first - zone_.span.first).raw();
            for (std::uint64_t page = start; page < start + block.count.raw(); ++page) {
                if (taken_[page]) fail(at(place, i), describe() + " overlaps another free block or per-cpu page");
                taken_[page] = true;
            }
        }
    }

    const KernelSnapshot& snapshot_;
    const SnapshotZone& zone_;
    std::string place_;
    std::vector<bool> taken_;  // by page of the zone
};

}  // namespace

void check_kernel_snapshot(const KernelSnapshot& snapshot) {
    const auto require = [&](bool holds, const std::string& message) {
        if (!holds) throw UserError(snapshot.path, message);
    };
    require(snapshot.cpus > 0, "cpus: found 0, expected at least 1");
    require(snapshot.orders > 0, "orders: found 0, expected at least 1");
    require(snapshot.pageblock_order.index() < snapshot.orders, "pageblock_order: expected less than orders");
    require(!snapshot.zones.empty(), "zones: found none, expected at least one");
    for (std::size_t i = 0; i < snapshot.zones.size(); ++i) {
        const SnapshotZone& zone = snapshot.zones[i];
        require(zone.span.count.raw() > 0, at("zones", i) + ".spanned: found 0, expected at least 1");
        if (i == 0) continue;
        const SnapshotZone& below = snapshot.zones[i - 1];
        require(zone.index > below.index, at("zones", i) + ".idx: expected more than that of the zone before");
        require(zone.span.first >= below.span.end(), at("zones", i) + ".start_pfn: inside the zone before");
    }
    for (std::size_t i = 0; i < snapshot.zones.size(); ++i) ZoneCheck{snapshot, i}.run();
}

}  // namespace splinter::platforms
