// Descriptor tables of the guest: flat segments for CPL 0 and 3, a task segment, gates for all exceptions.
#pragma once

#include "tests/oracle/guest/layout.h"

namespace oracle_guest {

// Written by access.S at every trap, in this order.
struct TrapRecord {
    uint64_t vector, error, rip, rax, cr2;
};
extern "C" TrapRecord trap_record;

void set_up_traps();
// Points the local descriptor table at linear address `base`; reads nothing from it.
void set_local_table(uint64_t base);

}  // namespace oracle_guest
