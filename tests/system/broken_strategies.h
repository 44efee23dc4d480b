// Flush strategies with one mistake each, to show that the contract test finds it. Each is `per-page` but for the mistake.
#pragma once

#include "alloc/flush/strategies.h"

namespace splinter::platforms::testing {

// Leaves the last core out of the flush.
extern const alloc::StrategyInfo kSkipsOneCore;
// Does not flush ranges of 2 MiB.
extern const alloc::StrategyInfo kSkipsLargeEntry;
// Splits a leaf without telling the other cores, and flushes the page.
extern const alloc::StrategyInfo kForgetsSplitFlush;
// Flushes without having touched the page tables.
extern const alloc::StrategyInfo kNeverUnmaps;
// Hands out first and flushes kLateBy later.
extern const alloc::StrategyInfo kFlushesLate;
// Is `batched-deferred` with eight times the deadline that it declares.
extern const alloc::StrategyInfo kExceedsItsBound;
inline constexpr std::uint64_t kLateFlushSteps = 8;  // times Step::local_map between hand-out and flush

}  // namespace splinter::platforms::testing
