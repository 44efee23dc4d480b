#include "platforms/conform/scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "platforms/conform/access_text.h"
#include "platforms/conform/json_line.h"

namespace splinter::platforms {

namespace {

constexpr std::uint64_t kAny32 = 0xffffffff;
constexpr std::uint64_t kMaxPcid = 0xfff;
constexpr std::uint64_t kErrorBits = 0x3f;

std::string_view read_name(const JsonValue& value, const char* what) {
    const std::string_view name = value.text(what);
    if (!is_record_name(name)) value.fail(fmt::format("{} of {}", what, kRecordName));
    return name;
}

x86::RawRegisters read_initial(const JsonValue& line) {
    x86::RawRegisters out;
    const JsonValue& levels = line.member("levels");
    const std::uint64_t number = levels.number("levels of paging", 5);
    if (number < 4) levels.fail("4 or 5 levels of paging");
    const JsonValue& maxphy = line.member("maxphy");
    out.maxphyaddr = static_cast<unsigned>(maxphy.number("MAXPHYADDR", x86::kMaxPhysicalBits));
    if (out.maxphyaddr < x86::kMinPhysicalBits) maxphy.fail("MAXPHYADDR from 32 to 52");

    const JsonValue& state = line.member("st");
    state.expect_only({"wp", "pge", "pcide", "smep", "smap", "pke", "pks", "nxe", "pkru", "pkrs"});
    const auto flag = [&](const char* key, std::uint64_t bit) { return state.member(key).number(key, 1) != 0 ? bit : 0; };
    namespace bits = x86::bits;
    out.cr0 = bits::kCr0Pe | bits::kCr0Pg | flag("wp", bits::kCr0Wp);
    out.cr4 = bits::kCr4Pae | bits::kCr4Pse | (number == 5 ? bits::kCr4La57 : 0) | flag("pge", bits::kCr4Pge) |
              flag("pcide", bits::kCr4Pcide) | flag("smep", bits::kCr4Smep) | flag("smap", bits::kCr4Smap) |
              flag("pke", bits::kCr4Pke) | flag("pks", bits::kCr4Pks);
    out.efer = bits::kEferLme | bits::kEferLma | flag("nxe", bits::kEferNxe);
    out.pkru = static_cast<std::uint32_t>(state.member("pkru").hex("PKRU", kAny32));
    out.pkrs = static_cast<std::uint32_t>(state.member("pkrs").hex("PKRS", kAny32));
    return out;
}

// The steps of a scenario with this initial state.
class StepReader {
  public:
    explicit StepReader(const x86::RawRegisters& initial)
        : max_address_{(std::uint64_t{1} << initial.maxphyaddr) - 1}, pcide_{(initial.cr4 & x86::bits::kCr4Pcide) != 0} {}

    [[nodiscard]] ScenarioStep read(const JsonValue& op) const {
        struct Row {
            std::string_view name;
            ScenarioStep (StepReader::*read)(const JsonValue& op) const;
        };
        constexpr Row kRows[] = {
            {"poke", &StepReader::poke},         {"cr3", &StepReader::mov_cr3},      {"invlpg", &StepReader::invlpg},
            {"invpcid", &StepReader::invpcid},   {"pgetoggle", &StepReader::toggle}, {"wrpkru", &StepReader::write_pkru},
            {"wrpkrs", &StepReader::write_pkrs}, {"cr0wp", &StepReader::write_wp},   {"acc", &StepReader::access}};
        const JsonValue& name = op.member("op");
        const std::string_view text = name.text("an operation");
        std::string known;
        for (const Row& row : kRows) {
            if (row.name == text) return (this->*row.read)(op);
            known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
        }
        name.fail("an operation: " + known);
    }

  private:
    [[nodiscard]] PhysAddr word_address(const JsonValue& value) const {
        const PhysAddr out{value.hex("a physical address", max_address_)};
        if (out.raw() % 8 != 0) value.fail("an address that is a multiple of 8");
        return out;
    }

    [[nodiscard]] ScenarioStep poke(const JsonValue& op) const {
        op.expect_only({"op", "pa", "val"});
        return Poke{{word_address(op.member("pa")), x86::Pte{op.member("val").hex("the value of a word")}}};
    }

    // SDM Vol. 3A 4.10.4.1 and Vol. 2B, "MOV—Move to/from Control Registers": what would be #GP is refused.
    [[nodiscard]] ScenarioStep mov_cr3(const JsonValue& op) const {
        op.expect_only({"op", "val"});
        const JsonValue& value = op.member("val");
        const MovCr3 out{value.hex("CR3")};
        if ((out.operand & MovCr3::kNoFlush) != 0 && !pcide_) value.fail("bit 63 clear, for pcide is 0");
        if ((out.operand & ~MovCr3::kNoFlush) > max_address_) value.fail("an address below MAXPHYADDR");
        return out;
    }

