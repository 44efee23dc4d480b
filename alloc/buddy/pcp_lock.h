// The lock of a CPU's lists of one zone: pcp_spin_trylock() of mm/page_alloc.c, Linux 6.1 and 6.12. It fails while the code
// that an interrupt has come upon holds the lists, or another CPU drains them; the caller then goes to the buddy. Part of
// PageAllocator.
#pragma once

#include "alloc/buddy/page_allocator.h"

namespace splinter::alloc {

class PageAllocator::PcpLock {
  public:
    PcpLock(PageAllocator& pages, Cpu& cpu, const Zone& zone) : cpu_{cpu}, lock_{pcp_lock_of(zone, cpu.id())} {
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
        cpu_.unlock(lock_);
    }

  private:
    Cpu& cpu_;
    LockId lock_;
    bool held_ = false;
};

}  // namespace splinter::alloc
