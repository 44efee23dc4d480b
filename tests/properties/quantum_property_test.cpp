// For every machine and every program: how far cores run ahead of each other, and how the walker reaches memory, cannot be
// seen.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/hw/random_programs.h"

namespace splinter::hw {
namespace {

// From `low` up to and including `high`.
std::uint64_t between(std::uint64_t low, std::uint64_t high) { return *rc::gen::inRange(low, high + 1); }

MachineParams any_machine() {
    MachineParams params;
    params.cores = between(2, 6);
    params.cores_per_socket = between(1, 4);
    params.cluster_cores = between(1, 4);
    params.ipi.flight_socket = Cycles{between(1, 1200)};
    params.ipi.flight_cross = Cycles{between(1, 1200)};
    params.mem.transfer_cluster = Cycles{between(0, 50)};
    params.mem.transfer_socket = Cycles{between(0, 400)};
    params.mem.transfer_cross = Cycles{between(0, 3000)};  // longer than the lookahead, too
    params.mem.page_table_read = Cycles{between(0, 400)};
    params.mmu.walk_step = Cycles{between(0, 3)};
    params.mmu.l1d = {between(0, 1) * 4, 2};
    params.mmu.pd_cache = between(0, 2);
    params.mmu.pdpt_cache = between(0, 2);
    params.core.invlpg = Cycles{between(0, 300)};
    params.core.interrupt_entry_kernel = Cycles{between(0, 300)};
    params.core.interrupt_exit_kernel = Cycles{between(0, 300)};
    return params;
}

RC_GTEST_PROP(QuantumProperty, NeitherTheQuantumNorTheBusCanBeSeen, ()) {
    MachineParams machine = any_machine();
    const RandomProgramParams programs{.seed = *rc::gen::arbitrary<std::uint64_t>(),
                                       .steps = static_cast<std::uint32_t>(between(1, 80)),
                                       .passive_cores = static_cast<std::uint32_t>(between(0, machine.cores - 1))};
    machine.quantum = 1;
    const std::string reference = RandomPrograms{machine, programs}.run();
    machine.quantum = between(1, machine.lookahead().raw());
    machine.bus = *rc::gen::element<std::string>("dmi", "tlm");
    RC_ASSERT((RandomPrograms{machine, programs}.run()) == reference);
}

}  // namespace
}  // namespace splinter::hw
