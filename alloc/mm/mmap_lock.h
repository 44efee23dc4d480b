// mm_struct::mmap_lock, a semaphore for readers and writers (kernel/locking/rwsem.c, Linux 6.12): writers wait for the readers
// before them, readers for the writers before them, all in the order in which they came. A queued lock that readers hold for
// the moment of their entry only, and a count of readers that have left, for which a writer waits.
// The lock of a space that one CPU uses is never waited for and is a part of the path lengths.
// Leaves out: sleep (who waits spins), optimistic spinning out of turn, munmap()'s downgrade to a reader before it flushes.
#pragma once

#include "alloc/smp/mm_context.h"

namespace splinter::alloc {

class MmapLock {
  public:
    // Both outlive the lock.
    MmapLock(const MmContext& mm, const layout::KernelData& data) : mm_{mm}, data_{data} {}
    MmapLock(const MmapLock&) = delete;
    MmapLock& operator=(const MmapLock&) = delete;

    void write_lock(Cpu& cpu) {
        if (mm_.use == MmUse::one_cpu) return;
        cpu.lock(lock());
        if (entered_ > 0) cpu.wait_for(readers(), entered_);
    }
    void write_unlock(Cpu& cpu) {
        if (mm_.use == MmUse::any_cpu) cpu.unlock(lock());
    }
    void read_lock(Cpu& cpu) {
        if (mm_.use == MmUse::one_cpu) return;
        cpu.lock(lock());
        ++entered_;
        cpu.unlock(lock());
    }
    void read_unlock(Cpu& cpu) {
        if (mm_.use == MmUse::one_cpu) return;
        cpu.touch(data_.mm(mm_.slot, layout::MmLine::mmap_lock), Touch::contended);
        cpu.complete(readers(), ++left_);
    }

  private:
    [[nodiscard]] LockId lock() const { return LockId{kFirstMmapLock.raw() + mm_.slot.raw()}; }
    // The count goes on when another space gets the slot, so that it names the space by what is never used again.
    [[nodiscard]] CompletionId readers() const { return CompletionId{kFirstMmapReaders.raw() + mm_.ctx_id}; }
    const MmContext& mm_;
    const layout::KernelData& data_;
    std::uint64_t entered_ = 0;  // readers; changed under the lock
    std::uint64_t left_ = 0;     // changed at ordering points
};

class MmapWriteGuard {
  public:
    MmapWriteGuard(Cpu& cpu, MmapLock& lock) : cpu_{cpu}, lock_{lock} { lock_.write_lock(cpu_); }
    ~MmapWriteGuard() noexcept(false) {
        if (std::uncaught_exceptions() == 0) lock_.write_unlock(cpu_);
    }
    MmapWriteGuard(const MmapWriteGuard&) = delete;
    MmapWriteGuard& operator=(const MmapWriteGuard&) = delete;

  private:
    Cpu& cpu_;
    MmapLock& lock_;
};

class MmapReadGuard {
  public:
    MmapReadGuard(Cpu& cpu, MmapLock& lock) : cpu_{cpu}, lock_{lock} { lock_.read_lock(cpu_); }
    ~MmapReadGuard() noexcept(false) {
        if (std::uncaught_exceptions() == 0) lock_.read_unlock(cpu_);
    }
    MmapReadGuard(const MmapReadGuard&) = delete;
    MmapReadGuard& operator=(const MmapReadGuard&) = delete;

  private:
    Cpu& cpu_;
    MmapLock& lock_;
};

}  // namespace splinter::alloc
