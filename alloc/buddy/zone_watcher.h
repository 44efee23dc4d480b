// Whoever looks at free lists while the machine runs, without a lock of his own and at no cost in cycles.
#pragma once

#include "hw/base/types.h"

namespace splinter::alloc {

class Zone;

class ZoneWatcher {
  public:
    virtual ~ZoneWatcher() = default;
    // A CPU has the zone's lock since `now` and has not changed anything yet: the lists are as the holder before left them,
    // and for one zone the moments come in the order of time.
    virtual void locked(const Zone& zone, Cycles now) = 0;
};

}  // namespace splinter::alloc
