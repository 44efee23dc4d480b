// Mechanism `ideal`: every CPU's translations go when the flush is called for, and nobody pays anything. No hardware can; it is
// what all others are measured against. On other CPUs they go one lookahead later, the model's resolution, and count as gone at
// the call (platforms/run/exposure.h). It bounds what the telling costs, not what cores wait for each other's locks: flushes
// that cost nothing can let them meet at cpa_lock more often.
#pragma once

#include "alloc/smp/broadcast_range.h"
#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

class IdealMechanism : public FlushMechanism {
  public:
    explicit IdealMechanism(CallFunction& calls) : calls_{calls} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override {
        for_each_broadcast(work, [&](const x86::Invlpgb& invalidation) { cpu.invalidate_everywhere(invalidation); });
    }
    void user(Cpu& cpu, const CpuMask& /*targets*/, const RemoteWork& work) override {
        for_each_broadcast(work, [&](const x86::Invlpgb& invalidation) { cpu.invalidate_everywhere(invalidation); });
        cpu.order();  // others load the space, and look at how far behind they are
        calls_.local().tlb_state().catch_up(*work.mm);
    }

  private:
    CallFunction& calls_;
};

}  // namespace splinter::alloc
