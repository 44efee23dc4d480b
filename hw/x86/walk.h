// A page walk as a state machine that is told each entry in turn (gem5's split: timed and functional walks take the same
// steps). Pure; who reads the entries and what that costs is the caller's business. SDM Vol. 3A 4.5.4, figures 4-8 to 4-10.
//
//     Walk walk{va, root, state};
//     while (!walk.done()) walk.step(memory.load(walk.entry_address()));
//
// A caller that wants a record of the steps looks at point() and the entry in its own loop, as `splinter walk` does.
// Models 4-level and 5-level paging with leaves of 4 KiB, 2 MiB and 1 GiB. Leaves out: processors without 1 GiB pages, HLAT,
// SGX.
#pragma once

#include <optional>

#include "hw/base/check.h"
#include "hw/x86/access.h"
#include "hw/x86/fault.h"
#include "hw/x86/reserved_bits.h"

namespace splinter::x86 {

// What a finished walk found; it may be cached in a TLB.
struct Translation {
    Pfn frame;  // first frame of the leaf
    PageSize size = PageSize::k4;
    Rights rights;
    friend constexpr bool operator==(const Translation&, const Translation&) = default;
};

// Why a walk found no translation, and the entry that ended it.
struct WalkFailure {
    enum class Reason : std::uint8_t { not_present, reserved_bit };
    Reason reason;
    Level level;
    Pte entry;
    friend constexpr bool operator==(const WalkFailure&, const WalkFailure&) = default;
};

// Where a walk goes on: a table and the rights gathered on the way to it. What a paging-structure cache holds (SDM 4.10.3).
struct WalkPoint {
    Level level;  // level of the entries in the table
    PathRights rights;
    Pfn table;
};

// What of the registers a walk needs, in two words: whoever walks often under the same state keeps it.
class WalkRules {
  public:
    explicit constexpr WalkRules(const PagingState& state)
        : reserved_{reserved_at_every_level(state)}, global_{state.pge ? Pte::kGlobal : 0} {}
    // A present entry without any bit that is reserved at some level, and without PS. What most are.
    [[nodiscard]] constexpr bool plain(Pte entry) const {
        return (entry.raw() & (reserved_ | Pte::kPageSizeBit | Pte::kPresent)) == Pte::kPresent;
    }
    // REQUIRES: entry.present().
    [[nodiscard]] constexpr std::uint64_t reserved_bits_set(Pte entry, Level level) const {
        return entry.raw() & (reserved_ | reserved_at(entry, level));
    }
    // The bit that makes a leaf global; 0: there is none (SDM 4.10.2.4: G is ignored if CR4.PGE = 0).
    [[nodiscard]] constexpr std::uint64_t global() const { return global_; }

  private:
    std::uint64_t reserved_;
    std::uint64_t global_;
};

class Walk {
  public:
    // From the root. REQUIRES: is_canonical(va, state).
    Walk(VirtAddr va, Pfn root, const PagingState& state) : Walk{va, WalkPoint{Level{state.levels()}, {}, root}, state} {}
    Walk(VirtAddr va, const WalkPoint& from, const PagingState& state) : Walk{va, from, WalkRules{state}} {}
    Walk(VirtAddr va, const WalkPoint& from, WalkRules rules) : va_{va}, at_{from}, rules_{rules} {}

    [[nodiscard]] bool done() const { return end_ != End::none; }
    // Address of the 8-byte entry that step() wants next.
    [[nodiscard]] PhysAddr entry_address() const { return base_of(at_.table) + at_.level.index(va_) * 8; }
    [[nodiscard]] const WalkPoint& point() const { return at_; }
    [[nodiscard]] VirtAddr va() const { return va_; }
    // The flags that the walker must see set in `entry`, found at entry_address(), before the access goes on (SDM 4.8): A in
    // every entry that is used, D in the leaf for a write that the rights permit.
    // `state`: the one that the walk began with.
    [[nodiscard]] std::uint64_t flags_to_set(Pte entry, Access access, const PagingState& state) const {
        return flags_to_set(va_, at_, rules_, entry, access, state);
    }
    static constexpr std::uint64_t kSettable = Pte::kAccessed | Pte::kDirty;  // all that flags_to_set() ever asks for
    // Takes the entry at entry_address(). Inline: a walk is a few steps of a few instructions.
    [[gnu::always_inline]] void step(Pte entry) {
        SPLINTER_CHECK(!done(), "a finished walk takes no more entries");
        // SDM 4.7: P = 0 ends the walk whatever the other bits are; reserved bits count in present entries only.
        if (!rules_.plain(entry) && (!entry.present() || rules_.reserved_bits_set(entry, at_.level) != 0)) [[unlikely]] {
            end_ = entry.present() ? End::reserved_bit : End::not_present;
            last_ = entry;
            return;
        }
        at_.rights.restrict_by(entry);
        if (!entry.is_leaf(at_.level)) {  // SDM 4.5.4: bits 51:12 are the address of the next table
            at_.level = at_.level.below();
            at_.table = entry.next_table();
            return;
        }
        end_ = End::leaf;
        last_ = entry;
    }
    // After done(): one of the two.
    [[nodiscard]] std::optional<Translation> result() const {
        if (!found()) return std::nullopt;
        Rights rights = at_.rights.rights();
        rights.take_leaf(last_, rules_.global());
        return Translation{last_.frame(at_.level), leaf_size(at_.level), rights};
    }
    [[nodiscard]] std::optional<WalkFailure> failure() const {
        if (!done() || found()) return std::nullopt;
        const auto reason = end_ == End::reserved_bit ? WalkFailure::Reason::reserved_bit : WalkFailure::Reason::not_present;
        return WalkFailure{reason, at_.level, last_};
    }
    // What result() is made of, for whoever packs it otherwise: the leaf, at point(), whose rights it has restricted.
    [[nodiscard]] bool found() const { return end_ == End::leaf; }
    [[nodiscard]] Pte leaf() const { return last_; }
    [[nodiscard]] bool global() const { return (last_.raw() & rules_.global()) != 0; }

  private:
    enum class End : std::uint8_t { none, leaf, not_present, reserved_bit };
    // By value, so that a walk whose address nobody takes can stay in registers.
    static std::uint64_t flags_to_set(VirtAddr va, WalkPoint at, WalkRules rules, Pte entry, Access access,
                                      const PagingState& state);

    VirtAddr va_;
    WalkPoint at_;
    WalkRules rules_;
    Pte last_;  // the entry that ended it
    End end_ = End::none;
};

// The fault of an access whose walk failed.
[[nodiscard]] PageFault page_fault(VirtAddr va, Access access, const WalkFailure& failure, const PagingState& state);

}  // namespace splinter::x86
