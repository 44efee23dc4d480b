#include "platforms/workload/user_trace_line.h"

#include <algorithm>
#include <charconv>

namespace splinter::platforms {

namespace {

constexpr std::size_t kMaxFlags = 8;       // irq, need-resched, context, preempt depth, migrate-disable, delay
constexpr std::size_t kAddressDigits = 8;  // at least, of a call chain's address

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

std::string_view skip_spaces(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t");
    return start == std::string_view::npos ? text.substr(text.size()) : text.substr(start);
}

std::string_view take_word(std::string_view& rest) {
    rest = skip_spaces(rest);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(word.size());
    return word;
}

// "12.345678:", or a counter "12:" (trace_clock=counter).
bool is_time(std::string_view word) {
    if (!word.ends_with(':')) return false;
    word.remove_suffix(1);
    const std::size_t dot = word.find('.');
    if (dot == std::string_view::npos) return all_digits(word);
    return all_digits(word.substr(0, dot)) && all_digits(word.substr(dot + 1));
}

std::optional<EventLine> after_cpu(std::string_view cpu, std::string_view rest) {
    std::string_view word = take_word(rest);
    if (!is_time(word) && word.size() <= kMaxFlags && !word.ends_with(':')) word = take_word(rest);
    if (!is_time(word)) return std::nullopt;
    EventLine line{cpu, take_word(rest), {}, false, false};
    if (all_digits(line.event)) line.event = take_word(rest);  // a period of perf
    line.has_colon = line.event.ends_with(':');
    if (line.has_colon) line.event.remove_suffix(1);
    const std::size_t colon = line.event.rfind(':');
    line.has_system = colon != std::string_view::npos;
    if (line.has_system) line.event.remove_prefix(colon + 1);
    line.fields = skip_spaces(rest);
    if (line.event.empty()) return std::nullopt;
    return line;
}

std::optional<std::uint64_t> first_number(std::string_view text) {
    const auto* const start = std::find_if(text.begin(), text.end(), is_digit);
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(start, text.end(), value);
    return parsed.ec == std::errc{} ? std::optional{value} : std::nullopt;
}

Loss loss_of(std::optional<std::uint64_t> events) { return events ? Loss{LossKind::number, *events} : Loss{LossKind::some, 0}; }

// "# entries-in-buffer/entries-written: 3329/9999   #P:4": the difference was overwritten.
std::optional<Loss> overwritten(std::string_view line) {
    constexpr std::string_view kHeader = "entries-in-buffer/entries-written:";
    const std::size_t at = line.find(kHeader);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view numbers = line.substr(at + kHeader.size());
    const std::size_t slash = numbers.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto kept = first_number(numbers.substr(0, slash));
    const auto written = first_number(numbers.substr(slash));
    if (!kept || !written || *written <= *kept) return std::nullopt;
    return Loss{LossKind::number, *written - *kept};
}

bool is_call_chain(std::string_view line) {
    const std::string_view text = skip_spaces(line);
    if (text.size() == line.size()) return false;
    if (text.starts_with("=> ")) return true;  // ftrace's stacktrace option
    const std::string_view address = text.substr(0, text.find(' '));
    return address.size() >= kAddressDigits && address.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::optional<EventLine> split_event_line(std::string_view line) {
    for (std::size_t open = line.find('['); open != std::string_view::npos; open = line.find('[', open + 1)) {
        const std::size_t close = line.find(']', open);
        if (close == std::string_view::npos) return std::nullopt;
        const std::string_view cpu = line.substr(open + 1, close - open - 1);
        if (!all_digits(cpu)) continue;  // a comm may have brackets
        if (const auto split = after_cpu(cpu, line.substr(close + 1))) return split;
    }
    return std::nullopt;
}

std::optional<Loss> read_loss(std::string_view line) {
    if (line.starts_with('#')) return overwritten(line);
    const std::size_t open = line.find('[');
    if (line.starts_with("CPU:") && open != std::string_view::npos &&
        (line.ends_with("EVENTS]") || line.ends_with("EVENTS DROPPED]")))
        return loss_of(first_number(line.substr(open)));
    const std::size_t perf = line.find("PERF_RECORD_LOST");
    if (perf != std::string_view::npos) return loss_of(first_number(line.substr(perf)));
    return std::nullopt;
}

bool is_decoration(std::string_view line) {
    if (line.starts_with('#') || skip_spaces(line).empty() || is_call_chain(line)) return true;
    if (line.starts_with("cpus=")) return all_digits(line.substr(line.find('=') + 1));
    return line.starts_with("CPU ") && line.ends_with(" is empty");
}

std::optional<std::string_view> find_field(std::string_view fields, std::string_view name) {
    for (std::string_view rest = fields; !skip_spaces(rest).empty();) {
        const std::string_view word = take_word(rest);
        if (word.starts_with(name) && word.size() > name.size() && word[name.size()] == '=')
            return word.substr(name.size() + 1);
    }
    return std::nullopt;
}

}  // namespace splinter::platforms
