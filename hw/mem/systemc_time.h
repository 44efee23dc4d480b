// The one place that converts between simulated cycles and sc_time: one tick of the kernel's resolution is one cycle, so that a
// 3 GHz clock does not drift. Seconds exist in reports only.
#pragma once

#include <systemc>

#include "hw/base/types.h"

namespace splinter::hw {

inline sc_core::sc_time to_sc_time(Cycles cycles) { return sc_core::sc_time::from_value(cycles.raw()); }
inline Cycles to_cycles(const sc_core::sc_time& time) { return Cycles{time.value()}; }

}  // namespace splinter::hw
