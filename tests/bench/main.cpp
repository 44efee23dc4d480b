// libsystemc.so brings a main() of its own, which calls sc_main(): benchmark_main is not enough.
#include <benchmark/benchmark.h>

namespace splinter::bench {
void register_machine_rows();
void register_rows();
void register_allocator_rows();
}  // namespace splinter::bench

// Nothing calls it: each row elaborates for itself.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int sc_main(int, char**) { return 0; }

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    splinter::bench::register_machine_rows();  // first: one measures the host memory of child processes
    splinter::bench::register_rows();
    splinter::bench::register_allocator_rows();
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
