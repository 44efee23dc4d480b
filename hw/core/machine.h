// All the silicon: cores, memory, interrupt fabric, and the Conductor that decides who runs. The platform gives each core a
// program and calls run().
#pragma once

#include <array>
#include <memory>

#include "hw/core/acknowledgements.h"
#include "hw/core/broadcast_fabric.h"
#include "hw/core/core.h"
#include "hw/core/ipi_fabric.h"
#include "hw/core/shared_words.h"

namespace splinter::hw {

class Machine : public sc_core::sc_module, private StackSwitcher {
  public:
    Machine(sc_core::sc_module_name name, const MachineParams& params, x86::PhysMem& memory);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    [[nodiscard]] std::size_t core_count() const { return cores_.size(); }
    [[nodiscard]] Core& core(CpuId cpu) { return *cores_[cpu.index()]; }
    [[nodiscard]] const std::vector<std::unique_ptr<Core>>& cores() const { return cores_; }
    [[nodiscard]] const MachineParams& params() const { return params_; }
    [[nodiscard]] const Topology& topology() const { return topology_; }
    [[nodiscard]] MemorySystem& memory() { return memory_; }
    [[nodiscard]] SharedWords& words() { return words_; }
    [[nodiscard]] SpinLocks& locks() { return locks_; }
    [[nodiscard]] Acknowledgements& acknowledgements() { return acknowledgements_; }
    [[nodiscard]] AccountTree& accounts() { return accounts_; }
    // How a core can be declared that only accesses memory, for ever (Timeline::set_conduct).
    [[nodiscard]] Timeline::Conduct conduct_of_loops() const {
        return memory_.caches().shared() ? Timeline::Conduct::endless : Timeline::Conduct::passive;
    }

    // The interrupt by which cores call each other (Timeline::set_call_vector).
    void set_call_vector(Vector vector);
    // Runs until every core's program has returned. Rethrows what a core threw; SimulatedFinding on a deadlock.
    void run();
    // A notice to every core, arriving one lookahead after `sender`'s time.
    void notify_all(Core& sender, std::uint32_t what, std::uint64_t payload);

  private:
    // Handlers that have given way to others keep one each; more than a few at a time are rare.
    static constexpr std::size_t kSpareStacks = 8;
    void switch_stack(StackId from, StackId to, Cycles when) override;
    void resume(const Conductor::Turn& next);
    [[nodiscard]] sc_core::sc_event& continued(StackId stack);
    void add_spare_stacks();
    void run_spare_stack(StackId stack);  // a thread
    void fail(std::exception_ptr exception);
    void core_finished(Core& core);
    void start_thread();  // SC_THREAD

    MachineParams params_;
    Topology topology_;
    AccountTree accounts_;
    Conductor conductor_;
    MemorySystem memory_;
    IpiFabric fabric_;
    BroadcastFabric broadcast_fabric_;
    SharedWords words_;
    SpinLocks locks_;
    Acknowledgements acknowledgements_;
    std::array<sc_core::sc_event, kSpareStacks> spare_continued_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::exception_ptr failure_;
};

}  // namespace splinter::hw
