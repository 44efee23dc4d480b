#include "tests/oracle/guest/generate.h"

#include "tests/oracle/guest/breakage.h"
#include "tests/oracle/guest/cpu.h"

namespace oracle_guest {
namespace {

// How the states of a category are drawn. Chances in sixteenths.
struct Category {
    const char* name;
    unsigned weight;
    unsigned writable, user, no_execute;  // per level
    unsigned keys;                        // CR4.PKE, CR4.PKS
    unsigned ignored;                     // per entry: garbage in the bits that the CPU ignores
    void (*change)(Rng&, const Machine&, State&);
};

constexpr Category kCategories[] = {
    {"mix", 20, 14, 13, 1, 4, 2, nullptr},       {"pkm", 20, 15, 12, 0, 12, 2, nullptr},
    {"sink", 24, 14, 13, 1, 8, 16, nullptr},     {"ad", 8, 16, 15, 0, 2, 4, nullptr},
    {"imp", 10, 15, 12, 0, 8, 4, make_implicit}, {"rsv", 12, 15, 14, 1, 4, 8, break_reserved_bits},
    {"np", 8, 15, 14, 1, 4, 4, break_present},   {"can", 3, 16, 16, 0, 2, 0, break_canonical},
};

const Category& choose_category(Rng& rng) {
    unsigned total = 0;
    for (const Category& category : kCategories) total += category.weight;
    auto draw = rng.below(total);
    for (const Category& category : kCategories) {
        if (draw < category.weight) return category;
        draw -= category.weight;
    }
    __builtin_unreachable();
}

// AD and WD of keys 0 to 14, sparse in half of the cases; key 15 is the guest's own.
uint32_t random_key_register(Rng& rng) {
    uint64_t bits = rng.next() & rng.next();
    if (rng.chance(8)) bits |= rng.next();
    return static_cast<uint32_t>(bits) & 0x3fff'ffff;
}

void draw_registers(Rng& rng, const Machine& machine, const Category& category, State& state) {
    state.cr0 = kCr0Base | rng.maybe(kCr0Wp);
    state.cr4 = kCr4Pae | rng.maybe(kCr4Pse) | rng.maybe(kCr4Pge) | rng.maybe(kCr4Smep) | rng.maybe(kCr4Smap) |
                (rng.chance(category.keys) ? kCr4Pke : 0) | (rng.chance(category.keys) ? kCr4Pks : 0) |
                (machine.levels == kMaxLevels ? kCr4La57 : 0);
    state.efer = kEferBase | (rng.chance(12) ? kEferNxe : 0);
    state.flags = kRflagsFixed | rng.maybe(kRflagsAc);
    state.pkru = random_key_register(rng);
    state.pkrs = random_key_register(rng);
    state.cpl = rng.chance(8) ? Cpl::User : Cpl::Supervisor;
    state.kind = static_cast<AccessKind>(rng.below(3));
}

// Any page outside of root slot 0, with first and last slots more often than chance has them.
void draw_address(Rng& rng, State& state) {
    uint64_t va = 0;
    for (unsigned level = state.levels; level >= 1; --level) {
        uint64_t slot = rng.below(512);
        if (rng.chance(2)) slot = rng.chance(8) ? 511 : 0;
        if (level == state.levels && slot == 0) slot = 1 + rng.below(511);
        va = (va << 9) | slot;
    }
    uint64_t offset = rng.below(kPageBytes);
    if (rng.chance(2)) offset = rng.chance(8) ? kPageBytes - 1 : 0;
    if (state.kind != AccessKind::Write) offset &= ~uint64_t{7};
    const unsigned unused = 64 - kPageShift - 9 * state.levels;
    va = (va << kPageShift) | offset;
    state.va = static_cast<uint64_t>(static_cast<int64_t>(va << unused) >> unused);
}

// Frame of the leaf. Beyond memory in a few cases: only a fault can be observed there (main.cpp drops the others), and it must
// not depend on the frame. A fetch from there would stop QEMU.
void draw_target(Rng& rng, const Machine& machine, State& state) {
    const uint64_t size = kPageBytes << (9 * (state.leaf_level - 1));
    const uint64_t inside = state.va & (size - 1);
    state.target_is_ram = state.kind == AccessKind::Fetch || machine.phys_bits <= 33 || rng.chance(15);
    if (!state.target_is_ram) {
        const uint64_t high = rng.next() & ((uint64_t{1} << machine.phys_bits) - 1);
        state.target = ((high | (uint64_t{1} << 33)) & ~(size - 1)) | inside;
        return;
    }
    do state.target = rng.below(kTargetsEnd / size) * size | inside;
    while (state.target < kTargets);
}

uint64_t random_table(Rng& rng) { return kTables + rng.below((kTablesEnd - kTables) / kPageBytes) * kPageBytes; }

// Distinct tables, so that the tested words are the only ones.
void draw_tables(Rng& rng, State& state) {
    state.cr3 = kRoots + rng.below(kRootCount) * kPageBytes;
    uint64_t tables[kMaxLevels] = {state.cr3};
    for (unsigned i = 0; i < state.entry_count(); ++i) {
        bool taken = i > 0;
        while (taken) {
            tables[i] = random_table(rng);
            taken = false;
            for (unsigned j = 1; j < i; ++j) taken |= tables[j] == tables[i];
        }
        const unsigned shift = kPageShift + 9 * (state.level_of(i) - 1);
        state.entries[i].address = tables[i] + ((state.va >> shift) & 511) * sizeof(uint64_t);
        if (i > 0) state.entries[i - 1].value = tables[i];
    }
}

// Bits that the CPU ignores at this level, or that only choose a memory type (SDM Vol. 3A tables 4-14 to 4-20).
uint64_t ignored_bits(const State& state, unsigned index) {
    constexpr uint64_t kSoftware = (uint64_t{7} << 9) | (uint64_t{0x7f} << 52);
    if (index + 1 < state.entry_count()) return kSoftware | kCacheBits | kDirty | kGlobal | (uint64_t{15} << kKeyShift);
    return kSoftware | kCacheBits | kGlobal | (state.leaf_level == 1 ? kPageSize : kLargePat);
}

void draw_entries(Rng& rng, const Category& category, State& state) {
    state.leaf().value = state.target & ~((kPageBytes << (9 * (state.leaf_level - 1))) - 1);
    for (unsigned i = 0; i < state.entry_count(); ++i) {
        uint64_t& value = state.entries[i].value;
        value |= kPresent | rng.maybe(kAccessed);
        if (rng.chance(category.writable)) value |= kWritable;
        if (rng.chance(category.user)) value |= kUser;
        if ((state.efer & kEferNxe) != 0 && rng.chance(category.no_execute)) value |= kNoExecute;
        if (rng.chance(category.ignored)) value |= rng.next() & ignored_bits(state, i);
    }
    state.leaf().value |= rng.maybe(kDirty) | (rng.below(15) << kKeyShift);
    if (state.leaf_level > 1) state.leaf().value |= kPageSize;
}

// D1 and D2 (generate.h). Wider than the dispute: no such access at all.
void leave_out_disputed(State& state) {
    if (state.kind == AccessKind::Implicit && state.cpl == Cpl::Supervisor && (state.cr4 & kCr4Smap) != 0)
        state.flags &= ~kRflagsAc;
    const bool user_data = state.cpl == Cpl::User && (state.kind == AccessKind::Read || state.kind == AccessKind::Write);
    bool supervisor_page = false;
    for (unsigned i = 0; i < state.entry_count(); ++i) supervisor_page |= (state.entries[i].value & kUser) == 0;
    if (user_data && supervisor_page && (state.cr4 & kCr4Pks) != 0)
        state.pkrs &= ~(3U << (2 * ((state.leaf().value >> kKeyShift) & 15)));
}

}  // namespace

State generate(Rng& rng, const Machine& machine) {
    const Category& category = choose_category(rng);
    State state;
    state.category = category.name;
    state.levels = machine.levels;
    state.leaf_level = rng.chance(8) ? 1 : 2 + static_cast<unsigned>(rng.below(2));
    draw_registers(rng, machine, category, state);
    draw_address(rng, state);
    draw_target(rng, machine, state);
    draw_tables(rng, state);
    draw_entries(rng, category, state);
    if (category.change != nullptr) category.change(rng, machine, state);
    leave_out_disputed(state);
    return state;
}

}  // namespace oracle_guest
