#include "platforms/workload/kernel_trace_share.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "hw/base/user_error.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kGfp = "gfp:";
constexpr std::string_view kOrder = "order:";
constexpr std::string_view kMigratetype = "migratetype:";
constexpr std::array<std::string_view, 3> kMigratetypes{"unmovable", "movable", "reclaimable"};
constexpr unsigned kGfpMigratetypeShift = 3;  // GFP_MOVABLE_SHIFT: ___GFP_RECLAIMABLE 0x10, ___GFP_MOVABLE 0x08

// The names that Linux prints (6.1 and 6.12, include/trace/events/mmflags.h). A trace may bring others in its gfp table; any
// other name would silently match nothing.
constexpr std::string_view kFlagNames =
    "GFP_TRANSHUGE|GFP_TRANSHUGE_LIGHT|GFP_HIGHUSER_MOVABLE|GFP_HIGHUSER|GFP_USER|GFP_KERNEL_ACCOUNT|GFP_KERNEL|"
    "GFP_NOFS|GFP_ATOMIC|GFP_NOIO|GFP_NOWAIT|GFP_DMA|GFP_DMA32|__GFP_HIGH|__GFP_ATOMIC|__GFP_IO|__GFP_FS|"
    "__GFP_NOWARN|__GFP_RETRY_MAYFAIL|__GFP_NOFAIL|__GFP_NORETRY|__GFP_COMP|__GFP_ZERO|__GFP_NOMEMALLOC|"
    "__GFP_MEMALLOC|__GFP_HARDWALL|__GFP_THISNODE|__GFP_RECLAIMABLE|__GFP_MOVABLE|__GFP_ACCOUNT|__GFP_WRITE|"
    "__GFP_RECLAIM|__GFP_DIRECT_RECLAIM|__GFP_KSWAPD_RECLAIM|__GFP_ZEROTAGS|__GFP_SKIP_ZERO|__GFP_SKIP_KASAN|"
    "__GFP_SKIP_KASAN_POISON|__GFP_SKIP_KASAN_UNPOISON|__GFP_HIGHMEM|__GFP_DMA|__GFP_DMA32|__GFP_NOLOCKDEP|"
    "__GFP_NO_OBJ_EXT";

std::vector<std::string_view> split_flags(std::string_view text) {
    std::vector<std::string_view> names;
    while (true) {
        const std::size_t bar = text.find('|');
        names.push_back(text.substr(0, bar));
        if (bar == std::string_view::npos) return names;
        text.remove_prefix(bar + 1);
    }
}

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
    const std::vector<std::string_view> wanted = split_flags(names);
    for (const std::string_view name : wanted) {
        const bool in_table = std::any_of(gfp_table.begin(), gfp_table.end(),
                                          [name](const std::string& text) { return contains(split_flags(text), name); });
        if (name.empty()) fail(predicate, "");
        if (!in_table && !contains(split_flags(kFlagNames), name)) fail(predicate, "no flag is called " + quote_bytes(name));
    }
    for (std::size_t i = 0; i < gfp_table.size(); ++i) {
        const std::vector<std::string_view> present = split_flags(gfp_table[i]);
        const bool all =
            std::all_of(wanted.begin(), wanted.end(), [&](std::string_view name) { return contains(present, name); });
        if (all) gfp_[i] = 1;
    }
}

}  // namespace splinter::platforms
