// How other CPUs are told of a flush: `flush.mechanism`. What must be flushed, and when, is not decided here but by tlb_flush.h
// and the strategies of alloc/flush. One class per file, one row in the table of mechanisms.h.
#pragma once

#include "alloc/smp/local_flush.h"
#include "alloc/smp/quarantine.h"

namespace splinter::alloc {

class FlushMechanism {
  public:
    virtual ~FlushMechanism() = default;
    // Everything or a range of the kernel's half, on all CPUs. After return no CPU uses an old translation of it, unless the
    // mechanism's row says that it is late. REQUIRES: interrupts on.
    virtual void kernel(Cpu& cpu, const RemoteWork& work) = 0;
    // A range of one address space, here and on `targets`, which are without this CPU and may be none.
    virtual void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) = 0;
    // The same for an unmapping. Returns `memory`, which was there, if no CPU can use a translation of it now; or nothing: the
    // mechanism keeps it, and frees it when none can.
    [[nodiscard]] virtual UnmappedMemoryPtr user_unmapped(Cpu& cpu, const CpuMask& targets, const RemoteWork& work,
                                                          UnmappedMemoryPtr memory) {
        user(cpu, targets, work);
        return memory;
    }
    // What is kept so; null: this mechanism keeps nothing.
    [[nodiscard]] virtual const Quarantine::Gauges* quarantine() const { return nullptr; }
    // The same as user() by a broadcast to all CPUs at once, if the mechanism has one for this space; false: it has not, and
    // has done nothing.
    [[nodiscard]] virtual bool user_by_broadcast(Cpu& /*cpu*/, const RemoteWork& /*work*/) { return false; }
    // Once on each CPU, before anything else runs on it.
    virtual void start(Cpu& /*cpu*/) {}
    // The moments at which a late mechanism catches up on a CPU: it has left user mode or idleness for the kernel, it has
    // loaded another address space, its timer has come. The first two only if its row asks for them; with interrupts off.
    virtual void entered_kernel(Cpu& /*cpu*/) {}
    virtual void leaves_kernel(Cpu& /*cpu*/) {}
    virtual void switches_context(Cpu& /*cpu*/) {}
    virtual void ticked(Cpu& /*cpu*/) {}
};

}  // namespace splinter::alloc
