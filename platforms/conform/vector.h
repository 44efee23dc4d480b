// One recorded single-access vector: a machine state, an access and what real or emulated CPUs did. The text format is
// described in tests/data/walker/README.md.
#pragma once

#include <string_view>
#include <vector>

#include "hw/x86/translate.h"
#include "platforms/conform/access_case.h"
#include "platforms/conform/word_map.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

// No engine that the vectors count as decisive (a QEMU release) shows the outcome that the manual's text gives.
enum class Standing { undisputed, disputed };

struct Vector {
    std::string_view id;  // of the text, as is the category
    std::string_view category;
    Standing standing = Standing::undisputed;
    AccessCase question;
    std::vector<Word> before;
    x86::AccessOutcome expected;
    std::vector<Word> after;
};

// Reads the reader's current line. Throws UserError with its place.
[[nodiscard]] Vector read_vector(const TraceText& reader);

}  // namespace splinter::platforms
