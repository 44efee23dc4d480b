// A recording CPU on which something happens in the middle of a step: an interrupt, or what another CPU does meanwhile.
#pragma once

#include <utility>

#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {

class HookedCpu : public RecordingCpu {
  public:
    using Hook = std::function<void(Cpu&)>;
    explicit HookedCpu(RecordingMachine& machine) : RecordingCpu{machine, CpuId{0U}} {}

    // The next time that the step is paid; once. With interrupts off it waits for the next such step.
    void interrupt_at(Step step, Hook handler) {
        step_ = step;
        hook_ = std::move(handler);
    }

    using Cpu::retire;
    void retire(Step step, std::uint64_t times) override {
        RecordingCpu::retire(step, times);
        if (!hook_ || step != step_) return;
        const Hook hook = std::exchange(hook_, nullptr);
        const IrqState state = irq_save();
        hook(*this);
        irq_restore(state);
    }

  private:
    Step step_ = Step::count_;
    Hook hook_;
};

}  // namespace splinter::alloc
