#include "tests/oracle/guest/breakage.h"

#include "tests/oracle/guest/cpu.h"

namespace oracle_guest {
namespace {

constexpr unsigned kAddressBits = 52;  // of an entry; those from MAXPHYADDR on are reserved

// A random bit from `low` to `high`, in half of the cases one of these two: a limit that is off by one shows at the edges.
uint64_t bit_between(Rng& rng, unsigned low, unsigned high) {
    if (rng.chance(8)) return uint64_t{1} << (rng.chance(8) ? low : high);
    return uint64_t{1} << (low + rng.below(high - low + 1));
}

// A bit of entry `index` that is reserved there, or 0 if the drawn kind of bit is not (SDM Vol. 3A 4.5.4, tables 4-14 to 4-20).
uint64_t draw_reserved_bit(Rng& rng, const Machine& machine, const State& state, unsigned index) {
    const unsigned level = state.level_of(index);
    switch (rng.below(3)) {
        case 0:
            return machine.phys_bits < kAddressBits ? bit_between(rng, machine.phys_bits, kAddressBits - 1) : 0;
        case 1:
            if (level >= 4) return kPageSize;
            if (index + 1 < state.entry_count() || level == 1) return 0;
            return bit_between(rng, 13, level == 2 ? 20 : 29);
        default:
            return (state.efer & kEferNxe) == 0 ? kNoExecute : 0;
    }
}

}  // namespace

void make_implicit(Rng& /*rng*/, const Machine& /*machine*/, State& state) {
    state.kind = AccessKind::Implicit;
    state.va &= ~uint64_t{7};
    state.target &= ~uint64_t{7};
}

void break_reserved_bits(Rng& rng, const Machine& machine, State& state) {
    if (rng.chance(6)) state.efer &= ~kEferNxe;
    for (unsigned left = rng.chance(4) ? 2 : 1; left > 0;) {
        // The leaf in half of the cases: it has the most kinds of reserved bits.
        const unsigned count = state.entry_count();
        const unsigned index = rng.chance(8) ? count - 1 : static_cast<unsigned>(rng.below(count));
        const uint64_t bit = draw_reserved_bit(rng, machine, state, index);
        state.entries[index].value |= bit;
        if (bit != 0) --left;
    }
    if (rng.chance(2)) state.entries[rng.below(state.entry_count())].value &= ~kPresent;
}

void break_present(Rng& rng, const Machine& /*machine*/, State& state) {
    uint64_t& value = state.entries[rng.below(state.entry_count())].value;
    if (rng.chance(8)) value = rng.next();
    value &= ~kPresent;
}

void break_canonical(Rng& rng, const Machine& machine, State& state) {
    const unsigned highest = kPageShift + 9 * machine.levels - 1;  // the last translated bit
    if (rng.chance(8)) {
        state.va ^= bit_between(rng, highest + 1, 63);
        return;
    }
    const uint64_t canonical = state.va;
    const uint64_t upper = ~uint64_t{0} << (highest + 1);
    do state.va = (canonical & ~upper) | (rng.next() & upper);
    while (state.va == canonical);
}

}  // namespace oracle_guest
