#include "platforms/conform/access_text.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "hw/base/check.h"

namespace splinter::platforms {

namespace {

struct NamedBit {
    std::uint64_t bit;
    std::string_view name;
};

constexpr NamedBit kCr0Bits[] = {{x86::bits::kCr0Pe, "PE"}, {x86::bits::kCr0Wp, "WP"}, {x86::bits::kCr0Pg, "PG"}};
constexpr NamedBit kCr4Bits[] = {{x86::bits::kCr4Pse, "PSE"},   {x86::bits::kCr4Pae, "PAE"},     {x86::bits::kCr4Pge, "PGE"},
                                 {x86::bits::kCr4La57, "LA57"}, {x86::bits::kCr4Pcide, "PCIDE"}, {x86::bits::kCr4Smep, "SMEP"},
                                 {x86::bits::kCr4Smap, "SMAP"}, {x86::bits::kCr4Pke, "PKE"},     {x86::bits::kCr4Pks, "PKS"}};
constexpr NamedBit kEferBits[] = {{x86::bits::kEferLme, "LME"}, {x86::bits::kEferLma, "LMA"}, {x86::bits::kEferNxe, "NXE"}};
constexpr NamedBit kRflagsBits[] = {{x86::bits::kRflagsAc, "AC"}};
constexpr NamedBit kErrorBits[] = {{x86::PageFault::kPresentBit, "P"}, {x86::PageFault::kWriteBit, "W/R"},
                                   {x86::PageFault::kUserBit, "U/S"},  {x86::PageFault::kReservedBit, "RSVD"},
                                   {x86::PageFault::kFetchBit, "I/D"}, {x86::PageFault::kKeyBit, "PK"}};

template <std::size_t N>
std::string names_of(std::uint64_t value, const NamedBit (&names)[N]) {
    std::string out;
    for (const NamedBit& bit : names)
        if ((value & bit.bit) != 0) out += fmt::format("{}{}", out.empty() ? "" : " ", bit.name);
    return out;
}

template <std::size_t N>
std::string named(std::string_view name, std::uint64_t value, const NamedBit (&names)[N]) {
    const std::string set = names_of(value, names);
    return fmt::format("{} {:#x}{}", name, value, set.empty() ? "" : " (" + set + ")");
}

}  // namespace

std::string_view access_name(x86::Access access) {
    const auto* found = std::find_if(std::begin(kAccesses), std::end(kAccesses),
                                     [&](const NamedAccess& named) { return named.access == access; });
    SPLINTER_CHECK(found != std::end(kAccesses), "every access has a name");
    return found->name;
}

std::optional<x86::Access> access_of_letters(std::string_view letters) {
    if (letters.size() != 2 || (letters[0] != 's' && letters[0] != 'u')) return std::nullopt;
    const x86::Mode mode = letters[0] == 'u' ? x86::Mode::user : x86::Mode::supervisor;
    switch (letters[1]) {
        case 'r':
            return x86::Access{x86::AccessKind::read, mode};
        case 'w':
            return x86::Access{x86::AccessKind::write, mode};
        case 'x':
            return x86::Access{x86::AccessKind::fetch, mode};
        case 'i':  // supervisor mode whatever the CPL
            return x86::Access::implicit(x86::AccessKind::read);
        default:
            return std::nullopt;
    }
}

std::string_view page_size_name(x86::PageSize size) {
    constexpr std::string_view kNames[] = {"4 KiB", "2 MiB", "1 GiB"};
    return kNames[static_cast<std::size_t>(size)];
}

std::string_view entry_name(x86::Level level) {
    constexpr std::string_view kNames[] = {"PTE", "PDE", "PDPTE", "PML4E", "PML5E"};
    return kNames[level.number() - 1];
}

std::string bit_list(std::uint64_t bits) {
    std::string out;
    for (int high = 63; high >= 0; --high) {
        if (((bits >> high) & 1) == 0) continue;
        int low = high;
        while (low > 0 && ((bits >> (low - 1)) & 1) != 0) --low;
        out += out.empty() ? "" : ", ";
        out += low == high ? fmt::format("{}", high) : fmt::format("{}:{}", high, low);
        high = low;
    }
    return out;
}

std::string outcome_text(const x86::AccessOutcome& outcome) {
    switch (outcome.kind) {
        case x86::AccessOutcome::Kind::ok:
            return fmt::format("ok, {:#x} in a {} page", outcome.address.raw(), page_size_name(outcome.size));
        case x86::AccessOutcome::Kind::page_fault:
            return fmt::format("#PF, {}, CR2 {:#x}", named("error code", outcome.fault.error_code, kErrorBits),
                               outcome.fault.address.raw());
        case x86::AccessOutcome::Kind::general_protection:
            return "#GP";
    }
    return {};
}

std::string registers_text(const AccessCase& question) {
    const x86::RawRegisters& raw = question.registers;
    return fmt::format("{}, {}, {}, {}\nCR3 {:#x}, PKRU {:#010x}, PKRS {:#010x}\n", named("CR0", raw.cr0, kCr0Bits),
                       named("CR4", raw.cr4, kCr4Bits), named("EFER", raw.efer, kEferBits),
                       named("RFLAGS", raw.rflags, kRflagsBits), question.cr3.raw(), raw.pkru, raw.pkrs);
}

std::string walk_command(const AccessCase& question, const std::vector<Word>& words) {
    const x86::RawRegisters& raw = question.registers;
    std::string out = fmt::format(
        "splinter walk {:#x} --access {} --cr0 {:#x} --cr3 {:#x} --cr4 {:#x} --efer {:#x} --rflags {:#x} --pkru {:#x} "
        "--pkrs {:#x} --maxphyaddr {}",
        question.va.raw(), access_name(question.access), raw.cr0, question.cr3.raw(), raw.cr4, raw.efer, raw.rflags, raw.pkru,
        raw.pkrs, raw.maxphyaddr);
    for (const Word& word : words) out += fmt::format(" --word {:#x}:{:#x}", word.address.raw(), word.value.raw());
    return out;
}

bool is_record_name(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace splinter::platforms
