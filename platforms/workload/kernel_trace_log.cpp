// Parser of trace.csv: a "# A=1 F=2" line of counts, "# gfp N text" lines, then one event a line. What follows the kind's
// letter is a table, so that a line is read in the same way for every kind.
#include "platforms/workload/kernel_trace_log.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "hw/base/user_error.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

enum class Field : std::uint8_t {
    none,
    pfn,
    order,
    migratetype,
    fallback_order,
    fallback_migratetype,
    refill,
    fragmenting,
    own,
    gfp_index,
    gfp_bits,
    pages,
    zone,
    start,
    end,
    text
};

struct KindRow {
    char letter;
    TraceEventKind kind;
    std::array<Field, 7> fields;  // after letter and cpu; none ends the list
};

constexpr std::array<KindRow, kTraceEventKinds> kKinds{{
    {'A', TraceEventKind::allocate, {Field::pfn, Field::order, Field::migratetype, Field::gfp_index}},
    {'F', TraceEventKind::free, {Field::pfn, Field::order}},
    {'L', TraceEventKind::take, {Field::pfn, Field::order, Field::migratetype, Field::refill}},
    {'D', TraceEventKind::put_back, {Field::pfn, Field::order, Field::migratetype}},
    {'X',
     TraceEventKind::fallback,
     {Field::pfn, Field::order, Field::fallback_order, Field::migratetype, Field::fallback_migratetype, Field::fragmenting,
      Field::own}},
    {'B', TraceEventKind::bulk_enter, {Field::gfp_bits, Field::pages}},
    {'R', TraceEventKind::bulk_return, {Field::pages}},
    {'P', TraceEventKind::decay, {Field::zone}},
    {'C', TraceEventKind::reclaim, {Field::text}},
    {'M', TraceEventKind::marker, {Field::text}},
    {'I', TraceEventKind::invalidate, {Field::pfn}},
    {'J', TraceEventKind::restore, {Field::pfn}},
    {'T', TraceEventKind::flush_all, {}},
    {'K', TraceEventKind::flush_range, {Field::start, Field::end}},
}};
constexpr std::string_view kLetters = "AFLDXBRPCMIJTK";
constexpr std::uint64_t kMaxBulk = std::uint64_t{1} << 32;
constexpr std::uint64_t kMaxZone = 15;
constexpr std::uint64_t kAnyWord = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view kGfpPrefix = "# gfp ";
constexpr std::size_t kShortestEvent = 4;  // "T,0" and the newline

const KindRow* find_kind(char letter) {
    const auto row = std::find_if(kKinds.begin(), kKinds.end(), [letter](const KindRow& k) { return k.letter == letter; });
    return row == kKinds.end() ? nullptr : &*row;
}

