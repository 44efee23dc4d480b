#include "hw/core/machine.h"

#include "hw/base/check.h"

namespace splinter::hw {

Machine::Machine(sc_core::sc_module_name name, const MachineParams& params, x86::PhysMem& memory)
    : sc_module{name},
      params_{params},
      topology_{params},
      conductor_{params.resolved_quantum()},
      memory_{"memory", params, topology_, memory},
      fabric_{"fabric", params, topology_, conductor_},
      broadcast_fabric_{"broadcast_fabric", params, topology_, conductor_},
      locks_{memory_.lines()},
      acknowledgements_{conductor_, params.cores} {
    conductor_.set_switcher(*this);
    conductor_.set_horizon_listener([this](Cycles time) { memory_.recent_stores().forget_before(time); });
    for (std::uint32_t i = 0; i < params.cores; ++i) {
        const std::string core_name = "core" + std::to_string(i);
        cores_.push_back(
            std::make_unique<Core>(core_name.c_str(), CpuId{i}, params, topology_, conductor_, memory_, accounts_));
        Core& core = *cores_.back();
        core.apic().fabric.bind(fabric_.in);
        core.broadcast_fabric.bind(broadcast_fabric_.in);
        core.on_finished_ = [this](Core& finished) { core_finished(finished); };
        core.on_exception_ = [this](std::exception_ptr exception) { fail(std::move(exception)); };
        conductor_.add(core.timeline());
    }
    // Called cores look into shared caches, in the order of their times.
    if (params.handlers == "ordered" || memory_.caches().shared()) conductor_.order_callees();
    SC_HAS_PROCESS(Machine);
    SC_THREAD(start_thread);
    add_spare_stacks();
}

void Machine::add_spare_stacks() {
    sc_core::sc_spawn_options options;
    options.set_stack_size(Core::kStackBytes);
    for (std::size_t i = 0; i < kSpareStacks; ++i) {
        const StackId stack = conductor_.add_spare_stack();
        const std::string name = "spare_stack" + std::to_string(i);
        sc_core::sc_spawn([this, stack] { run_spare_stack(stack); }, name.c_str(), &options);
    }
}

void Machine::run_spare_stack(StackId stack) {
    wait(continued(stack));
    try {
        conductor_.serve(stack);
    } catch (...) {  // see Core::run_thread()
        fail(std::current_exception());
    }
    wait(continued(stack));
}

void Machine::fail(std::exception_ptr exception) {
    failure_ = std::move(exception);
    sc_core::sc_stop();
}

void Machine::set_call_vector(Vector vector) {
    for (const auto& core : cores_) core->timeline().set_call_vector(vector.raw());
}

void Machine::run() {
    sc_core::sc_start();
    if (failure_) std::rethrow_exception(failure_);
    for (const auto& core : cores_) SPLINTER_CHECK(core->timeline().finished(), "SystemC has stopped before the cores");
}

void Machine::start_thread() {
    continued(conductor_.start()).notify(sc_core::SC_ZERO_TIME);  // its thread may not have come to its wait() yet
}

void Machine::switch_stack(StackId from, StackId to, Cycles when) {
    resume({to, when});
    wait(continued(from));
}

sc_core::sc_event& Machine::continued(StackId stack) {
    return stack.raw() < cores_.size() ? cores_[stack.raw()]->resumed_ : spare_continued_[stack.raw() - cores_.size()];
}

// Exactly one notification is pending at any time, so the "earliest wins" rule of sc_event cannot lose one. SystemC's clock
// follows the cores' in steps of a lookahead, no closer: `next` waits already, so that an immediate notification reaches it, at
// a fraction of the host time of one that goes through SystemC's timed queue.
void Machine::resume(const Conductor::Turn& next) {
    const Cycles systemc_now = to_cycles(sc_core::sc_time_stamp());
    if (next.when >= systemc_now + params_.lookahead())
        continued(next.stack).notify(to_sc_time(next.when - systemc_now));
    else
        continued(next.stack).notify();
}

void Machine::core_finished(Core& finished) {
    Conductor::Turn next{};
    if (conductor_.finish(finished.timeline(), next)) resume(next);
}

void Machine::notify_all(Core& sender, std::uint32_t what, std::uint64_t payload) {
    const Cycles arrival = sender.timeline().now() + params_.lookahead();
    const Message notice{arrival, sender.id(), what, sender.next_notice(), payload};
    for (const auto& core : cores_) core->timeline().post_notice(notice);
}

}  // namespace splinter::hw
