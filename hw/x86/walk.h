// A page walk as a state machine that is told each entry in turn (gem5's split: timed and functional walks take the same
// steps). Pure; who reads the entries and what that costs is the caller's business. SDM Vol. 3A 4.5.4, figures 4-8 to 4-10.
//
//     Walk walk{va, root};
//     while (!walk.done()) walk.step(memory.load(walk.entry_address()));
//
// Models 4-level paging. Leaves out: LA57, reserved bits by MAXPHYADDR, the canonical check.
#pragma once

#include <optional>

#include "hw/x86/access.h"

namespace splinter::x86 {

// What a finished walk found; it may be cached in a TLB.
struct Translation {
    Pfn frame;  // first frame of the leaf
    PageSize size = PageSize::k4;
    Rights rights;
    friend constexpr bool operator==(const Translation&, const Translation&) = default;
};

// Where a walk goes on: a table and the rights gathered on the way to it. What a paging-structure cache holds (SDM 4.10.3).
struct WalkPoint {
    Level level;  // level of the entries in the table
    Pfn table;
    Rights rights;
};

class Walk {
  public:
    Walk(VirtAddr va, Pfn root) : Walk{va, WalkPoint{kPml4e, root, Rights{}}} {}
    Walk(VirtAddr va, const WalkPoint& from) : va_{va}, at_{from} {}

    [[nodiscard]] bool done() const { return done_; }
    // Address of the 8-byte entry that step() wants next.
    [[nodiscard]] PhysAddr entry_address() const { return base_of(at_.table) + at_.level.index(va_) * 8; }
    [[nodiscard]] const WalkPoint& point() const { return at_; }
    // Takes the entry at entry_address().
    void step(Pte entry);
    // After done(): the translation, or nothing if an entry was not present or had a reserved bit set.
    [[nodiscard]] const std::optional<Translation>& result() const { return result_; }
    [[nodiscard]] bool reserved_bit_set() const { return reserved_; }

  private:
    VirtAddr va_;
    WalkPoint at_;
    bool done_ = false;
    bool reserved_ = false;
    std::optional<Translation> result_;
};

}  // namespace splinter::x86
