#include "platforms/replay/trace_recorder.h"

#include <algorithm>

#include <fmt/format.h>

namespace splinter::platforms {

using alloc::Fallback;
using alloc::Migratetype;

void TraceRecorder::expect(const std::vector<std::size_t>& takes, const std::vector<std::size_t>& drains) {
    for (std::size_t event : takes) {
        const bool is_take = log_.events[event].kind == TraceEventKind::take;
        (is_take ? expected_takes_ : expected_fallbacks_).push_back(event);
    }
    expected_drains_ = drains;
}

TraceRecorder::Block TraceRecorder::block_of(std::size_t event) const {
    const TraceEvent& line = log_.events[event];
    return {line.pfn(), line.order, static_cast<Migratetype>(line.migratetype)};
}

Fallback TraceRecorder::fallback_of(std::size_t event) const {
    const TraceEvent& line = log_.events[event];
    return {line.pfn(),
            line.order,
            line.fallback_order,
            static_cast<Migratetype>(line.migratetype),
            static_cast<Migratetype>(line.fallback_migratetype),
            line.has_flag(kOwn)};
}

std::string TraceRecorder::text(const Block& block) {
    return fmt::format("block {:x} of order {}, {}", block.first.raw(), block.order.index(),
                       alloc::kMigratetypeNames[static_cast<std::size_t>(block.type)]);
}

std::string TraceRecorder::text(const Fallback& fallback) {
    return fmt::format("block {:x}, order {} of {} for order {} of {}, pageblock {}", fallback.block.raw(),
                       fallback.found.index(), alloc::kMigratetypeNames[static_cast<std::size_t>(fallback.source)],
                       fallback.asked.index(), alloc::kMigratetypeNames[static_cast<std::size_t>(fallback.type)],
                       fallback.owns_pageblock ? "claimed" : "not claimed");
}

template <class Value, class Read>
void TraceRecorder::compare(Predicted kind, const std::vector<std::size_t>& expected, const std::vector<Value>& got,
                            Read read) {
    for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
        const bool both = i < expected.size() && i < got.size();
        const bool agrees = both && read(expected[i]) == got[i];
        if (!both && kind == Predicted::drain && drains_excused_) {  // how many is excused, not which
            report_.recognise(Exception::below_watermark);
            continue;
        }
        report_.count(kind, agrees, [&] {
            const std::string place = expected.empty() ? log_.path : log_.place(expected[std::min(i, expected.size() - 1)]);
            return fmt::format("{}: the kernel has {}, the model has {}", place,
                               i < expected.size() ? text(read(expected[i])) : "nothing",
                               i < got.size() ? text(got[i]) : "nothing");
        });
    }
}

void TraceRecorder::settle() {
    compare(Predicted::take, expected_takes_, taken_, [&](std::size_t event) { return block_of(event); });
    compare(Predicted::fallback, expected_fallbacks_, fallbacks_, [&](std::size_t event) { return fallback_of(event); });
    compare(Predicted::drain, expected_drains_, drained_, [&](std::size_t event) { return block_of(event); });
    for (auto* lines : {&expected_takes_, &expected_fallbacks_, &expected_drains_}) lines->clear();
    taken_.clear();
    drained_.clear();
    fallbacks_.clear();
}

// The next X line tells how the claim ended. It is believed against the count without movable pages only where such pages can
// have made the difference.
bool TraceRecorder::claims(const alloc::Claim& claim) {
    if (fallbacks_.size() >= expected_fallbacks_.size()) return claim.without_movable_pages;
    const Fallback recorded = fallback_of(expected_fallbacks_[fallbacks_.size()]);
    const bool claimed = recorded.owns_pageblock && recorded.found == claim.found && recorded.source == claim.source;
    if (claimed == claim.without_movable_pages) return claimed;
    const bool movable_pages_add = claim.type == Migratetype::movable;
    if (claimed != movable_pages_add) return claim.without_movable_pages;
    report_.recognise(Exception::movable_pages);
    return claimed;
}

}  // namespace splinter::platforms
