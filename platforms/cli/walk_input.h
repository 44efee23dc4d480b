// The options of `splinter walk` as an access, a machine state and page-table words.
#pragma once

#include <vector>

#include "platforms/cli/arguments.h"
#include "platforms/conform/access_case.h"
#include "platforms/conform/word_map.h"

namespace splinter::platforms {

struct WalkInput {
    AccessCase question;
    std::vector<Word> words;
};

// Throws UserError: a malformed or missing value, a state without 4-level or 5-level paging, a file that cannot be read.
// `maxphyaddr`: without --maxphyaddr.
[[nodiscard]] WalkInput read_walk_input(const Arguments& arguments, unsigned maxphyaddr);

}  // namespace splinter::platforms
