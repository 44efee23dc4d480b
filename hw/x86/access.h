// One memory access as the MMU sees it, and the rights of a translation.
#pragma once

#include <cstdint>

#include "hw/x86/paging_state.h"
#include "hw/x86/pte.h"

namespace splinter::x86 {

enum class AccessKind : std::uint8_t { read, write, fetch };
enum class Mode : std::uint8_t { user, supervisor };  // of the access, SDM Vol. 3A 4.6: CPL 3, or CPL below 3 or implicit

// Who asks for the access (SDM Vol. 3A 4.6): the instruction itself ("explicit"), or the processor on its behalf for a system
// structure, such as a descriptor of the GDT or LDT ("implicit": supervisor mode at every CPL).
enum class Origin : std::uint8_t { instruction, system_structure };

struct alignas(4) Access {  // aligned so that the host copies it as one word
    AccessKind kind = AccessKind::read;
    Mode mode = Mode::supervisor;
    Origin origin = Origin::instruction;

    static constexpr Access implicit(AccessKind kind) { return {kind, Mode::supervisor, Origin::system_structure}; }
    friend constexpr bool operator==(const Access&, const Access&) = default;
};

// Rights over all levels of a walk: R/W and U/S are ANDed, XD is ORed; G, D and the key come from the leaf (SDM 4.6, 4.6.2).
struct Rights {
    bool writable = true;
    bool user = true;
    bool no_execute = false;
    bool global = false;
    bool dirty = false;
    std::uint8_t key = 0;

    constexpr void restrict_by(Pte entry) {
        writable = writable && entry.has(Pte::kWritable);
        user = user && entry.has(Pte::kUser);
        no_execute = no_execute || entry.has(Pte::kNoExecute);
    }
    // `global_bit`: WalkRules::global().
    constexpr void take_leaf(Pte leaf, std::uint64_t global_bit) {
        restrict_by(leaf);
        global = (leaf.raw() & global_bit) != 0;
        dirty = leaf.has(Pte::kDirty);
        key = static_cast<std::uint8_t>(leaf.key());
    }
    friend constexpr bool operator==(const Rights&, const Rights&) = default;
};

// R/W, U/S and XD over the levels that a walk has come by, in one byte, so that a level more is an AND.
class PathRights {
  public:
    constexpr PathRights() = default;  // of the root: nothing is taken away
    explicit constexpr PathRights(const Rights& rights)
        : allowed_{static_cast<std::uint8_t>((rights.writable ? kWritable : 0) | (rights.user ? kUser : 0) |
                                             (rights.no_execute ? 0 : kExecutable))} {}
    constexpr void restrict_by(Pte entry) {
        const std::uint64_t executable = (entry.raw() >> (kNoExecuteBit - kExecutableBit) & kExecutable) ^ kExecutable;
        allowed_ &= static_cast<std::uint8_t>((entry.raw() & (kWritable | kUser)) | executable);
    }
    // R/W, U/S and XD in bits 0, 1 and 2.
    [[nodiscard]] constexpr unsigned bits() const { return (allowed_ ^ kExecutable) >> 1; }
    [[nodiscard]] constexpr Rights rights() const {
        Rights rights;
        rights.writable = (allowed_ & kWritable) != 0;
        rights.user = (allowed_ & kUser) != 0;
        rights.no_execute = (allowed_ & kExecutable) == 0;
        return rights;
    }
    friend constexpr bool operator==(PathRights, PathRights) = default;

  private:
    static constexpr unsigned kNoExecuteBit = 63;
    static constexpr unsigned kExecutableBit = 3;
    static constexpr std::uint8_t kWritable = Pte::kWritable;  // bits 1 and 2, as in an entry
    static constexpr std::uint8_t kUser = Pte::kUser;
    static constexpr std::uint8_t kExecutable = 1U << kExecutableBit;
    std::uint8_t allowed_ = kExecutable | kWritable | kUser;
};

}  // namespace splinter::x86
