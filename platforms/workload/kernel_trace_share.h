// Which allocations of a recorded trace are taken out of the direct map. A trace of an ordinary kernel has no such pages, so
// the user declares them by predicates; an allocation that satisfies any of them is unmapped:
//   gfp:GFP_HIGHUSER|__GFP_ACCOUNT   all of these names occur in the event's gfp text, as whole names: GFP_KERNEL_ACCOUNT
//                                    is a name of its own and has no __GFP_ACCOUNT beside it
//   order:3                          blocks of exactly this order
//   migratetype:unmovable            or movable, reclaimable
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/workload/kernel_trace_log.h"

namespace splinter::platforms {

class UnmappedShare {
  public:
    // UserError (origin workload.trace.unmapped) for a predicate that is not of these forms or names an unknown flag.
    UnmappedShare(const std::vector<std::string>& predicates, const std::vector<std::string>& gfp_table);

    // False for other events than allocations. A bulk allocation (B) has order 0, the migratetype of its gfp bits and no
    // gfp text: the bits' names depend on the kernel's configuration.
    [[nodiscard]] bool matches(const TraceEvent& event) const;

  private:
    void add(const std::string& predicate, const std::vector<std::string>& gfp_table);
    void add_gfp(const std::string& predicate, std::string_view names, const std::vector<std::string>& gfp_table);

    std::vector<char> gfp_;  // by gfp index; char, to be addressable
    std::array<bool, kTraceMaxOrder + 1> orders_{};
    std::array<bool, kTraceMaxMigratetype + 1> migratetypes_{};
};

}  // namespace splinter::platforms
