#include <array>

#include "hw/base/user_error.h"
#include "platforms/workload/workload.h"

namespace splinter::platforms {
namespace {

constexpr std::array kWorkloads{
    WorkloadInfo{"secretmem", make_secretmem,
                 "some cores allocate and free protected pages, a fixed think time apart; the others access memory"},
    WorkloadInfo{"pointer-chase", make_pointer_chase,
                 "one core reads memory in random order, one access after the other: what translation costs; nobody allocates"},
    WorkloadInfo{"fragmentation", make_fragmentation,
                 "how much protected memory one core gets before an allocation fails, in clean or fragmented memory"},
    WorkloadInfo{"pressure", make_pressure,
                 "ordinary allocations beside a pool of unmapped pages, with memory short all the time"},
    WorkloadInfo{"fork", make_fork,
                 "one core copies the page tables of a process with 1 GiB, small or huge folios, mapped by PTEs"},
    WorkloadInfo{"munmap", make_munmap, "one core unmaps 1 GiB, small or huge folios, mapped by PTEs"},
    WorkloadInfo{"user-flush", make_user_flush,
                 "threads of one process: one or all unmap, protect or flush pages; the others run, sleep or are displaced"},
    WorkloadInfo{"vmalloc", make_vmalloc, "some cores allocate and free kernel memory that is contiguous in addresses only"},
    WorkloadInfo{"pgtable-churn", make_pgtable_churn,
                 "some cores build and tear down address spaces; others may flip the protection of kernel pages meanwhile"},
    WorkloadInfo{"reserve-search", make_reserve_search,
                 "no simulation of time: the smallest reserve of page-table pages under which nothing fails, by search"},
    WorkloadInfo{
        "trace", make_trace,
        "a real kernel's recorded allocations in their order, a declared share of them protected; other cores access memory"},
};

}  // namespace

std::span<const WorkloadInfo> workload_table() { return kWorkloads; }

const WorkloadInfo& find_workload(std::string_view name) {
    for (const WorkloadInfo& info : kWorkloads)
        if (info.name == name) return info;
    std::string known;
    for (const WorkloadInfo& info : kWorkloads) known += (known.empty() ? "" : ", ") + std::string{info.name};
    throw UserError("workload.run", "found \"" + std::string{name} + "\", allowed: " + known);
}

}  // namespace splinter::platforms
