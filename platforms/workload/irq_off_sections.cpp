#include "platforms/workload/irq_off_sections.h"

#include <algorithm>
#include <cmath>

namespace splinter::platforms {
namespace {

// -ln(x), 0 < x <= 1, of basic operations alone, which IEEE 754 rounds alike on every host: x = m 2^e, ln m as the series of
// 2 artanh((m - 1) / (m + 1)).
double minus_log(double x) {
    int exponent = 0;
    const double m = std::frexp(x, &exponent);  // 0.5 <= m < 1
    const double y = (m - 1) / (m + 1);
    double term = y;
    double sum = 0;
    constexpr int kTerms = 40;
    for (int k = 1; k < 2 * kTerms; k += 2) {
        sum += term / k;
        term *= y * y;
    }
    constexpr double kLn2 = 0x1.62e42fefa39efp-1;
    return -(2 * sum + exponent * kLn2);
}

}  // namespace

IrqOffSections::IrqOffSections(const BackgroundParams& params, std::uint64_t seed, std::string_view core)
    : percent_{params.irq_off_percent},
      length_{params.irq_off_cycles},
      exponential_{params.irq_off_length == "exponential"},
      rng_{seed, std::string{core} + ".irq_off"} {}

Cycles IrqOffSections::draw() {
    constexpr std::uint64_t kHundred = 100;
    if (rng_.below(kHundred) >= percent_) return Cycles{0};
    if (!exponential_) return length_;
    constexpr double kSteps = 0x1p32;
    const double uniform = static_cast<double>(rng_.below(std::uint64_t{1} << 32) + 1) / kSteps;
    return std::max(Cycles{1}, Cycles{static_cast<std::uint64_t>(static_cast<double>(length_.raw()) * minus_log(uniform))});
}

}  // namespace splinter::platforms
