// Mechanism `ipi-early-ack`: early acknowledgement of Amit, Tai and Wei, "Don't shoot down TLB shootdowns!", EuroSys 2020. The
// interrupt's handler acknowledges as its first act and flushes then, so that the initiator's wait overlaps with the flush.
// Sound for user addresses, since the handler has flushed before it returns to user mode, unless page tables are freed:
// then, as in the paper, it acknowledges when it has flushed. The kernel's addresses can be used before that by the handler, or
// by whoever the interrupt has interrupted in the kernel: on them the mechanism is refused, unless the user asks for it.
//
// Leaves out: the paper's other three techniques.
#pragma once

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {

enum class KernelRanges : std::uint8_t { refused, allowed };  // flush.unsafe

class EarlyAckMechanism : public FlushMechanism {
  public:
    EarlyAckMechanism(CallFunction& calls, KernelRanges kernel_ranges) : calls_{calls}, kernel_ranges_{kernel_ranges} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override {
        if (kernel_ranges_ == KernelRanges::refused)
            throw UserError(
                "flush.mechanism",
                "found \"ipi-early-ack\", which cannot flush the kernel's addresses safely, allowed: ipi, or --unsafe");
        calls_.run_on(cpu, CallFunction::all_but(cpu), work, CallFunction::Acknowledge::on_entry);
    }
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override {
        const bool frees = work.tables == RemoteWork::Tables::freed;
        calls_.run_on(cpu, targets, work, frees ? CallFunction::Acknowledge::when_done : CallFunction::Acknowledge::on_entry);
    }

  private:
    CallFunction& calls_;
    KernelRanges kernel_ranges_;
};

}  // namespace splinter::alloc
