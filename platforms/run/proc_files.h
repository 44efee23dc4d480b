// The state of a node as /proc would show it, byte for byte in the kernel's formats (Linux 6.12; 6.1 prints the same), so that
// scripts that read them read these:
//   buddyinfo       mm/vmstat.c, frag_show_print()
//   pagetypeinfo    mm/vmstat.c, pagetypeinfo_show(), without the page-owner part
//   vmstat          mm/vmstat.c, vmstat_show(): the lines that the model has, in the kernel's order. *_device, as a kernel with
//                   ZONE_DEVICE and no such memory; no nr_free_pages_blocks, which came with 6.15
//   meminfo         fs/proc/meminfo.c, meminfo_proc_show(), and arch_report_meminfo() of x86: MemTotal, MemFree, DirectMap*.
//                   The direct map has boot's own memory too, which no zone manages and MemTotal does not count
// The freetype series as read does not say how pagetypeinfo shows unmapped lists. Here they are one row and one column more,
// `Unmapped`, that are there only if a pageblock is unmapped; such blocks do not count as Unmovable.
#pragma once

#include <map>
#include <string>

#include "alloc/statistics.h"
#include "platforms/build/node.h"

namespace splinter::platforms {

// Texts by the file's name. `counters`: of the whole machine, by the kernel's names.
std::map<std::string, std::string> proc_files(Node& node, const std::map<std::string, std::uint64_t>& counters);

struct ZoneText {
    std::string name;
    alloc::ZoneCensus census;
    unsigned node = 0;
};
std::string buddyinfo_text(const std::vector<ZoneText>& zones);
std::string pagetypeinfo_text(const std::vector<ZoneText>& zones);
std::string vmstat_text(std::uint64_t free_pages, const std::map<std::string, std::uint64_t>& counters);

}  // namespace splinter::platforms