    [[nodiscard]] ScenarioStep invlpg(const JsonValue& op) const {
        op.expect_only({"op", "va"});
        return x86::Invalidation::page(VirtAddr{op.member("va").hex("a linear address")});
    }

    // SDM Vol. 2A, INVPCID: with CR4.PCIDE = 0 types 0 and 1 take PCID 0 only.
    [[nodiscard]] ScenarioStep invpcid(const JsonValue& op) const {
        op.expect_only({"op", "type", "pcid", "va"});
        const std::uint64_t type = op.member("type").number("a type of INVPCID", 3);
        const JsonValue& pcid_value = op.member("pcid");
        const hw::Pcid pcid{static_cast<std::uint16_t>(pcid_value.number("a PCID", kMaxPcid))};
        const VirtAddr va{op.member("va").hex("a linear address")};
        if (type < 2 && !pcide_ && pcid != hw::Pcid{}) pcid_value.fail("PCID 0, for pcide is 0");
        switch (type) {
            case 0:
                return x86::Invalidation::pcid_address(pcid, va);
            case 1:
                return x86::Invalidation::pcid_context(pcid);
            case 2:
                return x86::Invalidation::all();
            default:
                return x86::Invalidation::all_non_global();
        }
    }

    [[nodiscard]] ScenarioStep toggle(const JsonValue& op) const {
        op.expect_only({"op"});
        return TogglePge{};
    }
    [[nodiscard]] ScenarioStep write_pkru(const JsonValue& op) const {
        op.expect_only({"op", "val"});
        return WritePkru{static_cast<std::uint32_t>(op.member("val").hex("PKRU", kAny32))};
    }
    [[nodiscard]] ScenarioStep write_pkrs(const JsonValue& op) const {
        op.expect_only({"op", "val"});
        return WritePkrs{static_cast<std::uint32_t>(op.member("val").hex("PKRS", kAny32))};
    }
    [[nodiscard]] ScenarioStep write_wp(const JsonValue& op) const {
        op.expect_only({"op", "val"});
        return WriteCr0Wp{op.member("val").hex("CR0.WP", 1)};
    }

    [[nodiscard]] ScenarioOutcome outcome(const JsonValue& value) const {
        const JsonValue& kind = value.member("kind");
        const std::string_view name = kind.text("a kind of outcome");
        if (name == "ok") {
            value.expect_only({"kind", "pa"});
            return {ScenarioOutcome::Kind::ok, PhysAddr{value.member("pa").hex("a physical address", max_address_)}, 0};
        }
        if (name != "pf") kind.fail("ok or pf");
        value.expect_only({"kind", "err"});
        return {ScenarioOutcome::Kind::page_fault,
                {},
                static_cast<std::uint32_t>(value.member("err").hex("an error code", kErrorBits))};
    }

    [[nodiscard]] ScenarioStep access(const JsonValue& op) const {
        op.expect_only({"op", "acc", "ac", "va", "fresh", "allow", "must", "postset", "obs"});
        const JsonValue& letters = op.member("acc");
        const auto access = access_of_letters(letters.text(kAccessLetters));
        if (!access) letters.fail(kAccessLetters);
        ScenarioAccess out{*access,
                           op.member("ac").number("RFLAGS.AC", 1),
                           VirtAddr{op.member("va").hex("a linear address")},
                           outcome(op.member("fresh")),
                           {},
                           {}};
        const JsonValue& allow = op.member("allow");
        for (const JsonValue& one : allow.elements()) out.allowed.push_back(outcome(one));
        if (std::find(out.allowed.begin(), out.allowed.end(), out.fresh) == out.allowed.end())
            allow.fail("outcomes with the fresh one among them");
        const auto stale = [&](const ScenarioOutcome& one) { return one != out.fresh; };
        if (op.member("must").boolean("must") && std::any_of(out.allowed.begin(), out.allowed.end(), stale))
            allow.fail("the fresh outcome only, for must is true");
        if (const JsonValue* const bits = op.find("postset")) read_bits_set(*bits, out.bits_set);
        return out;
    }

    void read_bits_set(const JsonValue& list, std::vector<Word>& out) const {
        for (const JsonValue& pair : list.elements()) {
            if (pair.elements().size() != 2) pair.fail("[address, mask]");
            out.push_back({word_address(pair.elements()[0]), x86::Pte{pair.elements()[1].hex("a mask")}});
        }
    }

    std::uint64_t max_address_;
    bool pcide_;
};

}  // namespace

Scenario read_scenario(const TraceText& reader) {
    const JsonValue line = JsonValue::read_line(reader);
    line.expect_only({"id", "name", "levels", "maxphy", "need", "st", "sigs", "snap", "ops"});
    Scenario out{read_name(line.member("id"), "an id"), read_name(line.member("name"), "a name"), read_initial(line), {}};
    const StepReader steps{out.initial};
    for (const JsonValue& op : line.member("ops").elements()) out.steps.push_back(steps.read(op));
    return out;
}

}  // namespace splinter::platforms
