#include <array>

#include "alloc/flush/strategies.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

constexpr std::array kStrategies{
    StrategyInfo{"none", Protection::not_protected, make_none, "pages stay in the direct map: the baseline"},
    StrategyInfo{"per-page", Protection::is_protected, make_per_page,
                 "memfd_secret today: unmap one page and flush all cores at each allocation", nullptr, OtherPcids::left_open},
    StrategyInfo{"batched", Protection::is_protected, make_batched,
                 "one call takes flush.batch_pages pages, unmaps them all, flushes once, then hands them out", nullptr,
                 OtherPcids::left_open},
    StrategyInfo{
        "batched-deferred", Protection::deferred, make_batched_deferred,
        "unmap and hand out at once; flush all together after flush.deferred_pages or flush.deferred_deadline: exposed "
        "until then",
        [](const KernelParams& params) { return params.deferred_deadline; }},
    StrategyInfo{"side-cache", Protection::is_protected, make_side_cache,
                 "a buddy of unmapped pages beside the page allocator takes whole pageblocks from it, one flush each"},
    StrategyInfo{"freetype", Protection::is_protected, make_freetype,
                 "the buddy allocator keeps unmapped pageblocks and flips a whole free one with one flush"},
};

}  // namespace

std::span<const StrategyInfo> flush_strategies() { return kStrategies; }

const StrategyInfo& find_flush_strategy(std::string_view name) {
    std::string known;
    for (const StrategyInfo& info : kStrategies) {
        if (info.name == name) return info;
        known += (known.empty() ? "" : ", ") + std::string{info.name};
    }
    throw UserError("flush.strategy", "found \"" + std::string{name} + "\", allowed: " + known);
}

}  // namespace splinter::alloc
