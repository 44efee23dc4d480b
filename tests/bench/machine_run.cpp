#include "tests/bench/machine_run.h"

#include <algorithm>

#include "tests/hw/test_machine.h"

namespace splinter::bench {

hw::MmuStats total_stats(const hw::Machine& machine) {
    hw::MmuStats total;
    for (const auto& core : machine.cores()) {
        const hw::MmuStats& mine = core->mmu().unit().stats();
        total.accesses += mine.accesses;
        total.l1_misses += mine.l1_misses;
        total.l2_misses += mine.l2_misses;
    }
    return total;
}

void TimedProgram::warmed_up() {
    if (++warm_ < machine_->core_count()) return;
    before_ = total_stats(*machine_);
    watch_ = {};
}

void TimedProgram::finished() {
    if (stopped_) return;
    stopped_ = true;
    timing_.seconds = watch_.seconds();
    const hw::MmuStats after = total_stats(*machine_);
    timing_.accesses = after.accesses - before_.accesses;
    timing_.l1_misses = after.l1_misses - before_.l1_misses;
    timing_.walks = after.l2_misses - before_.l2_misses;
}

void run_on_all_cores(MemoryImage& image, std::uint64_t cores, TimedProgram& program) {
    const hw::FreshSystemC systemc;
    hw::MachineParams params;
    params.cores = cores;
    params.cores_per_socket = std::max(params.cores_per_socket, cores);  // no siblings, which would share TLBs
    hw::Machine machine{"machine", params, image.memory()};
    program.attach(machine);
    for (const auto& core : machine.cores()) {
        core->set_program(program);
        hw::TranslationUnit& unit = core->mmu().unit();
        (void)unit.write_cr3(image.root(core->id().index()), hw::Pcid{1}, hw::TranslationUnit::Cr3Flush::flush);
    }
    machine.run();
}

}  // namespace splinter::bench
