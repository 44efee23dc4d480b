// What a CPU does to its own TLB for a flush, its own or another CPU's: do_flush_tlb_all(), do_kernel_range_flush(),
// flush_tlb_one_kernel() of arch/x86/mm/tlb.c, Linux 6.12.
#pragma once

#include <vector>

#include "alloc/counters.h"
#include "alloc/cpu.h"

namespace splinter::alloc {

// A flush as a small value, never a closure.
struct RemoteWork {
    enum class Kind : std::uint8_t { flush_all, flush_range };
    Kind kind = Kind::flush_all;
    VirtAddr start{};  // flush_range: one INVLPG per stride
    PageCount steps{};
    PageCount stride{1};
};

class LocalFlush {
  public:
    explicit LocalFlush(std::size_t cpus) : counters_(cpus) {}
    LocalFlush(const LocalFlush&) = delete;
    LocalFlush& operator=(const LocalFlush&) = delete;

    void execute(Cpu& cpu, const RemoteWork& work);
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }
    // How often any CPU has executed a flush of everything and of a range.
    struct Executions {
        std::uint64_t full = 0;
        std::uint64_t ranged = 0;
    };
    [[nodiscard]] const Executions& executed() const { return executed_; }

  private:
    std::vector<KernelCounters> counters_;  // by CPU
    Executions executed_;
};

}  // namespace splinter::alloc
