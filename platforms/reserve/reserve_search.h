// The smallest reserve under which no operation fails for want of a page-table page, found by running the policy's own code
// (README.md: what is searched).
#pragma once

#include <optional>
#include <string>

#include "platforms/reserve/reserve_machine.h"

namespace splinter::platforms {

struct ReserveAnswer {
    std::optional<unsigned> smallest;  // nothing: none up to the limit
    std::string failure;               // of the reserve one smaller, or of the limit: the operations that lead to it
    std::uint64_t states = 0;          // looked at, all reserves together
};

// `question.tables.reserve` is what is sought. Tries reserves from 0 to `limit`.
[[nodiscard]] ReserveAnswer find_reserve(ReserveQuestion question, unsigned limit);

}  // namespace splinter::platforms
