#include "platforms/cli/walk_input.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/printable.h"
#include "platforms/config/suggest.h"
#include "platforms/conform/access_text.h"
#include "platforms/conform/word_text.h"
#include "platforms/workload/compressed_file.h"

namespace splinter::platforms {

namespace {

// Hexadecimal with or without 0x: people paste addresses from kernel logs.
std::uint64_t parse_hex(const std::string& origin, const std::string& text, std::uint64_t max) {
    std::uint64_t value = 0;
    const char* const begin = text.data() + (text.starts_with("0x") ? 2 : 0);
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(begin, end, value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value > max)
        throw UserError(origin, fmt::format("expected a hexadecimal number up to {:#x}, found \"{}\"", max, printable(text)));
    return value;
}

unsigned parse_maxphyaddr(const std::string& text) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value < x86::kMinPhysicalBits || value > x86::kMaxPhysicalBits)
        throw UserError("--maxphyaddr", fmt::format("expected a number from {} to {}, found \"{}\"", x86::kMinPhysicalBits,
                                                    x86::kMaxPhysicalBits, printable(text)));
    return value;
}

x86::Access parse_access(const std::string& text) {
    std::vector<std::string> names;
    for (const NamedAccess& known : kAccesses) {
        if (known.name == text) return known.access;
        names.emplace_back(known.name);
    }
    throw UserError("--access", fmt::format("unknown access \"{}\", known: {}", printable(text), fmt::join(names, ", ")),
                    did_you_mean(text, names));
}

x86::RawRegisters read_registers(const WalkArguments& options, unsigned default_maxphyaddr) {
    x86::RawRegisters raw;
    raw.maxphyaddr = default_maxphyaddr;
    const auto set = [&](const char* name, auto& into) {
        using Value = std::remove_reference_t<decltype(into)>;
        const auto found = options.values.find(name);
        if (found == options.values.end()) return;
        into = static_cast<Value>(parse_hex(std::string{"--"} + name, found->second, std::numeric_limits<Value>::max()));
    };
    set("cr0", raw.cr0);
    set("cr4", raw.cr4);
    set("efer", raw.efer);
    set("rflags", raw.rflags);
    set("pkru", raw.pkru);
    set("pkrs", raw.pkrs);
    if (options.values.contains("maxphyaddr")) raw.maxphyaddr = parse_maxphyaddr(options.values.at("maxphyaddr"));
    if (!raw.long_mode_paging())
        throw UserError("--cr0, --cr4, --efer",
                        "no 4-level or 5-level paging in this state; it needs CR0.PE, CR0.PG, CR4.PAE, EFER.LME and EFER.LMA");
    return raw;
}

void read_word_option(const std::string& text, unsigned maxphyaddr, std::vector<Word>& words) {
    const std::string line = text + "\n";
    const std::string origin = "--word";
    TraceText reader{line, origin};
    reader.next_line();
    read_words(reader, reader.line(), maxphyaddr, words);
}

// One ADDRESS:VALUE a line, or several joined by commas; empty lines and lines that begin with # are skipped.
void read_word_file(const std::string& path, unsigned maxphyaddr, std::vector<Word>& words) {
    const std::string real = find_text_file(path);
    const std::string text = read_text_file(real);
    TraceText reader{text, real};
    while (!reader.at_end()) {
        reader.next_line();
        if (reader.line().empty() || reader.line().starts_with('#')) continue;
        read_words(reader, reader.line(), maxphyaddr, words);
    }
}

}  // namespace

WalkInput read_walk_input(const Arguments& arguments, unsigned default_maxphyaddr) {
    const WalkArguments& options = arguments.walk;
    WalkInput out;
    out.question.registers = read_registers(options, default_maxphyaddr);
    const unsigned maxphyaddr = out.question.registers.maxphyaddr;
    const auto cr3 = options.values.find("cr3");
    if (cr3 == options.values.end()) throw UserError("command line", "--cr3 HEX is missing: where the root table is");
    out.question.cr3 = PhysAddr{parse_hex("--cr3", cr3->second, (std::uint64_t{1} << maxphyaddr) - 1)};
    out.question.va = VirtAddr{parse_hex("ADDRESS", arguments.positional[0], std::numeric_limits<std::uint64_t>::max())};
    if (options.values.contains("access")) out.question.access = parse_access(options.values.at("access"));
    for (const std::string& word : options.words) read_word_option(word, maxphyaddr, out.words);
    if (options.values.contains("words")) read_word_file(options.values.at("words"), maxphyaddr, out.words);
    if (out.words.empty()) throw UserError("command line", "no page-table word", "give --word ADDRESS:VALUE or --words FILE");
    return out;
}

}  // namespace splinter::platforms
