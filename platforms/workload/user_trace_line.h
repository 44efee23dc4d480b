// The lines of the three texts of tracing tools, told apart and taken apart:
//   ftrace       "          comm-pid     [000] d..1.  12.345678: mm_page_free: FIELDS"    (tgid or flags may be absent)
//   trace-cmd    "          comm-pid     [000]  12.345678: mm_page_free:         FIELDS"
//   perf script  "comm  pid [000]  12.345678: kmem:mm_page_free: FIELDS"                  (pid/tid and a period may be there)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace splinter::platforms {

struct EventLine {
    std::string_view cpu;    // digits
    std::string_view event;  // without its system
    std::string_view fields;
    bool has_system = false;  // "kmem:" stands before the event, as perf prints it
    bool has_colon = false;   // behind the event
};

// Nothing: the line is not an event.
[[nodiscard]] std::optional<EventLine> split_event_line(std::string_view line);

enum class LossKind : std::uint8_t { number, some };
struct Loss {
    LossKind kind;
    std::uint64_t events;  // if it is a number
};
// "CPU:2 [LOST 7 EVENTS]" (kernel), "CPU:2 [7 EVENTS DROPPED]" (trace-cmd), "... PERF_RECORD_LOST lost 7" (perf), or a header
// of ftrace that tells of more events written than the buffer holds.
[[nodiscard]] std::optional<Loss> read_loss(std::string_view line);

// What stands between the events and means nothing here: comments, empty lines, call chains, trace-cmd's header.
[[nodiscard]] bool is_decoration(std::string_view line);

// The value of "name=value" among fields; it ends at a space.
[[nodiscard]] std::optional<std::string_view> find_field(std::string_view fields, std::string_view name);

}  // namespace splinter::platforms
