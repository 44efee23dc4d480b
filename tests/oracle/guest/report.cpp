#include "tests/oracle/guest/report.h"

#include "tests/oracle/guest/console.h"
#include "tests/oracle/guest/cpu.h"

namespace oracle_guest {
namespace {

void put_field(uint64_t value) {
    put(' ');
    put_hex(value);
}

void put_id(const StateId& id) {
    put("V ");
    put_hex(id.seed);
    put('-');
    put_decimal(id.machine.levels, 1);
    put('-');
    put_decimal(id.machine.phys_bits, 2);
    put('-');
    put_decimal(id.serial, 5);
}

void put_state(const State& state) {
    put_field(state.cr0);
    put_field(state.cr4);
    put_field(state.efer);
    put((state.flags & kRflagsAc) != 0 ? " 1" : " 0");
    put_field(state.pkru);
    put_field(state.pkrs);
    put_field(state.cr3);
    put(' ');
    put(state.cpl == Cpl::User ? 'u' : 's');
    put("rwxi"[static_cast<unsigned>(state.kind)]);
    put_field(state.va);
    for (unsigned i = 0; i < state.entry_count(); ++i) {
        put(i == 0 ? ' ' : ',');
        put_hex(state.entries[i].address);
        put(':');
        put_hex(state.entries[i].value);
    }
}

void put_outcome(const State& state, const Outcome& outcome) {
    if (outcome.done()) {
        put("ok 0 - ");
        put_hex((outcome.frame << kPageShift) | (state.va & (kPageBytes - 1)));
        put(state.leaf_level == 1 ? " 4k" : state.leaf_level == 2 ? " 2m" : " 1g");
    } else if (outcome.vector == kPageFaultVector) {
        put("pf ");
        put_hex(outcome.error);
        put_field(outcome.cr2);
        put(" - -");
    } else {
        put("gp ");
        put_hex(outcome.error);
        put(" - - -");
    }
    for (unsigned i = 0; i < state.entry_count(); ++i) {
        put(i == 0 ? ' ' : ',');
        put_hex(outcome.post[i]);
    }
}

}  // namespace

void report(const StateId& id, const State& state, const Outcome& outcome) {
    put_id(id);
    put(' ');
    put(state.category);
    put(' ');
    put_decimal(id.machine.phys_bits, 2);
    put_state(state);
    put(" => ");
    put_outcome(state, outcome);
    put('\n');
}

}  // namespace oracle_guest
