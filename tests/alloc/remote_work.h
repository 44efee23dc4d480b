// What tests ask other CPUs to do.
#pragma once

#include "alloc/smp/remote_work.h"
#include "tests/alloc/test_memory.h"

namespace splinter::alloc {

inline constexpr RemoteWork kFlushAll{RemoteWork::Kind::flush_all};
inline constexpr VirtAddr kSomewhere = layout::direct_map(kFirstGiant);

}  // namespace splinter::alloc
