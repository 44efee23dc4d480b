// main() of the test executables that link SystemC: libsystemc.so brings a main() of its own, which calls sc_main().
#include <gtest/gtest.h>

// Nothing calls it: tests elaborate for themselves.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
