// The lock of a CPU's lists of one zone, as two guards; what others may know of the lists without it
// (PerCpuPages::seen_count()) is published when it is released, at an ordering point. Part of PageAllocator.
#pragma once

#include "alloc/buddy/page_allocator.h"

namespace splinter::alloc {

// pcp_spin_trylock() of mm/page_alloc.c, Linux 6.1 and 6.12. It fails while the code that an interrupt has come upon holds the
// lists, or another CPU drains them; the caller then goes to the buddy.
class PageAllocator::PcpLock {
  public:
    PcpLock(PageAllocator& pages, Cpu& cpu, const Zone& zone)
        : cpu_{cpu}, lists_{pages.pcp(zone, cpu.id())}, lock_{pcp_lock_of(zone, cpu.id())} {
        held_ = !pages.trylock_made_to_fail(cpu.id()) && cpu.try_lock(lock_);
        if (!held_) ++pages.counters(cpu.id()).pcp_trylock_failures;
    }
    // As the guards of cpu.h: nothing is released while an exception unwinds.
    ~PcpLock() noexcept(false) {
        if (held_ && std::uncaught_exceptions() == 0) release();
    }
    PcpLock(const PcpLock&) = delete;
    PcpLock& operator=(const PcpLock&) = delete;
    [[nodiscard]] bool held() const { return held_; }
    // REQUIRES: held().
    void release() {
        held_ = false;
        cpu_.order();
        lists_.publish();
        cpu_.unlock(lock_);
    }

  private:
    Cpu& cpu_;
    PerCpuPages& lists_;
    LockId lock_;
    bool held_ = false;
};

// spin_lock(&pcp->lock) of who drains the lists of any CPU.
class PageAllocator::PcpDrainLock {
  public:
    PcpDrainLock(PageAllocator& pages, Cpu& cpu, const Zone& zone, CpuId owner)
        : cpu_{cpu}, lists_{pages.pcp(zone, owner)}, lock_{cpu, pcp_lock_of(zone, owner)} {}
    ~PcpDrainLock() noexcept(false) {
        if (std::uncaught_exceptions() > 0) return;
        cpu_.order();
        lists_.publish();
    }
    PcpDrainLock(const PcpDrainLock&) = delete;
    PcpDrainLock& operator=(const PcpDrainLock&) = delete;

  private:
    Cpu& cpu_;
    PerCpuPages& lists_;
    LockGuard lock_;
};

}  // namespace splinter::alloc
