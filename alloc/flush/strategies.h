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
StrategyPtr make_freetype(const StrategyContext& context);

enum class Protection : std::uint8_t { not_protected, is_protected };

struct StrategyInfo {
    std::string_view name;
    Protection protection;
    StrategyPtr (*make)(const StrategyContext&);
    std::string_view summary;
};

std::span<const StrategyInfo> flush_strategies();
// Throws UserError with the list of the known names.
const StrategyInfo& find_flush_strategy(std::string_view name);

}  // namespace splinter::alloc
