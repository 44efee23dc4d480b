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
      locks_{memory_.lines()} {
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
        core.on_exception_ = [this](std::exception_ptr exception) {
            failure_ = std::move(exception);
            sc_core::sc_stop();
        };
        conductor_.add(core.timeline());
    }
    SC_HAS_PROCESS(Machine);
    SC_THREAD(start_thread);
}

void Machine::run() {
    sc_core::sc_start();
    if (failure_) std::rethrow_exception(failure_);
    for (const auto& core : cores_) SPLINTER_CHECK(core->timeline().finished(), "SystemC has stopped before the cores");
}

void Machine::start_thread() {
    const CpuId first = conductor_.start();
    core(first).resumed_.notify(sc_core::SC_ZERO_TIME);  // its thread may not have come to its wait() yet
}

void Machine::switch_stack(CpuId self, CpuId next, Cycles when) {
    resume(next, when);
    wait(core(self).resumed_);
}

// Exactly one notification is pending at any time, so the "earliest wins" rule of sc_event cannot lose one. SystemC's clock
// follows the cores' in steps of a lookahead, no closer: `next` waits already, so that an immediate notification reaches it, at
// a fraction of the host time of one that goes through SystemC's timed queue.
void Machine::resume(CpuId next, Cycles when) {
    const Cycles systemc_now = to_cycles(sc_core::sc_time_stamp());
    if (when >= systemc_now + params_.lookahead())
        core(next).resumed_.notify(to_sc_time(when - systemc_now));
    else
        core(next).resumed_.notify();
}

void Machine::core_finished(Core& finished) {
    CpuId next;
    Cycles when;
    if (conductor_.finish(finished.timeline(), next, when)) resume(next, when);
}

void Machine::notify_all(Core& sender, std::uint32_t what, std::uint64_t payload) {
    const Cycles arrival = sender.timeline().now() + params_.lookahead();
    const Message notice{arrival, sender.id(), sender.next_notice(), what, payload};
    for (const auto& core : cores_) core->timeline().post_notice(notice);
}

}  // namespace splinter::hw