bool has_control_bytes(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

class TraceParser {
  public:
    TraceParser(std::string_view text, const std::string& path) : in_{text, path}, text_{text} { log_.path = path; }

    TraceLog parse() {
        if (!text_.starts_with("# ")) {
            const std::string found = text_.empty() ? "an empty file" : quote_bytes(text_.substr(0, 16));
            throw UserError(log_.path + ":1:1", "found " + found + ", expected the line of counts: '# A=1 F=2 ...'");
        }
        in_.next_line();
        parse_counts();
        log_.first_event_line = 2;
        while (!in_.at_end()) {
            in_.next_line();
            if (in_.line().starts_with('#')) {
                parse_gfp();
            } else {
                parse_event();
            }
        }
        check_counts();
        return std::move(log_);
    }

  private:
    void parse_counts() {
        std::string_view rest = in_.line().substr(2);
        std::uint64_t total = 0;
        while (!rest.empty()) {
            const std::string_view word = rest.substr(0, rest.find(' '));
            const KindRow* row = word.size() > 2 && word[1] == '=' ? find_kind(word[0]) : nullptr;
            if (row == nullptr) in_.fail(word, "a count: K=N, K one of " + std::string{kLetters});
            auto& announced = announced_[static_cast<std::size_t>(row->kind)];
            if (announced != 0) in_.fail(word, "each kind once");
            announced = in_.number_in(word.substr(2), "number of lines", NumberBase::decimal, kMaxBulk);
            total += announced;
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        }
        log_.events.reserve(std::min<std::uint64_t>(total, text_.size() / kShortestEvent));  // the line may lie
    }

    void parse_gfp() {
        const std::string_view line = in_.line();
        if (!log_.events.empty()) in_.fail(line, "an event: header lines come before the first event");
        if (!line.starts_with(kGfpPrefix)) in_.fail(line, "'# gfp N FLAGS' or an event");
        const std::string_view rest = line.substr(kGfpPrefix.size());
        const std::string_view index = rest.substr(0, rest.find(' '));
        const std::string_view flags = rest.substr(std::min(rest.size(), index.size() + 1));
        if (in_.number_in(index, "gfp index", NumberBase::decimal, kMaxBulk) != log_.gfp.size()) {
            in_.fail(index, "gfp index " + std::to_string(log_.gfp.size()) + ", they are consecutive");
        }
        if (flags.empty() || has_control_bytes(flags)) in_.fail(flags, "flag names joined with |");
        log_.gfp.emplace_back(flags);
        ++log_.first_event_line;
    }

    void parse_event() {
        const std::string_view letter = in_.field("kind");
        const KindRow* row = letter.size() == 1 ? find_kind(letter[0]) : nullptr;
        if (row == nullptr) in_.fail(letter, "an event's kind: one of " + std::string{kLetters});
        TraceEvent event;
        event.kind = row->kind;
        event.cpu_number = static_cast<std::uint16_t>(in_.number("cpu", NumberBase::decimal, kTraceMaxCpu));
        for (const Field field : row->fields) {
            if (field == Field::none) break;
            parse_field(field, event);
        }
        in_.expect_end_of_line();
        log_.events.push_back(event);
        ++log_.counts[static_cast<std::size_t>(row->kind)];
    }

    void parse_field(Field field, TraceEvent& event) {
        switch (field) {
            case Field::none:
                return;
            case Field::pfn:
                event.first = hex("page frame number", kTraceMaxPfn);
                return;
            case Field::order:
                event.order = Order{small("order", kTraceMaxOrder)};
                return;
            case Field::fallback_order:
                event.fallback_order = Order{small("fallback order", kTraceMaxOrder)};
                return;
            case Field::migratetype:
                event.migratetype = small("migratetype", kTraceMaxMigratetype);
                return;
            case Field::fallback_migratetype:
                event.fallback_migratetype = small("fallback migratetype", kTraceMaxMigratetype);
                return;
            case Field::refill:
                parse_flag("refill flag", kRefill, event);
                return;
            case Field::fragmenting:
                parse_flag("fragmenting flag", kFragmenting, event);
                return;
            case Field::own:
                parse_flag("ownership flag", kOwn, event);
                return;
            case Field::gfp_index:
                parse_gfp_index(event);
                return;
            case Field::gfp_bits:
                event.second = hex("gfp bits", kAnyWord);
                return;
            case Field::pages:
                event.first = in_.number("number of pages", NumberBase::decimal, kMaxBulk);
                return;
            case Field::zone:
                event.first = in_.number("zone", NumberBase::decimal, kMaxZone);
                return;
            case Field::start:
                event.first = hex("start address", kAnyWord);
                return;
            case Field::end:
                parse_end(event);
                return;
            case Field::text:
                parse_text(event);
                return;
        }
    }

    std::uint64_t hex(const char* what, std::uint64_t max) { return in_.number(what, NumberBase::hex, max); }
    std::uint8_t small(const char* what, unsigned max) {
        return static_cast<std::uint8_t>(in_.number(what, NumberBase::decimal, max));
    }
    void parse_flag(const char* what, std::uint8_t flag, TraceEvent& event) {
        if (small(what, 1) == 1) event.flags = static_cast<std::uint8_t>(event.flags | flag);
    }

    void parse_gfp_index(TraceEvent& event) {
        const std::string_view part = in_.field("gfp index");
        event.second = in_.number_in(part, "gfp index", NumberBase::decimal, kMaxBulk);
        if (event.second >= log_.gfp.size()) {
            in_.fail(part, "a gfp index below " + std::to_string(log_.gfp.size()) + ", the length of the '# gfp' table");
        }
    }

    void parse_end(TraceEvent& event) {
        const std::string_view part = in_.field("end address");
        event.second = in_.number_in(part, "end address", NumberBase::hex, kAnyWord);
        if (event.second < event.first) in_.fail(part, "an end address not below the start");
    }

    void parse_text(TraceEvent& event) {
        const std::string_view part = in_.rest_of_line("text");
        if (part.empty() || has_control_bytes(part)) in_.fail(part, "a text without control characters");
        event.first = log_.texts.size();
        log_.texts.emplace_back(part);
    }

    void check_counts() const {
        std::string missing;
        std::string extra;
        for (const KindRow& row : kKinds) {
            const std::uint64_t want = announced_[static_cast<std::size_t>(row.kind)];
            const std::uint64_t have = log_.count(row.kind);
            if (want == have) continue;
            std::string& list = have < want ? missing : extra;
            list += (list.empty() ? "" : ", ") + std::string{row.letter} + "=" + std::to_string(have) + " instead of " +
                    std::to_string(want);
        }
        if (missing.empty() && extra.empty()) return;
        const std::string origin = log_.path + ":" + std::to_string(in_.line_number());
        if (extra.empty()) throw UserError(origin, "the trace is truncated: found " + missing + " lines, as line 1 announces");
        throw UserError(origin, "the trace is not the one that line 1 announces: found " + extra +
                                    (missing.empty() ? "" : ", " + missing) + " lines");
    }

    TraceText in_;
    std::string_view text_;
    TraceLog log_;
    std::array<std::uint64_t, kTraceEventKinds> announced_{};
};

}  // namespace

TraceLog parse_trace(const std::string& text, const std::string& path) { return TraceParser{text, path}.parse(); }

}  // namespace splinter::platforms
