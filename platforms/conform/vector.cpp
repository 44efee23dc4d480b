#include "platforms/conform/vector.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "platforms/conform/access_text.h"
#include "platforms/conform/word_text.h"

namespace splinter::platforms {

namespace {

constexpr std::size_t kFields = 23;
constexpr const char* kFieldNames[kFields] = {"the tag V", "id",   "category", "MAXPHYADDR", "CR0",  "CR4",   "EFER",  "AC",
                                              "PKRU",      "PKRS", "CR3",      "access",     "va",   "mem",   "=>",    "kind",
                                              "err",       "cr2",  "pa",       "pg",         "post", "agree", "differ"};
enum Field : std::size_t {
    f_tag,
    f_id,
    f_category,
    f_maxphy,
    f_cr0,
    f_cr4,
    f_efer,
    f_ac,
    f_pkru,
    f_pkrs,
    f_cr3,
    f_access,
    f_va,
    f_mem,
    f_arrow,
    f_kind,
    f_err,
    f_cr2,
    f_pa,
    f_pg,
    f_post,
    f_agree,
    f_differ
};

constexpr std::uint64_t kAny = ~std::uint64_t{0};
constexpr std::uint64_t kAny32 = 0xffffffff;
constexpr std::uint64_t kErrorBits = 0x3f;

// Cuts a line into fields and reads them, each with its place.
class Line {
  public:
    explicit Line(const TraceText& reader) : reader_{reader} {
        const std::string_view line = reader.line();
        std::size_t start = 0;
        for (std::size_t i = 0; i < kFields; ++i) {
            if (start > line.size()) reader.fail(line.substr(line.size()), std::string{"another field: "} + kFieldNames[i]);
            const std::size_t end = std::min(line.find(' ', start), line.size());
            fields_[i] = line.substr(start, end - start);
            if (fields_[i].empty()) reader.fail(fields_[i], kFieldNames[i]);
            start = end + 1;
        }
        if (start <= line.size()) reader.fail(line.substr(start - 1), "the end of the line");
    }

    [[nodiscard]] std::string_view text(Field field) const { return fields_[field]; }
    [[nodiscard]] std::uint64_t number(Field field, std::uint64_t max, NumberBase base = NumberBase::hex) const {
        return reader_.number_in(fields_[field], kFieldNames[field], base, max);
    }
    void require(Field field, std::string_view text) const {
        if (fields_[field] != text) reject(field, "'" + std::string{text} + "'");
    }
    [[noreturn]] void reject(Field field, const std::string& expected) const { reader_.fail(fields_[field], expected); }
    [[nodiscard]] std::vector<Word> words(Field field, unsigned maxphyaddr) const {
        std::vector<Word> out;
        read_words(reader_, fields_[field], maxphyaddr, out);
        return out;
    }

    // Field post: values only, those of `words` after the access.
    [[nodiscard]] std::vector<Word> values_for(std::vector<Word> words) const {
        const std::string_view list = fields_[f_post];
        std::size_t start = 0;
        for (Word& word : words) {
            if (start > list.size()) reader_.fail(list.substr(list.size()), "a value for each word of field mem");
            const std::size_t comma = std::min(list.find(',', start), list.size());
            word.value = x86::Pte{reader_.number_in(list.substr(start, comma - start), "a word", NumberBase::hex, kAny)};
            start = comma + 1;
        }
        if (start <= list.size()) reader_.fail(list.substr(start - 1), "no more values than field mem has words");
        return words;
    }

  private:
    const TraceText& reader_;
    std::array<std::string_view, kFields> fields_;
};

AccessCase read_question(const Line& line) {
    AccessCase out;
    x86::RawRegisters& raw = out.registers;
    raw.maxphyaddr = static_cast<unsigned>(line.number(f_maxphy, x86::kMaxPhysicalBits, NumberBase::decimal));
    if (raw.maxphyaddr < x86::kMinPhysicalBits) line.reject(f_maxphy, "MAXPHYADDR from 32 to 52");
    raw.cr0 = line.number(f_cr0, kAny);
    raw.cr4 = line.number(f_cr4, kAny);
    raw.efer = line.number(f_efer, kAny);
    raw.rflags = line.number(f_ac, 1) != 0 ? x86::bits::kRflagsAc : 0;
    raw.pkru = static_cast<std::uint32_t>(line.number(f_pkru, kAny32));
    raw.pkrs = static_cast<std::uint32_t>(line.number(f_pkrs, kAny32));
    if (!raw.long_mode_paging())
        line.reject(f_cr0, "a state with 4-level or 5-level paging: CR0.PE, CR0.PG, CR4.PAE, EFER.LME, LMA");
    out.cr3 = PhysAddr{line.number(f_cr3, (std::uint64_t{1} << raw.maxphyaddr) - 1)};
    const auto access = access_of_letters(line.text(f_access));
    if (!access) line.reject(f_access, kAccessLetters);
    out.access = *access;
    out.va = VirtAddr{line.number(f_va, kAny)};
    return out;
}

x86::PageSize read_page_size(const Line& line) {
    constexpr std::string_view kNames[] = {"4k", "2m", "1g"};
    for (const x86::PageSize size : x86::kPageSizes)
        if (line.text(f_pg) == kNames[static_cast<std::size_t>(size)]) return size;
    line.reject(f_pg, "4k, 2m or 1g");
}

x86::AccessOutcome read_outcome(const Line& line) {
    const std::uint64_t error = line.number(f_err, kErrorBits);
    const std::string_view kind = line.text(f_kind);
    if (kind == "pf") {
        line.require(f_pa, "-");
        line.require(f_pg, "-");
        return x86::AccessOutcome::page_fault({VirtAddr{line.number(f_cr2, kAny)}, static_cast<std::uint32_t>(error)});
    }
    line.require(f_err, "0");
    line.require(f_cr2, "-");
    if (kind == "ok") return x86::AccessOutcome::ok(PhysAddr{line.number(f_pa, kAny)}, read_page_size(line));
    if (kind != "gp") line.reject(f_kind, "ok, pf or gp");
    line.require(f_pa, "-");
    line.require(f_pg, "-");
    return x86::AccessOutcome::general_protection();
}

// A list of engines: "-", or names of lower-case letters first, joined by commas. QEMU's releases begin with q.
Standing read_standing(const Line& line) {
    const std::string_view list = line.text(f_agree);
    if (list == "-") return Standing::disputed;
    Standing out = Standing::disputed;
    for (std::size_t start = 0; start <= list.size();) {
        const std::size_t comma = std::min(list.find(',', start), list.size());
        if (comma == start) line.reject(f_agree, "names of engines joined by commas, or -");
        if (list[start] == 'q') out = Standing::undisputed;
        start = comma + 1;
    }
    return out;
}

}  // namespace

Vector read_vector(const TraceText& reader) {
    const Line line{reader};
    line.require(f_tag, "V");
    line.require(f_arrow, "=>");
    Vector out;
    out.id = line.text(f_id);
    if (!is_record_name(out.id)) line.reject(f_id, fmt::format("an id of {}", kRecordName));
    out.category = line.text(f_category);
    if (!std::all_of(out.category.begin(), out.category.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
        line.reject(f_category, "a category: lower-case letters");
    out.standing = read_standing(line);
    out.question = read_question(line);
    out.before = line.words(f_mem, out.question.registers.maxphyaddr);
    out.expected = read_outcome(line);
    out.after = line.values_for(out.before);
    return out;
}

}  // namespace splinter::platforms
