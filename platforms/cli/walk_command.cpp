// splinter walk ADDRESS: one page walk, level by level, for a person who debugs page tables.
#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/cli/walk_input.h"
#include "platforms/config/experiment.h"
#include "platforms/conform/walk_text.h"

namespace splinter::platforms {

int execute_walk(const Invocation& invocation) {
    const RunConfig config = Experiment::load("", invocation.arguments.sets).resolve_single().config;
    if (config.hw.page_table_caches != "fixed")
        throw UserError("--set platform.page_table_caches",
                        fmt::format("found \"{}\", allowed: \"fixed\"; one walk by itself has no caches to find its entries in",
                                    config.hw.page_table_caches));
    const WalkInput input = read_walk_input(invocation.arguments, static_cast<unsigned>(config.hw.mmu.physical_bits));
    const WalkCost cost{config.hw.mmu.walk_step, config.hw.mem.page_table_read};
    print(fmt::format("{}cycles: hw.mmu.walk_step + hw.mem.page_table_read of {}; no TLB, no paging-structure cache\n",
                      explain_access(input.question, input.words, cost), config.platform.model));
    return kExitOk;
}

}  // namespace splinter::platforms
