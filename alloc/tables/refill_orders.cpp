#include "alloc/tables/refill_orders.h"

#include <charconv>
#include <string>

#include "alloc/buddy/zone.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {

std::vector<Order> refill_orders(std::string_view text) {
    const auto refuse = [&] {
        throw UserError(
            "kernel.page_tables.refill_orders",
            "found \"" + std::string{text} + "\", allowed: orders from 9 to 0, falling, joined by +, such as 9+4+2");
    };
    std::vector<Order> orders;
    for (const char* at = text.data();; ++at) {
        unsigned order = 0;
        const auto [end, error] = std::from_chars(at, text.data() + text.size(), order);
        if (error != std::errc{} || order > kPageblockOrder.index()) refuse();
        if (!orders.empty() && Order{order} >= orders.back()) refuse();
        orders.emplace_back(order);
        if (end == text.data() + text.size()) return orders;
        if (*end != '+') refuse();
        at = end;
    }
}

}  // namespace splinter::alloc
