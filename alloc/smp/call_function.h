// Cross-CPU function calls: on_each_cpu(), smp_call_function_many_cond(), __flush_smp_call_function_queue() of kernel/smp.c,
// Linux 6.12. One queue per CPU; a target whose queue was empty is interrupted, another will find the request; the initiator
// does its own share while the targets work, then waits for each in turn.
// Leaves out: the single-target fast path's own queue entry, and that it sends no interrupt to a target that polls in the idle
// loop (call_function_single_prep_ipi()).
#pragma once

#include <vector>

#include "alloc/accounts.h"
#include "alloc/layout.h"
#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

class CallFunction {
  public:
    CallFunction(std::size_t cpus, layout::KernelData data);

    // on_each_cpu(work, wait = 1). REQUIRES: interrupts on, else two initiators can wait for each other.
    void run_on_all(Cpu& cpu, const RemoteWork& work);
    // When a target tells the initiator that it need not wait: when the work is done, or, as Amit et al. propose, at the start
    // of its handler, before it does any.
    enum class Acknowledge : std::uint8_t { when_done, on_entry };
    // The same on these CPUs and this one: on_each_cpu_mask(). REQUIRES: `targets` without this CPU.
    void run_on(Cpu& cpu, const CpuMask& targets, const RemoteWork& work, Acknowledge acknowledge = Acknowledge::when_done);
    [[nodiscard]] static CpuMask all_but(const Cpu& cpu) {
        CpuMask others = cpu.online();
        others.clear(cpu.id());
        return others;
    }
    // The call-function interrupt.
    void on_interrupt(Cpu& cpu);
    [[nodiscard]] LocalFlush& local() { return local_; }
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return local_.counters(cpu); }
    [[nodiscard]] const LocalFlush::Executions& executed() const { return local_.executed(); }

  private:
    struct Request {
        CpuId initiator{0U};
        std::uint64_t sequence = 0;
        RemoteWork work;
        Acknowledge acknowledge = Acknowledge::when_done;
    };
    CpuMask enqueue(Cpu& cpu, const CpuMask& targets, const Request& request);
    void handle(Cpu& cpu, const Request& request);
    void handle_all(Cpu& cpu, const Request* first, const std::vector<Request>& others);
    void acknowledge(Cpu& cpu, const Request& request);
    // What waits for a CPU, in order of arrival; seldom more than one.
    struct Queue {
        const Request* first = nullptr;  // its initiator waits, and keeps it so long
        std::vector<Request> others;     // or all
        [[nodiscard]] bool empty() const { return first == nullptr && others.empty(); }
    };

    layout::KernelData data_;
    LocalFlush local_;
    std::vector<Queue> queues_;      // by target
    std::vector<Request> requests_;  // by initiator, its last
};

}  // namespace splinter::alloc
