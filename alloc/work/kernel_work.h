// What the kernel does by itself and not for a caller: items of workqueues with a delay (mod_delayed_work(),
// kernel/workqueue.c, Linux 6.12) and kernel threads that somebody wakes (try_to_wake_up(), the reschedule interrupt).
//
// Time is the CPU's timer: at the deadline it interrupts, and the handler only notes that work is due, as hrtimers and the
// scheduler's tick do. The work itself runs in process context, with no lock held and interrupts on, because it may wait for
// other CPUs: at the first moment after the interrupt at which what runs on the CPU lets it (run_pending()).
// Leaves out: scheduling (work goes before whatever else the CPU would run), the interrupt that a busy timer wheel shares, the
// slack that round_jiffies() gives.
#pragma once

#include <deque>
#include <vector>

#include "alloc/cpu.h"
#include "alloc/layout.h"

namespace splinter::alloc {

// An item of work. It may be queued on several CPUs, and again by its own run().
class Work {
  public:
    virtual ~Work() = default;
    // REQUIRES: process context.
    virtual void run(Cpu& cpu) = 0;
};

class KernelWork {
  public:
    KernelWork(std::size_t cpus, layout::KernelData data) : data_{data}, cpus_(cpus) {}

    // Runs `work` on this CPU at the first opportunity from `when` on. REQUIRES: not from an interrupt handler.
    void at(Cpu& cpu, Cycles when, Work& work);
    // Runs `work` on `target` as soon as it can. Nothing if it waits there already.
    void wake(Cpu& cpu, CpuId target, Work& work);
    void on_timer(Cpu& cpu);
    void on_reschedule(Cpu& cpu);

    // --- for what runs on a CPU ---
    [[nodiscard]] bool pending(CpuId cpu) const { return !cpus_[cpu.index()].ready.empty(); }
    void run_pending(Cpu& cpu);

  private:
    struct Timed {
        Cycles when;
        Work* work;
    };
    struct PerCpu {
        std::vector<Timed> timers;  // latest first; of equal ones the later armed first
        std::deque<Work*> ready;    // changed by this CPU only
        std::deque<Work*> woken;    // by others
    };
    [[nodiscard]] PerCpu& mine(const Cpu& cpu) { return cpus_[cpu.id().index()]; }
    void arm(Cpu& cpu);

    layout::KernelData data_;
    std::vector<PerCpu> cpus_;
};

}  // namespace splinter::alloc
