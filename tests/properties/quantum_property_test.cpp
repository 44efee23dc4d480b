// For every machine and every program: how far cores run ahead of each other, and how the walker reaches memory, cannot be
// seen.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/hw/random_programs.h"

namespace splinter::hw {
namespace {

// From `low` up to and including `high`.
std::uint64_t up_to(std::uint64_t low, std::uint64_t high) { return *rc::gen::inRange(low, high + 1); }

MachineParams any_machine() {
    MachineParams params;
    params.cores = up_to(2, 6);
    params.cores_per_socket = up_to(1, 4);
    params.cluster_cores = up_to(1, 4);
    params.ipi.flight_socket = Cycles{up_to(1, 1200)};
    params.ipi.flight_cross = Cycles{up_to(1, 1200)};
    params.mem.transfer_cluster = Cycles{up_to(0, 50)};
    params.mem.transfer_socket = Cycles{up_to(0, 400)};
    params.mem.transfer_cross = Cycles{up_to(0, 3000)};  // longer than the lookahead, too
    params.mem.page_table_read = Cycles{up_to(0, 400)};
    params.mmu.walk_step = Cycles{up_to(0, 3)};
    params.mmu.l1d = {up_to(0, 1) * 4, 2};
    params.mmu.pd_cache = up_to(0, 2);
    params.mmu.pdpt_cache = up_to(0, 2);
    params.core.invlpg = Cycles{up_to(0, 300)};
    params.core.interrupt_entry_kernel = Cycles{up_to(0, 300)};
    params.core.interrupt_exit_kernel = Cycles{up_to(0, 300)};
    return params;
}

RC_GTEST_PROP(QuantumProperty, NeitherTheQuantumNorTheBusCanBeSeen, ()) {
    MachineParams machine = any_machine();
    const RandomProgramParams programs{.seed = *rc::gen::arbitrary<std::uint64_t>(),
                                       .steps = static_cast<std::uint32_t>(up_to(1, 80)),
                                       .passive_cores = static_cast<std::uint32_t>(up_to(0, machine.cores - 1))};
    machine.quantum = 1;
    const std::string reference = RandomPrograms{machine, programs}.run();
    machine.quantum = up_to(1, machine.lookahead().raw());
    machine.bus = *rc::gen::element<std::string>("dmi", "tlm");
    RC_ASSERT((RandomPrograms{machine, programs}.run()) == reference);
}

}  // namespace
}  // namespace splinter::hw
