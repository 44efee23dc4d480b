// The vmstat worker: vmstat_update() and refresh_cpu_vm_stats() of mm/vmstat.c, Linux 6.12, as far as they change the
// allocator: every sysctl_stat_interval each CPU lets the limits of its per-CPU lists sink and drains what is above
// (decay_pcp_high(); 6.1 has no such thing). Leaves out: folding of counters, draining of other nodes' lists,
// vmstat_shepherd()'s choice of CPUs that have something to do, and the jiffies by which round_jiffies() keeps CPUs apart: all
// of them work at the same time.
#pragma once

#include "alloc/buddy/page_allocator.h"
#include "alloc/work/kernel_work.h"

namespace splinter::alloc {

class VmstatWorker : public Work {
  public:
    VmstatWorker(KernelWork& work, PageAllocator& pages, Cycles interval) : work_{work}, pages_{pages}, interval_{interval} {}

    // Once on each CPU. Nothing with an interval of 0.
    void start(Cpu& cpu) {
        if (interval_ > Cycles{0}) work_.at(cpu, cpu.now() + interval_, *this);
    }
    void run(Cpu& cpu) override {
        {
            const Account account{cpu, kVmstat};
            for (Zone& zone : pages_.zones()) {
                cpu.retire(Step::zone_lookup);
                pages_.decay(cpu, zone);
            }
        }
        start(cpu);
    }

  private:
    KernelWork& work_;
    PageAllocator& pages_;
    Cycles interval_;
};

}  // namespace splinter::alloc
