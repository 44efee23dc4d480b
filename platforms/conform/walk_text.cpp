#include "platforms/conform/walk_text.h"

#include <vector>

#include <fmt/format.h>

#include "hw/x86/reserved_bits.h"
#include "hw/x86/translate.h"
#include "platforms/conform/access_text.h"

namespace splinter::platforms {

namespace {

using x86::Level;
using x86::Pte;

enum class Check { passed, failed, not_applicable };

std::string check_line(Check check, std::string_view section, std::string_view text) {
    constexpr std::string_view kWords[] = {"ok", "FAIL", "-"};
    return fmt::format("    {:<5} {:<17} {}\n", kWords[static_cast<std::size_t>(check)], section, text);
}

// SDM Vol. 3A: the table that gives the format of an entry.
std::string_view format_table(Pte entry, Level level) {
    if (level == x86::kPml5e) return "table 4-14";
    if (level == x86::kPml4e) return "table 4-15";
    if (level == x86::kPdpte) return entry.is_leaf(level) ? "table 4-16" : "table 4-17";
    if (level == x86::kPde) return entry.is_leaf(level) ? "table 4-18" : "table 4-19";
    return "table 4-20";
}

// Bits that mean nothing in a present entry (SDM 4.5.4): 11:9 and 62:52, of which a leaf uses 62:59 as its key; D and G in an
// entry that points to a table.
std::uint64_t ignored_bits(Pte entry, Level level) {
    constexpr std::uint64_t kAlways = 0x07f0000000000e00;
    const bool table = !entry.is_leaf(level) || level > x86::kPdpte;
    return kAlways | (table ? Pte::kKeyMask | Pte::kDirty | Pte::kGlobal : 0);
}

std::string entry_bits(Pte entry, Level level) {
    if (!entry.present()) return "P=0, the other bits mean nothing";
    const auto bit = [&](unsigned number) { return entry.raw() >> number & 1; };
    std::string out = fmt::format("P=1 R/W={} U/S={} PWT={} PCD={} A={}", bit(1), bit(2), bit(3), bit(4), bit(5));
    if (level != x86::kPte) out += fmt::format(" PS={}", bit(7));
    if (entry.is_leaf(level) && level <= x86::kPdpte)
        out += fmt::format(" D={} PAT={} G={} key={}", bit(6), bit(level == x86::kPte ? 7 : 12), bit(8), entry.key());
    out += fmt::format(" XD={}", bit(63));
    const std::uint64_t ignored = entry.raw() & ignored_bits(entry, level);
    return ignored == 0 ? out : out + fmt::format("; set but ignored: {}", bit_list(ignored));
}

std::string denial_text(x86::Denial denial, const x86::Rights& rights) {
    switch (denial) {
        case x86::Denial::supervisor_page:
            return "a user-mode access may not touch a supervisor-mode address (U/S = 0 at some level)";
        case x86::Denial::read_only:
            return "no write where R/W = 0 at some level (a supervisor-mode access: because CR0.WP = 1)";
        case x86::Denial::no_execute:
            return "no fetch where XD = 1 at some level";
        case x86::Denial::smep:
            return "CR4.SMEP: a supervisor-mode access may not fetch from a user-mode address";
        case x86::Denial::smap:
            return "CR4.SMAP: no supervisor-mode data access to a user-mode address, unless it is explicit and RFLAGS.AC = 1";
        case x86::Denial::key_access:
            return fmt::format("{}.AD{} = 1: no data access", rights.user ? "PKRU" : "PKRS", rights.key);
        case x86::Denial::key_write:
            return fmt::format("{}.WD{} = 1: no write (a supervisor-mode access: because CR0.WP = 1)",
                               rights.user ? "PKRU" : "PKRS", rights.key);
    }
    return {};
}

class WalkText {
  public:
    WalkText(const AccessCase& question, const std::vector<Word>& words, const std::optional<WalkCost>& cost)
        : question_{question}, state_{question.state()}, memory_{words}, cost_{cost} {}

    std::string text() {
        WordMap untouched = memory_;
        const x86::AccessOutcome outcome = x86::translate(untouched, question_.root(), state_, question_.va, question_.access);
        out_ = fmt::format("{} at {:#x}, {}-level paging, MAXPHYADDR {}\n{}\n", access_name(question_.access),
                           question_.va.raw(), state_.levels(), state_.maxphyaddr, registers_text(question_));
        const bool canonical = x86::is_canonical(question_.va, state_);
        out_ += fmt::format("linear address {:#x}\n", question_.va.raw());
        out_ += check_line(canonical ? Check::passed : Check::failed, "Vol. 1 3.3.7.1",
                           fmt::format("canonical: bits 63:{} equal bit {}", state_.linear_bits(), state_.linear_bits() - 1));
        if (canonical) walk();
        out_ += fmt::format("\noutcome: {}{}\n", outcome_text(outcome), total_cost());
        return out_;
    }

