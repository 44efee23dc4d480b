// One recorded TLB scenario: page-table stores, register writes, invalidations and accesses in turn, each access with all
// outcomes that a conforming CPU may show. The text format is described in tests/data/walker/README.md.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "hw/mmu/translation_unit.h"
#include "platforms/conform/access_case.h"
#include "platforms/conform/word_map.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

// What a scenario tells of an access: the page size is not recorded, and CR2 is always the address accessed.
struct ScenarioOutcome {
    enum class Kind : std::uint8_t { ok, page_fault };
    Kind kind = Kind::ok;
    PhysAddr address;              // ok
    std::uint32_t error_code = 0;  // page_fault

    [[nodiscard]] bool is(const x86::AccessOutcome& outcome, VirtAddr va) const {
        return kind == Kind::ok
                   ? outcome.kind == x86::AccessOutcome::Kind::ok && outcome.address == address
                   : outcome.kind == x86::AccessOutcome::Kind::page_fault && outcome.fault == x86::PageFault{va, error_code};
    }
    friend bool operator==(const ScenarioOutcome&, const ScenarioOutcome&) = default;
};

// The steps.
struct Poke {  // a store to physical memory that no TLB sees
    Word word;
};
struct MovCr3 {
    static constexpr std::uint64_t kNoFlush = std::uint64_t{1} << 63;
    std::uint64_t operand;  // with the PCID in bits 11:0 under CR4.PCIDE, and kNoFlush
};
struct TogglePge {};  // CR4.PGE inverted and restored
struct WritePkru {
    std::uint32_t value;
};
struct WritePkrs {
    std::uint32_t value;
};
struct WriteCr0Wp {
    std::uint64_t value;  // 0 or 1
};
struct ScenarioAccess {
    x86::Access access;
    std::uint64_t ac;  // RFLAGS.AC, 0 or 1
    VirtAddr va;
    ScenarioOutcome fresh;                 // of a walk of memory as it is now
    std::vector<ScenarioOutcome> allowed;  // fresh, and what entries that are not yet invalidated may give
    std::vector<Word> bits_set;            // that must be set in these words afterwards
};
using ScenarioStep = std::variant<Poke, MovCr3, x86::Invalidation, TogglePge, WritePkru, WritePkrs, WriteCr0Wp, ScenarioAccess>;

struct Scenario {
    std::string_view id;  // of the text, as is the name
    std::string_view name;
    x86::RawRegisters initial;  // TLBs and paging-structure caches are empty
    std::vector<ScenarioStep> steps;
};

// Reads the reader's current line. Throws UserError with its place.
[[nodiscard]] Scenario read_scenario(const TraceText& reader);

}  // namespace splinter::platforms
