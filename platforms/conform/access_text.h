// Accesses, outcomes and registers in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hw/x86/translate.h"
#include "platforms/conform/access_case.h"
#include "platforms/conform/word_map.h"

namespace splinter::platforms {

struct NamedAccess {
    std::string_view name;  // "user-read", ..., "implicit-write"
    x86::Access access;
};
inline constexpr NamedAccess kAccesses[] = {
    {"user-read", {x86::AccessKind::read, x86::Mode::user}},
    {"user-write", {x86::AccessKind::write, x86::Mode::user}},
    {"user-fetch", {x86::AccessKind::fetch, x86::Mode::user}},
    {"supervisor-read", {x86::AccessKind::read, x86::Mode::supervisor}},
    {"supervisor-write", {x86::AccessKind::write, x86::Mode::supervisor}},
    {"supervisor-fetch", {x86::AccessKind::fetch, x86::Mode::supervisor}},
    {"implicit-read", x86::Access::implicit(x86::AccessKind::read)},
    {"implicit-write", x86::Access::implicit(x86::AccessKind::write)},
};

[[nodiscard]] std::string_view access_name(x86::Access access);
// An access as the recorded files write it: "ur" is a user-mode read.
inline constexpr const char* kAccessLetters = "an access: s or u, then r, w, x or i";
[[nodiscard]] std::optional<x86::Access> access_of_letters(std::string_view letters);
[[nodiscard]] std::string_view page_size_name(x86::PageSize size);  // "4 KiB"
[[nodiscard]] std::string_view entry_name(x86::Level level);        // "PML4E"
// "51:40, 7": the set bits, highest first.
[[nodiscard]] std::string bit_list(std::uint64_t bits);
// "ok, 0x1000 in a 4 KiB page"; "#PF, error code 0x7 (P W/R U/S), CR2 0x1000"; "#GP".
[[nodiscard]] std::string outcome_text(const x86::AccessOutcome& outcome);
// Two lines: every register with the names of its paging bits that are set.
[[nodiscard]] std::string registers_text(const AccessCase& question);
// Ids and names of records, which are printed as they are.
inline constexpr const char* kRecordName = "letters, digits, '-', '_' and '.'";
[[nodiscard]] bool is_record_name(std::string_view text);
// The command line that explains the same access.
[[nodiscard]] std::string walk_command(const AccessCase& question, const std::vector<Word>& words);

}  // namespace splinter::platforms
