// spin_lock_irqsave(&zone->lock) as a guard, and what others may read without it: on release the zone publishes a view of
// itself (struct ZoneView) at an ordering point. What happens to the zone while the lock is held happens in the holder's own
// time, which may be ahead of the others': nobody else may look at it.
#pragma once

#include "alloc/buddy/zone.h"
#include "alloc/cpu.h"

namespace splinter::alloc {

[[nodiscard]] inline LockId zone_lock_id(const Zone& zone) { return LockId{kFirstZoneLock.raw() + zone.layout().index.raw()}; }

class ZoneLock {
  public:
    ZoneLock(Cpu& cpu, Zone& zone) : cpu_{cpu}, zone_{zone}, lock_{cpu, zone_lock_id(zone)} { zone.tell_locked(cpu.now()); }
    ~ZoneLock() noexcept(false) {
        if (!released_ && std::uncaught_exceptions() == 0) release();
    }
    ZoneLock(const ZoneLock&) = delete;
    ZoneLock& operator=(const ZoneLock&) = delete;
    // REQUIRES: not released yet.
    void release() {
        released_ = true;
        cpu_.order();
        zone_.publish();
        lock_.release();
    }

  private:
    Cpu& cpu_;
    Zone& zone_;
    bool released_ = false;
    IrqLockGuard lock_;
};

}  // namespace splinter::alloc
