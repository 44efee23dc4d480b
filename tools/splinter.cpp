// The program. Everything it does is in platforms/cli, so that this file is all that a test cannot link.
#include "platforms/cli/cli_main.h"

// libsystemc.so refers to sc_main from a main() of its own, which ours replaces. Nothing calls this one: elaboration happens
// in the child processes that run_point() starts.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) { return splinter::platforms::cli_main(argc, argv); }
