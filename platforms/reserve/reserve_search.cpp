#include "platforms/reserve/reserve_search.h"

#include <algorithm>
#include <deque>
#include <set>

namespace splinter::platforms {
namespace {

// Pools that have so many pages beyond the reserve are all alike: what they have can be allocated at once.
constexpr std::uint64_t kPlenty = 8;

// What happens, and at which moment of it the next CPU begins the same or, inside an allocation, its change.
struct Operation {
    enum class Kind : std::uint8_t { drain, allocate, change } kind;
    unsigned changes;      // at once
    std::uint64_t moment;  // 0: nobody comes in between
};
using Path = std::vector<Operation>;

std::string in_words(const Path& path) {
    std::string words;
    for (const Operation& operation : path) {
        if (!words.empty()) words += ", ";
        if (operation.kind == Operation::Kind::drain) {
            words += "allocations down to the reserve";
            continue;
        }
        words += operation.kind == Operation::Kind::allocate ? "allocation" : std::to_string(operation.changes) + " change(s)";
        if (operation.kind == Operation::Kind::allocate && operation.changes > 0)
            words += " with " + std::to_string(operation.changes) + " change(s) inside";
        if (operation.moment > 0) words += " at lock " + std::to_string(operation.moment);
    }
    return words;
}

enum class Outcome : std::uint8_t { done, failed, impossible };

class Run {
  public:
    explicit Run(const ReserveQuestion& question) : machine_{question} {}
    // Moments of the outermost CPU in the last operation.
    [[nodiscard]] std::uint64_t moments() const { return moments_; }
    [[nodiscard]] std::uint64_t ready() const { return machine_.ready(); }

    Outcome perform(const Operation& operation) {
        bool done = true;
        try {
            if (operation.kind == Operation::Kind::drain) {
                done = machine_.drain();
            } else if (operation.kind == Operation::Kind::allocate) {
                InterleavingCpu& cpu = machine_.cpu(0);
                cpu.interrupt_at(operation.moment, [&] { done = changes(1, operation) && done; });
                done = machine_.allocate() && done;
                moments_ = cpu.moments();
            } else {
                done = changes(1, operation);
                moments_ = machine_.cpu(1).moments();
            }
        } catch (const InterleavingCpu::Blocked&) {
            return Outcome::impossible;
        }
        return done ? Outcome::done : Outcome::failed;
    }

  private:
    bool changes(unsigned splitter, const Operation& operation) {
        InterleavingCpu& cpu = machine_.cpu(splitter);
        bool inner = true;
        const bool another = splitter < operation.changes;
        cpu.interrupt_at(another ? operation.moment : 0, [&] { inner = changes(splitter + 1, operation); });
        return machine_.change(splitter) && inner;
    }

    ReserveMachine machine_;
    std::uint64_t moments_ = 0;
};

// Breadth first over the states; returns the operations that lead to a failure, or nothing.
class Exploration {
  public:
    Exploration(const ReserveQuestion& question, std::uint64_t& states) : question_{question}, states_{states} {}

    std::optional<Path> failure() {
        see(Path{});
        while (!open_.empty()) {
            const Path path = open_.front();
            open_.pop_front();
            ++states_;
            if (path.size() + 2 >= question_.operations) continue;
            if (auto found = expand(path)) return found;
        }
        return std::nullopt;
    }

  private:
    std::optional<Path> expand(const Path& path) {
        if (auto found = all_moments(path, Operation::Kind::drain, 0)) return found;
        if (auto found = all_moments(path, Operation::Kind::allocate, 0)) return found;
        if (auto found = all_moments(path, Operation::Kind::allocate, question_.splitters)) return found;
        return all_moments(path, Operation::Kind::change, question_.splitters);
    }

    std::optional<Path> all_moments(const Path& path, Operation::Kind kind, unsigned changes) {
        const unsigned alone = kind == Operation::Kind::change ? 1 : 0;
        for (std::uint64_t moment = changes > alone ? 1 : 0;; ++moment) {
            Run run{question_};
            for (const Operation& operation : path) (void)run.perform(operation);
            const Operation next{kind, changes, moment};
            Path longer = path;
            longer.push_back(next);
            const Outcome outcome = run.perform(next);
            if (outcome == Outcome::failed) return longer;
            if (outcome == Outcome::done) see(longer, run.ready());
            if (moment == 0 || (outcome == Outcome::done && run.moments() < moment)) return std::nullopt;
        }
    }

    void see(const Path& path) {
        const Run run{question_};
        see(path, run.ready());
    }
    void see(const Path& path, std::uint64_t ready) {
        const std::uint64_t plenty = question_.tables.reserve + kPlenty;
        if (seen_.insert(std::min(ready, plenty)).second) open_.push_back(path);
    }

    ReserveQuestion question_;
    std::uint64_t& states_;
    std::set<std::uint64_t> seen_;
    std::deque<Path> open_;
};

}  // namespace

ReserveAnswer find_reserve(ReserveQuestion question, unsigned limit) {
    ReserveAnswer answer;
    for (unsigned reserve = 0; reserve <= limit; ++reserve) {
        question.tables.reserve = reserve;
        const auto failure = Exploration{question, answer.states}.failure();
        if (!failure) {
            answer.smallest = reserve;
            return answer;
        }
        answer.failure = in_words(*failure);
    }
    return answer;
}

}  // namespace splinter::platforms
