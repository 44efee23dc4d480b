// One simulation of a row, timed: a whole hw::Machine, elaborated afresh, whose cores access what the streams say. What users
// run: Core::access() on the cores' SystemC threads, under the Conductor, with simulated time, ledger and counters.
//
// The cores are passive, as the background loop's are. The clock starts when the last core has warmed its TLBs up and stops
// when the first one has made its accesses: all are busy in between, and SystemC does not yet take down threads that have
// ended. Only accesses made in between count.
#pragma once

#include <time.h>

#include "hw/core/look_ahead.h"
#include "hw/core/machine.h"
#include "tests/bench/access_stream.h"
#include "tests/bench/memory_image.h"

namespace splinter::bench {

// What was done, in how long.
struct Timing {
    double seconds = 0;
    std::uint64_t accesses = 0;
    std::uint64_t l1_misses = 0;
    std::uint64_t walks = 0;
    [[nodiscard]] double nanoseconds() const { return seconds * 1e9 / static_cast<double>(accesses); }
};

// How many accesses each core makes.
struct Length {
    std::uint64_t warm_up = 0;
    std::uint64_t timed = 0;
};

// Counts the CPU time of the calling thread, which does all the work: other processes can slow it down, but not stop the clock.
class Stopwatch {
  public:
    [[nodiscard]] double seconds() const { return now() - begin_; }

  private:
    static double now() {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }
    double begin_ = now();
};

inline constexpr x86::Access kUserWrite{x86::AccessKind::write, x86::Mode::user};

// The sum of all cores' counters.
[[nodiscard]] hw::MmuStats total_stats(const hw::Machine& machine);
// Elaborates a machine with all cores running `program`, and runs it. `program` learns the machine before it starts.
class TimedProgram : public hw::CoreProgram {
  public:
    void attach(hw::Machine& machine) { machine_ = &machine; }
    void on_interrupt(hw::Core&, hw::Vector) override {}
    void on_notice(hw::Core&, const hw::Message&) override {}
    [[nodiscard]] const Timing& timing() const { return timing_; }

  protected:
    // Called by each core between its warm-up and its timed accesses, and after these.
    void warmed_up();
    void finished();

  private:
    hw::Machine* machine_ = nullptr;
    std::size_t warm_ = 0;
    bool stopped_ = false;
    Stopwatch watch_;
    hw::MmuStats before_;
    Timing timing_;
};

void run_on_all_cores(MemoryImage& image, std::uint64_t cores, TimedProgram& program);

template <class Stream>
class StreamProgram : public TimedProgram {
  public:
    StreamProgram(const Mix& mix, Length length) : mix_{mix}, length_{length} {}
    void run(hw::Core& core) override {
        core.timeline().set_conduct(hw::Timeline::Conduct::passive);
        core.set_mode(x86::Mode::user);
        hw::LookAhead<Stream> stream{Stream{mix_, core.id().raw()}};
        access(core, stream, length_.warm_up);
        warmed_up();
        access(core, stream, length_.timed);
        finished();
    }

  private:
    static void access(hw::Core& core, hw::LookAhead<Stream>& stream, std::uint64_t times) {
        for (std::uint64_t i = 0; i < times; ++i)
            core.access(stream.next([&core](VirtAddr later) { core.expect(later); }), kUserWrite);
    }
    Mix mix_;
    Length length_;
};

template <class Stream>
Timing time_machine(MemoryImage& image, std::uint64_t cores, const Mix& mix, Length length) {
    StreamProgram<Stream> program{mix, length};
    run_on_all_cores(image, cores, program);
    return program.timing();
}

}  // namespace splinter::bench
