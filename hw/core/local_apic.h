// The local APIC of one core: sends interrupts through the fabric, accepts them into the core's inbox (SDM Vol. 3A 11.6, 11.8).
// Models: fixed-vector IPIs to a set of targets by one ICR write (shorthand or cluster destination), the timer in TSC-deadline
// mode (11.5.4.1). Leaves out: priorities, the one-pending-per-vector limit of IRR (call-function interrupts are sent only to
// an empty queue), what writing the deadline costs.
#pragma once

#include "hw/base/cpu_mask.h"
#include "hw/core/timeline.h"
#include "hw/mem/systemc_time.h"

namespace splinter::hw {

// Interrupt vector, 16 to 255.
class Vector : public Quantity<class VectorTag, std::uint8_t> {
  public:
    using Quantity::Quantity;
};

// What a local APIC asks of the interconnect.
class IpiFabricIf : public sc_core::sc_interface {
  public:
    // One message to each target but the sender, arriving after the flight time of the distance.
    virtual void send(CpuId sender, Cycles now, const CpuMask& targets, Vector vector, std::uint64_t first_sequence) = 0;
};

struct ApicStats {
    std::uint64_t sent = 0;  // interrupts, one per target
    std::uint64_t received = 0;
    std::uint64_t timers = 0;  // own timer interrupts, not among the received
};

class LocalApic : public sc_core::sc_module {
  public:
    sc_core::sc_port<IpiFabricIf> fabric{"fabric"};

    LocalApic(sc_core::sc_module_name name, Timeline& timeline) : sc_module{name}, timeline_{timeline} {}
    LocalApic(const LocalApic&) = delete;
    LocalApic& operator=(const LocalApic&) = delete;

    // Sends `vector` to all targets. The cost of the ICR write is the caller's.
    void send(const CpuMask& targets, Vector vector) {
        fabric->send(timeline_.id(), timeline_.now(), targets, vector, sequence_);
        sequence_ += targets.count();
        stats_.sent += targets.count();
    }
    // IA32_TSC_DEADLINE: one interrupt to this core at `when`; kNever disarms.
    void set_timer(Cycles when, Vector vector) { timeline_.set_timer(when, vector.raw()); }
    // The fabric sends nothing back to the sender: what a core sends itself is its timer.
    void count(const Message& message) { ++(message.sender == timeline_.id() ? stats_.timers : stats_.received); }
    [[nodiscard]] const ApicStats& stats() const { return stats_; }

  private:
    Timeline& timeline_;
    std::uint64_t sequence_ = 0;
    ApicStats stats_;
};

}  // namespace splinter::hw
