// One tested state (registers, page-table words, access) and what the CPU did with it.
// Own definitions on purpose: a mistake in the model's headers must not be repeated here.
#pragma once

#include "tests/oracle/guest/layout.h"

namespace oracle_guest {

// Entry bits, SDM Vol. 3A 4.5.4, tables 4-14 to 4-20.
constexpr uint64_t kPresent = 1U << 0;
constexpr uint64_t kWritable = 1U << 1;
constexpr uint64_t kUser = 1U << 2;
constexpr uint64_t kCacheBits = 3U << 3;  // PWT, PCD
constexpr uint64_t kAccessed = 1U << 5;
constexpr uint64_t kDirty = 1U << 6;
constexpr uint64_t kPageSize = 1U << 7;  // PAT in a PTE
constexpr uint64_t kGlobal = 1U << 8;
constexpr uint64_t kLargePat = 1U << 12;
constexpr uint64_t kNoExecute = uint64_t{1} << 63;
constexpr unsigned kKeyShift = 59;
constexpr unsigned kMaxLevels = 5;

// What the guest was started on.
struct Machine {
    unsigned levels;     // 4 or 5
    unsigned phys_bits;  // MAXPHYADDR
};

enum class Cpl : uint8_t { Supervisor, User };
enum class AccessKind : uint8_t { Read, Write, Fetch, Implicit };  // Implicit: descriptor read, supervisor at every CPL

struct Entry {
    uint64_t address;
    uint64_t value;
};

struct State {
    const char* category = "";
    uint64_t cr0 = 0, cr4 = 0, efer = 0, cr3 = 0;
    uint64_t flags = 0;  // RFLAGS at the access
    uint32_t pkru = 0, pkrs = 0;
    Cpl cpl = Cpl::Supervisor;
    AccessKind kind = AccessKind::Read;
    uint64_t va = 0;
    unsigned levels = 0;             // of the root table
    unsigned leaf_level = 1;         // 1: 4 KiB, 2: 2 MiB, 3: 1 GiB
    Entry entries[kMaxLevels] = {};  // root first
    uint64_t target = 0;             // physical address that the leaf gives
    bool target_is_ram = true;

    [[nodiscard]] unsigned entry_count() const { return levels - leaf_level + 1; }
    // Level of entries[index]: the leaf is the last.
    [[nodiscard]] unsigned level_of(unsigned index) const { return levels - index; }
    [[nodiscard]] Entry& leaf() { return entries[entry_count() - 1]; }
    [[nodiscard]] const Entry& leaf() const { return entries[entry_count() - 1]; }
};

constexpr unsigned kPageFaultVector = 14;
constexpr unsigned kGeneralProtectionVector = 13;

struct Outcome {
    uint64_t vector;  // ORACLE_DONE_VECTOR: the access went through
    uint64_t error;
    uint64_t cr2;
    uint64_t frame;  // the frame that was reached, as its own content says; kNowhere if that is not a frame number
    uint64_t post[kMaxLevels];

    [[nodiscard]] bool done() const { return vector == ORACLE_DONE_VECTOR; }
};
constexpr uint64_t kNowhere = 0xf'ffff'ffff;

}  // namespace oracle_guest
