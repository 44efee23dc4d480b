#include "platforms/workload/kernel_trace_share.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "hw/base/user_error.h"
#include "platforms/workload/gfp_text.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kGfp = "gfp:";
constexpr std::string_view kOrder = "order:";
constexpr std::string_view kMigratetype = "migratetype:";
constexpr std::array<std::string_view, 3> kMigratetypes{"unmovable", "movable", "reclaimable"};
constexpr unsigned kGfpMigratetypeShift = 3;  // GFP_MOVABLE_SHIFT: ___GFP_RECLAIMABLE 0x10, ___GFP_MOVABLE 0x08

template <class Range>
bool contains(const Range& range, std::string_view name) {
    return std::find(range.begin(), range.end(), name) != range.end();
}

[[noreturn]] void fail(const std::string& predicate, const std::string& why) {
    throw UserError("workload.trace.unmapped",
                    "found " + quote_bytes(predicate) + (why.empty() ? "" : ": " + why) +
                        ", expected gfp:NAME|NAME..., order:0 to order:" + std::to_string(kTraceMaxOrder) +
                        " or migratetype:unmovable|movable|reclaimable (one of them)");
}

}  // namespace

UnmappedShare::UnmappedShare(const std::vector<std::string>& predicates, const std::vector<std::string>& gfp_table)
    : gfp_(gfp_table.size(), 0) {
    for (const std::string& predicate : predicates) add(predicate, gfp_table);
}

bool UnmappedShare::matches(const TraceEvent& event) const {
    if (event.kind == TraceEventKind::allocate) {
        return gfp_.at(event.gfp_index()) != 0 || orders_.at(event.order.index()) || migratetypes_.at(event.migratetype);
    }
    if (event.kind == TraceEventKind::bulk_enter) {
        return orders_[0] || migratetypes_.at(event.gfp_bits() >> kGfpMigratetypeShift & 3);
    }
    return false;
}

void UnmappedShare::add(const std::string& predicate, const std::vector<std::string>& gfp_table) {
    const std::string_view text = predicate;
    if (text.starts_with(kGfp)) {
        add_gfp(predicate, text.substr(kGfp.size()), gfp_table);
    } else if (text.starts_with(kOrder)) {
        const std::string_view digits = text.substr(kOrder.size());
        unsigned order = 0;
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), order);
        if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || order > kTraceMaxOrder) {
            fail(predicate, "");
        }
        orders_[order] = true;
    } else if (text.starts_with(kMigratetype)) {
        const auto* const found = std::find(kMigratetypes.begin(), kMigratetypes.end(), text.substr(kMigratetype.size()));
        if (found == kMigratetypes.end()) fail(predicate, "");
        migratetypes_.at(static_cast<std::size_t>(found - kMigratetypes.begin())) = true;
    } else {
        fail(predicate, "");
    }
}

void UnmappedShare::add_gfp(const std::string& predicate, std::string_view names, const std::vector<std::string>& gfp_table) {
    const std::vector<std::string_view> wanted = split_gfp(names);
    // A trace may bring other names in its gfp table; any name beside those would silently match nothing.
    for (const std::string_view name : wanted) {
        const bool in_table = std::any_of(gfp_table.begin(), gfp_table.end(),
                                          [name](const std::string& text) { return contains(split_gfp(text), name); });
        if (name.empty()) fail(predicate, "");
        if (!in_table && !is_gfp_name(name)) fail(predicate, "no flag is called " + quote_bytes(name));
    }
    for (std::size_t i = 0; i < gfp_table.size(); ++i) {
        const std::vector<std::string_view> present = split_gfp(gfp_table[i]);
        const bool all =
            std::all_of(wanted.begin(), wanted.end(), [&](std::string_view name) { return contains(present, name); });
        if (all) gfp_[i] = 1;
    }
}

}  // namespace splinter::platforms
