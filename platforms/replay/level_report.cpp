#include "platforms/replay/level_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"
#include "platforms/report/numbers.h"
#include "platforms/report/text_table.h"

namespace splinter::platforms {
namespace {

constexpr std::array<std::string_view, 2> kLevels{"buddy", "pcp"};
constexpr std::array<std::string_view, kPredictedKinds> kKinds{
    "blocks allocated (A)", "blocks taken off buddy lists (L)", "fallbacks (X)",           "blocks drained to the buddy (D)",
    "free lists, in order", "migratetypes of pageblocks",       "per-CPU lists, in order", "limits of per-CPU lists",
    "HIGHATOMIC reserves"};
constexpr std::array<std::string_view, kPredictedKinds> kKindKeys{
    "allocations", "takes", "fallbacks", "drains", "free_lists", "pageblocks", "pcp_lists", "pcp_limits", "reserves"};
constexpr std::array<std::string_view, kExceptions> kExceptionTexts{
    "pages of bulk allocations, which leave no line each",
    "frees that found the per-CPU list locked, without a D line",
    "frees of a batch that the free of an interrupt overtook, as the D lines tell",
    "drains below the high watermark, whose size the trace does not show",
    "limits of per-CPU lists that the high watermark or a decay without a P line moved",
    "claims of a pageblock that its pages on LRU lists decided, as the trace tells"};
constexpr std::array<std::string_view, kExceptions> kExceptionKeys{
    "bulk_pages", "contended_frees", "overtaken_frees", "drains_below_watermark", "floating_limits", "claims_by_movable_pages"};

}  // namespace

ReplayLevel parse_replay_level(const std::string& text) {
    for (std::size_t i = 0; i < kLevels.size(); ++i)
        if (text == kLevels[i]) return static_cast<ReplayLevel>(i);
    throw UserError("--level", fmt::format("expected buddy or pcp, found \"{}\"", text));
}

std::string_view name_of(ReplayLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::string_view name_of(Predicted kind) { return kKindKeys[static_cast<std::size_t>(kind)]; }

LevelReport::Tally LevelReport::total() const {
    Tally sum;
    for (const Tally& tally : tallies_) {
        sum.agree += tally.agree;
        sum.of += tally.of;
    }
    return sum;
}

std::string LevelReport::text() const {
    TextTable table;
    table.add_column(fmt::format("level {}", name_of(level_)), Align::left);
    table.add_column("agree", Align::right);
    table.add_column("of", Align::right);
    for (std::size_t i = 0; i < kPredictedKinds; ++i)
        if (tallies_[i].of > 0) table.add_row({std::string{kKinds[i]}, grouped(tallies_[i].agree), grouped(tallies_[i].of)});
    std::string out = table.render();
    for (std::size_t i = 0; i < kExceptions; ++i)
        if (exceptions_[i] > 0) out += fmt::format("recognised: {} {}\n", grouped(exceptions_[i]), kExceptionTexts[i]);
    if (first_difference_) out += fmt::format("first difference: {}\n", *first_difference_);
    return out + fmt::format("\n{} of {} agree\n", total().agree, total().of);
}

std::string LevelReport::json(const std::string& trace, const std::string& program_version) const {
    using nlohmann::ordered_json;
    ordered_json out = ordered_json::object();
    out["program_version"] = program_version;
    out["trace"] = trace;
    out["level"] = name_of(level_);
    for (std::size_t i = 0; i < kPredictedKinds; ++i)
        out["kinds"][kKindKeys[i]] = {{"agree", tallies_[i].agree}, {"of", tallies_[i].of}};
    for (std::size_t i = 0; i < kExceptions; ++i) out["recognised"][kExceptionKeys[i]] = exceptions_[i];
    out["first_difference"] = first_difference_ ? ordered_json(*first_difference_) : ordered_json(nullptr);
    out["agree"] = total().agree;
    out["of"] = total().of;
    out["agrees"] = agrees();
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
