// Cross-CPU function calls: on_each_cpu(), smp_call_function_many_cond(), __flush_smp_call_function_queue() of kernel/smp.c,
// Linux 6.12. One queue per CPU; a target whose queue was empty is interrupted, another will find the request; the initiator
// does its own share while the targets work, then waits for each in turn.
// Remote work is a small value, never a closure.
// Leaves out: the single-target fast path's different destination, lazy-TLB skipping (kernel ranges never skip), C-states.
#pragma once

#include <deque>
#include <vector>

#include "alloc/accounts.h"
#include "alloc/counters.h"
#include "alloc/cpu.h"
#include "alloc/layout.h"

namespace splinter::alloc {

// What a target does.
struct RemoteWork {
    enum class Kind : std::uint8_t { flush_all, flush_range };  // do_flush_tlb_all(), do_kernel_range_flush()
    Kind kind = Kind::flush_all;
    VirtAddr start{};  // flush_range: one INVLPG per stride
    PageCount steps{};
    PageCount stride{1};
};

class CallFunction {
  public:
    CallFunction(std::size_t cpus, layout::KernelData data);

    // on_each_cpu(work, wait = 1). REQUIRES: interrupts on, else two initiators can wait for each other.
    void run_on_all(Cpu& cpu, const RemoteWork& work);
    // The call-function interrupt.
    void on_interrupt(Cpu& cpu);
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }
    // How often a CPU, the initiator included, has executed a flush of everything and of a range.
    struct Executions {
        std::uint64_t full = 0;
        std::uint64_t ranged = 0;
    };
    [[nodiscard]] const Executions& executed() const { return executed_; }

  private:
    struct Request {
        CpuId initiator;
        std::uint64_t sequence;
        RemoteWork work;
    };
    void execute(Cpu& cpu, const RemoteWork& work);
    CpuMask enqueue(Cpu& cpu, const CpuMask& targets, const RemoteWork& work, std::uint64_t sequence);
    [[nodiscard]] CompletionId completion(CpuId initiator, CpuId target) const {
        return CompletionId{std::uint64_t{initiator.raw()} << 32 | target.raw()};
    }

    layout::KernelData data_;
    std::vector<std::deque<Request>> queues_;  // by target
    std::vector<std::uint64_t> sequences_;     // by initiator
    std::vector<KernelCounters> counters_;     // by CPU
    Executions executed_;
};

}  // namespace splinter::alloc
