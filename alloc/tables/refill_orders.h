// `page_tables.refill_orders` as a list.
#pragma once

#include <string_view>
#include <vector>

#include "hw/base/types.h"

namespace splinter::alloc {

// "9+4+2", highest first, each 0 to 9. Throws UserError that names the key.
[[nodiscard]] std::vector<Order> refill_orders(std::string_view text);

}  // namespace splinter::alloc