  private:
    void walk() {
        x86::Walk walk{question_.va, question_.root(), state_};
        while (!walk.done()) {
            const PhysAddr address = walk.entry_address();
            const Pte entry = memory_.load(address);
            const std::uint64_t flags = walk.flags_to_set(entry, question_.access, state_);
            const Level level = walk.point().level;
            explain_fetch(level, address, entry);
            if (entry.present()) explain_reserved(level, entry);
            explain_flags(entry, flags);
            if (memory_.contains(address)) memory_.store(address, entry.with(flags));
            walk.step(entry.with(flags));
            if (!walk.done()) out_ += fmt::format("    ->    table at {:#x}\n", base_of(walk.point().table).raw());
        }
        if (walk.result()) explain_rights(*walk.result());
    }

    void explain_fetch(Level level, PhysAddr address, Pte entry) {
        ++fetches_;
        out_ += fmt::format("\n{}[{}] at {:#x} = {:#018x}{}{}\n    {}\n", entry_name(level), level.index(question_.va),
                            address.raw(), entry.raw(),
                            cost_ ? fmt::format("   {} + {} cycles", cost_->step.raw(), cost_->read.raw()) : "",
                            memory_.contains(address) ? "" : "   (no word given: reads 0)", entry_bits(entry, level));
        out_ += entry.present() ? check_line(Check::passed, "4.7", "present")
                                : check_line(Check::failed, "4.7", "not present: no translation, error code P = 0");
    }

    void explain_reserved(Level level, Pte entry) {
        const std::string_view table = format_table(entry, level);
        const std::uint64_t set = x86::reserved_bits_set(entry, level, state_);
        const std::string checked = bit_list(x86::reserved_bits(entry, level, state_));
        if (set == 0)
            out_ += check_line(Check::passed, table,
                               checked.empty() ? "no bit is reserved" : fmt::format("reserved bits are 0: {}", checked));
        const auto fail = [&](std::uint64_t bits, std::string_view section, const std::string& why) {
            if ((set & bits) != 0)
                out_ += check_line(Check::failed, section, fmt::format("reserved: {} set, {}", bit_list(set & bits), why));
        };
        fail(state_.beyond_physical(), "4.5.4", fmt::format("beyond MAXPHYADDR {}", state_.maxphyaddr));
        fail(level > x86::kPdpte ? Pte::kPageSizeBit : 0, table, fmt::format("PS: no leaf can be a {}", entry_name(level)));
        fail(x86::large_page_low_bits(entry, level), table, "below the address of a large page");
        fail(Pte::kNoExecute, table, "XD while EFER.NXE = 0");
    }

    void explain_flags(Pte entry, std::uint64_t flags) {
        const std::uint64_t missing = flags & ~entry.raw();
        if (missing == 0) return;
        const bool accessed = (missing & Pte::kAccessed) != 0;
        const bool dirty = (missing & Pte::kDirty) != 0;
        out_ += fmt::format("    sets  {:<17} {}\n", "4.8", accessed && dirty ? "A and D" : accessed ? "A" : "D");
    }

    void explain_rights(const x86::Translation& found) {
        const x86::Rights& rights = found.rights;
        out_ += fmt::format(
            "    ->    {} page at {:#x}\n\nrights over all levels: R/W={} U/S={} XD={}, {}-mode address, key {}{}\n",
            page_size_name(found.size), base_of(found.frame).raw(), rights.writable ? 1 : 0, rights.user ? 1 : 0,
            rights.no_execute ? 1 : 0, rights.user ? "user" : "supervisor", rights.key, rights.global ? ", global" : "");
        const auto by_rights = x86::denied_by_rights(question_.access, rights, state_);
        out_ += by_rights ? check_line(Check::failed, "4.6.1", denial_text(*by_rights, rights))
                          : check_line(Check::passed, "4.6.1", fmt::format("{} is permitted", access_name(question_.access)));
        explain_key(rights);
    }

    void explain_key(const x86::Rights& rights) {
        const char* const enable = rights.user ? "CR4.PKE" : "CR4.PKS";
        if (rights.user ? !state_.pke : !state_.pks) {
            out_ += check_line(Check::not_applicable, "4.6.2", fmt::format("{} = 0: no keys for this mode of address", enable));
        } else if (question_.access.kind == x86::AccessKind::fetch) {
            out_ += check_line(Check::not_applicable, "4.6.2", "keys do not bind fetches");
        } else if (const auto denial = x86::denied_by_key(question_.access, rights, state_)) {
            out_ += check_line(Check::failed, "4.6.2", denial_text(*denial, rights));
        } else {
            out_ += check_line(Check::passed, "4.6.2",
                               fmt::format("{} permits it with key {}", rights.user ? "PKRU" : "PKRS", rights.key));
        }
    }

    std::string total_cost() const {
        const std::string fetches = fmt::format("{} entr{} read", fetches_, fetches_ == 1 ? "y" : "ies");
        return cost_ ? fmt::format("; {}, {} cycles", fetches, ((cost_->step + cost_->read) * fetches_).raw())
                     : fmt::format("; {}", fetches);
    }

    const AccessCase& question_;
    x86::PagingState state_;
    WordMap memory_;
    std::optional<WalkCost> cost_;
    std::uint64_t fetches_ = 0;
    std::string out_;
};

}  // namespace

std::string explain_access(const AccessCase& question, const std::vector<Word>& words, const std::optional<WalkCost>& cost) {
    return WalkText{question, words, cost}.text();
}

}  // namespace splinter::platforms
