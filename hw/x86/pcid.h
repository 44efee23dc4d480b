// Process-context identifier (SDM Vol. 3A 4.10.1), 0 to 4095; 0 while CR4.PCIDE is clear.
#pragma once

#include "hw/base/types.h"

namespace splinter::x86 {

class Pcid : public Quantity<class PcidTag, std::uint16_t> {
  public:
    using Quantity::Quantity;
};

// Bit 63 of the operand of MOV CR3, under CR4.PCIDE (SDM Vol. 3A 4.10.4.1): whether the entries of the loaded PCID go.
enum class Cr3Flush : std::uint8_t { flush, no_flush };

}  // namespace splinter::x86

namespace splinter::hw {
using x86::Pcid;
}
