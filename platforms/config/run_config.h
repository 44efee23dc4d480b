// Every parameter of a run, resolved: plain aggregates with defaults in place, named once each by describe().
// The key of a field is its path: "hw.mmu.l1d.entries", "kernel.flush_ceiling", "workload.secretmem.pages".
#pragma once

#include <string>
#include <vector>

#include "alloc/costs/step_costs.h"
#include "alloc/kernel_params.h"
#include "hw/base/params.h"
#include "hw/machine_params.h"

namespace splinter::platforms {

struct PlatformParams {
    std::string model = "skylake-sp-2s";  // file below configs/platforms, without .toml
    std::string pku = "real";             // real | absent | hypothetical
    std::string pks = "absent";
    std::string pcid = "real";
    std::string invlpgb = "absent";
    std::uint64_t memory = std::uint64_t{64} << 30;  // bytes of RAM managed by the page allocator (a trace brings its own)
    std::uint64_t numa_nodes = 1;                    // of the page allocator
    std::uint64_t seed = 1;
};

struct FlushParams {
    std::string strategy = "freetype";
    std::string mechanism = "ipi";
    std::string interrupts = "on";  // of the CPU that flushes, while it waits: on | off
    bool is_unsafe = false;         // flush.unsafe: --unsafe
};

struct BackgroundParams {
    std::uint64_t user_footprint = std::uint64_t{4} << 20;      // bytes per core, 4 KiB pages
    std::uint64_t kernel_footprint = std::uint64_t{4} << 20;    // bytes, shared by all cores, through the direct map
    std::uint64_t kernel_percent = 25;                          // share of accesses made in kernel mode
    std::uint64_t same_page_percent = 90;                       // share of accesses to the page of the one before
    Cycles think{20};                                           // straight-line work between two accesses
    std::uint64_t sampled_cores = 0;                            // that access memory; the others stand for them. 0: all
    std::uint64_t irq_off_percent = 0;                          // share of steps that run with interrupts off,
    Cycles irq_off_cycles{2000};                                // for so long, or so long on average:
    std::string irq_off_length = "fixed";                       // fixed | exponential
    std::uint64_t processes = 1;                                // address spaces of each core, with a footprint each
    Cycles switch_every{0};                                     // from one to the next; 0: never
    std::uint64_t idle_percent = 0;                             // share of time in a C-state,
    Cycles idle_length{50000};                                  // so long at a time
    std::uint64_t speculative_percent = 0;                      // share of accesses that are reads gone astray,
    std::uint64_t speculative_window = std::uint64_t{4} << 20;  // of so much memory around the end of the kernel's own
};

struct SecretmemParams {
    std::uint64_t cores_percent = 25;  // share of cores that allocate, at least one
    std::uint64_t pages = 4096;        // pages per allocating core
    std::uint64_t rounds = 1;          // steady state: times that all pages are freed and allocated again
    Cycles think{2000};                // between two operations
    Cycles warm_up{500000};            // before the victims' undisturbed rate is measured
    Cycles baseline{2000000};          // over which it is measured
};

struct TraceParams {
    std::string directory;  // trace.csv[.xz], snap0.json[.xz], snap1.json[.xz]
    std::string file;       // or a user's trace: text of ftrace, perf script, trace-cmd report
    std::string buddyinfo;  // of the machine before the file's first event
    std::string pagetypeinfo;
    Cycles think{1000};                 // between two events
    std::vector<std::string> unmapped;  // predicates: "gfp:NAME", "order:N", "migratetype:NAME"; any match
    Cycles warm_up{500000};
    Cycles baseline{2000000};
};

struct PointerChaseParams {
    std::uint64_t footprint = std::uint64_t{512} << 20;  // bytes, mapped with 4 KiB pages
    std::uint64_t window = 768;                          // page-random: pages whose lines are visited before the next pages
    std::uint64_t warm_up = 500'000;                     // accesses of each phase before those that are measured
    std::uint64_t accesses = 1'000'000;                  // measured, of each phase
};

struct FragmentationParams {
    std::string antagonist = "movable";  // none | movable | unmovable
    std::uint64_t taken_percent = 90;    // of free memory, before most of it is freed again
    std::uint64_t block_order = 4;       // 64 KiB
    std::uint64_t keep_one_in = 4;       // blocks
};

struct PressureParams {
    std::uint64_t cores_percent = 50;    // share of cores that allocate, at least one
    std::uint64_t pool_percent = 40;     // of free memory, allocated protected before the phase
    std::uint64_t release_percent = 75;  // of that, released again before the phase
    std::uint64_t owner_pages = 1024;    // of one owner; an owner releases all of its pages at once
    std::uint64_t steps = 20000;         // operations of each core in the phase
    std::uint64_t protected_percent = 10;
    std::uint64_t movable_percent = 80;  // of the ordinary allocations
    std::uint64_t reclaim_pages = 32;    // SWAP_CLUSTER_MAX
    Cycles think{1000};
};

struct MappingParams {  // of fork, munmap
    std::uint64_t bytes = std::uint64_t{1} << 30;
    std::string folios = "small";  // small | huge
    std::uint64_t repetitions = 1;
};

struct UserFlushParams {
    std::string op = "dontneed";          // dontneed | munmap | mprotect_ro | mprotect_rw | pkey_mprotect | flush
    std::uint64_t pages = 1;              // of an operation
    std::uint64_t threads = 2;            // of the process, on cores 0, 1, ...
    std::string helpers = "spin";         // what threads that make no operations do: spin | sleep | other
    std::string initiators = "one";       // threads that make operations: one | all
    std::uint64_t repetitions = 100;      // of each of them
    std::uint64_t warm_up = 20;           // repetitions before those that are measured
    std::string touch = "no";             // no | yes: the operation ends with a write to each page
    std::uint64_t helper_footprint = 16;  // pages of its own that a spinning thread reads
    std::string helpers_touch = "no";     // no | yes: and those that are flushed, while they can be read
    Cycles own_work{0};                   // of an operation, besides what is modelled
    Cycles serial_work{0};                // of an operation, under a lock that all initiators share
};

struct VmallocParams {
    std::uint64_t cores_percent = 1;  // share of cores that allocate, at least one
    std::uint64_t pages = 1;          // of each call
    std::uint64_t calls = 1000;       // of each core
};

struct PgtableChurnParams {
    std::uint64_t cores_percent = 50;     // share of cores that build address spaces, at least one
    std::uint64_t start_operations = 0;   // of each of them, in a phase of their own
    std::uint64_t operations = 100;       // and then
    std::uint64_t areas = 4;              // of an address space, each with page tables of its own
    std::uint64_t pages = 16;             // of an area
    std::uint64_t secretmem_percent = 0;  // share of the operations that take or give back a protected page
    std::uint64_t secretmem_pages = 64;   // that a core has at most
    std::uint64_t taken_percent = 0;      // of free memory, taken beforehand by somebody
    std::uint64_t taken_order = 2;        // in blocks of this order,
    std::uint64_t freed_one_in = 2;       // of which he frees one in so many
    std::uint64_t flippers = 0;           // cores that change the protection of kernel pages
    std::uint64_t flip_blocks = 16;       // blocks of 2 MiB of each flipper
    Cycles flip_think{10000};             // between two changes there and back
    Cycles warm_up{500000};
    Cycles baseline{2000000};
};

struct ReserveSearchParams {
    std::string change = "page";       // what a change of the direct map covers: page | range | two-leaves
    std::uint64_t lowest_order = 2;    // of the free blocks that policies pba find; freetype-key finds pageblocks
    std::uint64_t most_splitters = 4;  // changes at the same time: 1, 2, 4 ... up to this
    std::uint64_t limit = 24;          // the largest reserve tried
};

struct WorkloadParams {
    std::vector<std::string> run{"secretmem"};  // workloads simulated one after the other, each on a fresh machine
    BackgroundParams background;
    SecretmemParams secretmem;
    TraceParams trace;
    PointerChaseParams pointer_chase;
    FragmentationParams fragmentation;
    PressureParams pressure;
    MappingParams mapping;
    UserFlushParams user_flush;
    VmallocParams vmalloc;
    PgtableChurnParams pgtable_churn;
    ReserveSearchParams reserve_search;
};

struct ReportParams {
    std::vector<std::string> columns;  // of the comparison table; empty: the usual ones
};

struct RunConfig {
    PlatformParams platform;
    hw::MachineParams hw;  // hw.* and platform.cores, .quantum, .bus
    alloc::KernelParams kernel;
    alloc::StepCosts costs;
    FlushParams flush;
    WorkloadParams workload;
    ReportParams report;
};

void describe(RunConfig& config, ParamVisitor& visitor);

}  // namespace splinter::platforms
