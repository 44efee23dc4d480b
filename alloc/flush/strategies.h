// The strategies and the table that lists them. A new one is a .cpp file with its class and its maker, a line here, and a row
// in registry.cpp; the contract test takes it from there.
#pragma once

#include <span>
#include <string_view>

#include "alloc/flush/flush_strategy.h"

namespace splinter::alloc {

using StrategyPtr = std::unique_ptr<FlushStrategy>;

StrategyPtr make_none(const StrategyContext& context);
StrategyPtr make_per_page(const StrategyContext& context);
StrategyPtr make_batched(const StrategyContext& context);
StrategyPtr make_batched_deferred(const StrategyContext& context);
StrategyPtr make_side_cache(const StrategyContext& context);
StrategyPtr make_freetype(const StrategyContext& context);

enum class Protection : std::uint8_t {
    not_protected,
    is_protected,
    deferred  // handed out first, protected within exposure_bound: the page is exposed until then
};

// What becomes of a page's stale translations under PCIDs that are not loaded, without page-table isolation (INVLPG on a leaf
// that is not global any more leaves them: flush_tlb_one_kernel(), Linux 6.12).
enum class OtherPcids : std::uint8_t {
    flushed,
    left_open  // after a flush page by page; the contract test demands the word of whom it finds so, and of nobody else
};

struct StrategyInfo {
    std::string_view name;
    Protection protection;
    StrategyPtr (*make)(const StrategyContext&);
    std::string_view summary;
    // `deferred`: after so long a flush begins at the CPU's next moment in process context.
    Cycles (*exposure_bound)(const KernelParams&) = nullptr;
    OtherPcids other_pcids = OtherPcids::flushed;
};

std::span<const StrategyInfo> flush_strategies();
// Throws UserError with the list of the known names.
const StrategyInfo& find_flush_strategy(std::string_view name);

}  // namespace splinter::alloc
