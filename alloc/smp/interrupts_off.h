// Hypothetical, flush.interrupts = off: whoever flushes calls with interrupts off, as buggy code would.
// smp_call_function_many_cond() warns of it: two CPUs that do it at the same time wait for each other's acknowledgement for
// ever.
#pragma once

#include "alloc/smp/mechanisms.h"

namespace splinter::alloc {

class WithInterruptsOff : public FlushMechanism {
  public:
    explicit WithInterruptsOff(MechanismPtr inner) : inner_{std::move(inner)} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override {
        const IrqState state = cpu.irq_save();
        inner_->kernel(cpu, work);
        cpu.irq_restore(state);
    }
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override {
        const IrqState state = cpu.irq_save();
        inner_->user(cpu, targets, work);
        cpu.irq_restore(state);
    }
    [[nodiscard]] UnmappedMemoryPtr user_unmapped(Cpu& cpu, const CpuMask& targets, const RemoteWork& work,
                                                  UnmappedMemoryPtr memory) override {
        const IrqState state = cpu.irq_save();
        memory = inner_->user_unmapped(cpu, targets, work, std::move(memory));
        cpu.irq_restore(state);
        return memory;
    }
    [[nodiscard]] const Quarantine::Gauges* quarantine() const override { return inner_->quarantine(); }
    [[nodiscard]] bool user_by_broadcast(Cpu& cpu, const RemoteWork& work) override {
        const IrqState state = cpu.irq_save();
        const bool done = inner_->user_by_broadcast(cpu, work);
        cpu.irq_restore(state);
        return done;
    }
    void start(Cpu& cpu) override { inner_->start(cpu); }
    void entered_kernel(Cpu& cpu) override { inner_->entered_kernel(cpu); }
    void leaves_kernel(Cpu& cpu) override { inner_->leaves_kernel(cpu); }
    void switches_context(Cpu& cpu) override { inner_->switches_context(cpu); }
    void ticked(Cpu& cpu) override { inner_->ticked(cpu); }

  private:
    MechanismPtr inner_;
};

}  // namespace splinter::alloc
