#include "hw/core/look_ahead.h"

#include <gtest/gtest.h>

#include <vector>

namespace splinter::hw {
namespace {

struct Squares {
    int root = 0;
    int next() {
        ++root;
        return root * root;
    }
};
constexpr int kAhead = static_cast<int>(LookAhead<Squares>::kAhead);

TEST(LookAhead, DrawsWhatItsSourceDrawsInTheSameOrder) {
    LookAhead<Squares> squares{Squares{}};
    Squares plain;
    for (int i = 0; i < 3 * kAhead + 1; ++i) EXPECT_EQ(squares.next([](int) {}), plain.next());
}

TEST(LookAhead, TellsWhatItReturnsEightCallsLater) {
    LookAhead<Squares> squares{Squares{}};
    std::vector<int> told;
    std::vector<int> drawn;
    for (int i = 0; i < 2 * kAhead; ++i) drawn.push_back(squares.next([&told](int later) { told.push_back(later); }));
    for (int i = kAhead; i < 2 * kAhead; ++i) EXPECT_EQ(told[i - kAhead], drawn[i]);
}

}  // namespace
}  // namespace splinter::hw
