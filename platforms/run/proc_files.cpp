#include "platforms/run/proc_files.h"

#include "platforms/run/leaf_count.h"

#include <algorithm>

#include <fmt/format.h>

namespace splinter::platforms {

namespace {

using alloc::kCensusRows;
using alloc::kMigratetypes;
using alloc::kUnmappedRow;

constexpr std::uint64_t kFreeListCap = 100000;  // pagetypeinfo_showfree_print() stops counting a list there
constexpr std::uint64_t kKiB = kPageBytes / 1024;

std::size_t rows_shown(const std::vector<ZoneText>& zones) {
    const bool unmapped =
        std::any_of(zones.begin(), zones.end(), [](const ZoneText& zone) { return zone.census.pageblocks[kUnmappedRow] > 0; });
    return unmapped ? kCensusRows : kMigratetypes;
}

std::string meminfo_line(std::string_view name, std::uint64_t kbytes) {
    return fmt::format("{:<16}{:>8} kB\n", fmt::format("{}:", name), kbytes);
}

std::string meminfo_text(Node& node) {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
    for (const alloc::Zone& zone : node.kernel().pages().zones()) {
        total += zone.layout().managed.raw();
        free += zone.free_pages().raw();
    }
    const LeafCount leaves{node.memory(), node.root()};
    const auto kbytes = [&](x86::Level level) { return leaves.leaves(level) * level.pages().raw() * kKiB; };
    return meminfo_line("MemTotal", total * kKiB) + meminfo_line("MemFree", free * kKiB) +
           meminfo_line("DirectMap4k", kbytes(x86::kPte)) + meminfo_line("DirectMap2M", kbytes(x86::kPde)) +
           meminfo_line("DirectMap1G", kbytes(x86::kPdpte));
}

}  // namespace

std::string vmstat_text(std::uint64_t free_pages, const std::map<std::string, std::uint64_t>& counters) {
    std::string out = fmt::format("nr_free_pages {}\n", free_pages);
    for (const char* event : {"pgalloc", "allocstall"}) {
        for (const char* zone : {"dma", "dma32", "normal", "movable"})
            out += fmt::format("{0}_{1} {2}\n", event, zone, counters.at(fmt::format("{0}_{1}", event, zone)));
        out += fmt::format("{}_device 0\n", event);
    }
    for (const char* name :
         {"pgfree", "pgmigrate_success", "pgmigrate_fail", "compact_migrate_scanned", "compact_free_scanned", "compact_stall",
          "compact_fail", "compact_success", "nr_tlb_remote_flush", "nr_tlb_remote_flush_received", "nr_tlb_local_flush_all",
          "nr_tlb_local_flush_one", "direct_map_level2_splits", "direct_map_level3_splits"})
        out += fmt::format("{} {}\n", name, counters.at(name));
    return out;
}

std::string buddyinfo_text(const std::vector<ZoneText>& zones) {
    std::string out;
    for (const ZoneText& zone : zones) {
        out += fmt::format("Node {}, zone {:>8} ", zone.node, zone.name);
        for (const std::uint64_t count : zone.census.free_of_all_rows()) out += fmt::format("{:>6} ", count);
        out += "\n";
    }
    return out;
}

std::string pagetypeinfo_text(const std::vector<ZoneText>& zones) {
    const std::size_t rows = rows_shown(zones);
    std::string out = fmt::format("Page block order: {}\nPages per block:  {}\n\n", alloc::kPageblockOrder.index(),
                                  alloc::kPageblockOrder.pages().raw());
    out += fmt::format("{:<43} ", "Free pages count per migrate type at order");
    for (unsigned order = 0; order < alloc::kOrders; ++order) out += fmt::format("{:>6} ", order);
    out += "\n";
    for (const ZoneText& zone : zones)
        for (std::size_t row = 0; row < rows; ++row) {
            out += fmt::format("Node {:>4}, zone {:>8}, type {:>12} ", zone.node, zone.name, alloc::census_row_name(row));
            for (const std::uint64_t count : zone.census.free[row])
                out += fmt::format("{}{:>6} ", count >= kFreeListCap ? ">" : "", std::min(count, kFreeListCap));
            out += "\n";
        }
    out += fmt::format("\n{:<23}", "Number of blocks type ");
    for (std::size_t row = 0; row < rows; ++row) out += fmt::format("{:>12} ", alloc::census_row_name(row));
    out += "\n";
    for (const ZoneText& zone : zones) {
        out += fmt::format("Node {}, zone {:>8} ", zone.node, zone.name);
        for (std::size_t row = 0; row < rows; ++row) out += fmt::format("{:>12} ", zone.census.pageblocks[row]);
        out += "\n";
    }
    return out;
}

std::map<std::string, std::string> proc_files(Node& node, const std::map<std::string, std::uint64_t>& counters) {
    std::vector<ZoneText> zones;
    std::uint64_t free_pages = 0;
    for (const alloc::Zone& zone : node.kernel().pages().zones()) {
        zones.push_back({zone.layout().name, alloc::take_census(zone), zone.layout().node.raw()});
        free_pages += zone.free_pages().raw();
    }
    return {{"buddyinfo", buddyinfo_text(zones)},
            {"pagetypeinfo", pagetypeinfo_text(zones)},
            {"vmstat", vmstat_text(free_pages, counters)},
            {"meminfo", meminfo_text(node)}};
}

}  // namespace splinter::platforms
