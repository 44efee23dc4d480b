// Cycles of each Step: the software half of the cost model. Values with sources: configs/costs.
#pragma once

#include <array>

#include "alloc/costs/steps.h"
#include "hw/base/params.h"

namespace splinter::alloc {

class StepCosts {
  public:
    StepCosts();
    [[nodiscard]] Cycles operator[](Step step) const { return cycles_[static_cast<std::size_t>(step)]; }
    Cycles& operator[](Step step) { return cycles_[static_cast<std::size_t>(step)]; }

  private:
    std::array<Cycles, kStepCount> cycles_;
};

// Keys "costs.pcp_alloc", ...
void describe(StepCosts& costs, ParamVisitor& visitor);

}  // namespace splinter::alloc
