// Sections with interrupts off that kernel code of the background loop runs through: which steps have one and how long it is.
// An interrupt that arrives meanwhile is taken at its end.
#pragma once

#include "hw/base/rng.h"
#include "platforms/config/run_config.h"

namespace splinter::platforms {

class IrqOffSections {
  public:
    IrqOffSections(const BackgroundParams& params, std::uint64_t seed, std::string_view core);
    // The length of this step's section; 0: it has none. Draws nothing if no step ever has one.
    [[nodiscard]] Cycles next() { return percent_ == 0 ? Cycles{0} : draw(); }

  private:
    [[nodiscard]] Cycles draw();

    std::uint64_t percent_;
    Cycles length_;
    bool exponential_;
    Rng rng_;
};

}  // namespace splinter::platforms
