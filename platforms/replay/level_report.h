// How far a replay of a recorded kernel's trace agrees with it: a count for each kind of thing that was predicted or compared,
// the first difference in full, and the events that the trace cannot explain, each recognised and counted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace splinter::platforms {

// buddy: the free lists alone; blocks that per-CPU lists give back are inputs. pcp: per-CPU lists and all.
enum class ReplayLevel : std::uint8_t { buddy, pcp };

// UserError for another name.
[[nodiscard]] ReplayLevel parse_replay_level(const std::string& text);
[[nodiscard]] std::string_view name_of(ReplayLevel level);

enum class Predicted : std::uint8_t {
    allocation,  // A lines: which block
    take,        // L lines: which block comes off a buddy list
    fallback,    // X lines: which block, from which list, and whether its pageblock changes hands
    drain,       // D lines: which block goes back to the buddy
    free_list,   // at the end: a list of one zone, migratetype and order, in its order
    pageblock,   // at the end: the migratetype of one pageblock
    pcp_list,    // at the end: a list of one zone and CPU, in its order
    pcp_state,   // at the end: how much the lists of one zone and CPU hold, refill and drain
    reserve,     // at the end: the HIGHATOMIC reserve of one zone
};
inline constexpr std::size_t kPredictedKinds = 9;
// "allocations", "free_lists": as in JSON.
[[nodiscard]] std::string_view name_of(Predicted kind);

enum class Exception : std::uint8_t {
    bulk_page,        // 1: pages that alloc_pages_bulk() handed out without a line each
    contended_free,   // 2: a free that found its per-CPU list locked and went to the buddy without a D line
    overtaken_free,   // 5: a free of a batch that an interrupt's free overtook: its line came first, its block was listed later
    below_watermark,  // 4: a drain of 6.12 in a zone below its high watermark
    floating_high,    // 4: a limit of a CPU's lists at the end, of a zone that was below it, or that decayed without a line
    movable_pages,    // 7: a claim of part of a pageblock that its pages on LRU lists decided
};
inline constexpr std::size_t kExceptions = 6;

class LevelReport {
  public:
    explicit LevelReport(ReplayLevel level) : level_{level} {}

    // `explain()` returns one line or more; it is called for the first difference only.
    template <class Explain>
    void count(Predicted kind, bool agrees, Explain&& explain) {
        Tally& tally = tallies_[static_cast<std::size_t>(kind)];
        ++tally.of;
        tally.agree += agrees ? 1 : 0;
        if (!agrees && !first_difference_) first_difference_ = explain();
    }
    void recognise(Exception exception, std::uint64_t times = 1) { exceptions_[static_cast<std::size_t>(exception)] += times; }

    struct Tally {
        std::uint64_t agree = 0;
        std::uint64_t of = 0;
    };
    [[nodiscard]] Tally tally(Predicted kind) const { return tallies_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] Tally total() const;
    [[nodiscard]] std::uint64_t recognised(Exception exception) const {
        return exceptions_[static_cast<std::size_t>(exception)];
    }
    [[nodiscard]] bool agrees() const { return total().agree == total().of; }
    [[nodiscard]] const std::optional<std::string>& first_difference() const { return first_difference_; }

    // A table, the exceptions, the first difference, and as its last line "N of M agree".
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string json(const std::string& trace, const std::string& program_version) const;

  private:
    ReplayLevel level_;
    std::array<Tally, kPredictedKinds> tallies_{};
    std::array<std::uint64_t, kExceptions> exceptions_{};
    std::optional<std::string> first_difference_;
};

}  // namespace splinter::platforms
