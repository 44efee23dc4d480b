// How far the model agrees with recorded ground truth, per category; knows nothing of what the records are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace splinter::platforms {

enum class Verdict { agrees, disagrees };
enum class Detail { summary, every_disputed_record };

// Accesses at which a TLB or paging-structure cache may still show what it has cached, and at how many the model did. One that
// never does models no cache.
struct StaleCount {
    std::uint64_t allowed = 0;
    std::uint64_t shown = 0;
};

class ConformReport {
  public:
    explicit ConformReport(Detail detail) : detail_{detail} {}

    // One record. `explain()` returns lines that end with a newline; it is called for the first disagreements only.
    template <class Explain>
    void count(std::string_view category, Verdict verdict, Explain&& explain) {
        add(counted_, category, verdict);
        if (verdict == Verdict::disagrees && explanations_.size() < kExplained) explanations_.push_back(explain());
    }
    // Many records of one category at once, and what there is to say about the first of them that disagrees.
    void count_many(const std::string& category, std::uint64_t agree, std::uint64_t records);
    void explain(const std::string& explanation) {
        if (explanations_.size() < kExplained) explanations_.push_back(explanation);
    }
    // One record about which the recorded engines do not agree with the manual: neither in the count nor in agrees().
    // `describe()` returns one line.
    template <class Describe>
    void count_disputed(std::string_view category, Verdict verdict, Describe&& describe) {
        add(disputed_, category, verdict);
        if (detail_ == Detail::every_disputed_record || verdict == Verdict::disagrees) disputed_lines_.push_back(describe());
    }

    // A line of the result, agreement or not.
    void list(std::string line) { listed_ += line + "\n"; }
    // So many of the counted disagreements are within what the recording's noise may take: they do not fail the comparison.
    // Each has been listed.
    void tolerate(std::uint64_t disagreements) { tolerated_ += disagreements; }

    void count_stale(std::string_view category, StaleCount count);

    [[nodiscard]] bool agrees() const;
    [[nodiscard]] StaleCount stale() const;
    // Tables, what was listed, the first disagreements in full, and as its last line "N of M agree".
    [[nodiscard]] std::string text() const;

  private:
    struct Tally {
        std::uint64_t agree = 0;
        std::uint64_t records = 0;
        StaleCount stale;
    };
    using Tallies = std::map<std::string, Tally, std::less<>>;
    static Tally& tally_of(Tallies& tallies, std::string_view category);
    static void add(Tallies& tallies, std::string_view category, Verdict verdict);
    static Tally sum(const Tallies& tallies);
    static std::string table(const Tallies& tallies);

    static constexpr std::size_t kExplained = 3;
    Detail detail_;
    Tallies counted_;
    Tallies disputed_;
    std::vector<std::string> explanations_;
    std::vector<std::string> disputed_lines_;
    std::string listed_;
    std::uint64_t tolerated_ = 0;
};

}  // namespace splinter::platforms
