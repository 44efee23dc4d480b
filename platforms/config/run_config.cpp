#include "platforms/config/run_config.h"

#include "alloc/flush/strategies.h"
#include "alloc/smp/mechanisms.h"
#include "platforms/run/metrics.h"
#include "platforms/workload/workload.h"

namespace splinter::platforms {
namespace {

const std::vector<std::string> kPresence{"real", "absent", "hypothetical"};
constexpr Limits kPercent{0, 100};
constexpr Limits kTime{0, 1'000'000'000'000};
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kTiB = std::uint64_t{1} << 40;

void describe(PlatformParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "platform"};
    v.text("model", p.model, "platform file below configs/platforms, without .toml, or a path");
    v.choice("pku", p.pku, kPresence, "protection keys for user pages");
    v.choice("pks", p.pks, kPresence, "protection keys for supervisor pages");
    v.choice("pcid", p.pcid, kPresence, "process-context identifiers");
    v.choice("invlpgb", p.invlpgb, kPresence, "broadcast invalidation, INVLPGB and TLBSYNC");
    v.bytes("memory", p.memory, {32 * kMiB, kTiB}, "memory that the page allocator manages; a trace brings its own");
    v.count("numa_nodes", p.numa_nodes, {1, 64},
            "nodes of the page allocator, at most one per socket; no recorded kernel has checked more than one");
    v.count("seed", p.seed, {}, "seed of all random generators");
}

void describe(FlushParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "flush"};
    std::vector<std::string> strategies;
    for (const alloc::StrategyInfo& info : alloc::flush_strategies()) strategies.emplace_back(info.name);
    v.choice("strategy", p.strategy, strategies, "when pages leave the direct map and when they are flushed");
    std::vector<std::string> mechanisms;
    for (const alloc::MechanismInfo& info : alloc::flush_mechanisms()) mechanisms.emplace_back(info.name);
    v.choice("mechanism", p.mechanism, mechanisms, "how other cores are told to flush");
    v.choice(
        "interrupts", p.interrupts, {"on", "off"},
        "hypothetical: off makes whoever flushes wait with interrupts off, which smp_call_function_many_cond() forbids: two "
        "that do it at the same time wait for each other for ever");
    v.flag("unsafe", p.is_unsafe,
           "allows a mechanism that does not protect kernel memory (flush.mechanism ipi-early-ack) to flush it; the option "
           "--unsafe sets it");
}

void describe(BackgroundParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "background"};
    v.bytes("user_footprint", p.user_footprint, {0, std::uint64_t{1} << 30}, "per core, mapped with 4 KiB pages");
    v.bytes("kernel_footprint", p.kernel_footprint, {0, std::uint64_t{1} << 30}, "shared by all cores, through the direct map");
    v.count("kernel_percent", p.kernel_percent, kPercent, "share of accesses made in kernel mode");
    v.count("same_page_percent", p.same_page_percent, kPercent, "share of accesses to the page of the access before");
    v.cycles("think", p.think, {1, 1'000'000}, "straight-line work between two accesses");
    v.count(
        "sampled_cores", p.sampled_cores, {0, 1024},
        "how many of the cores that run the loop access memory, spread evenly among them; the others do all else of it, are "
        "interrupted like them and take as long for it, but hold next to nothing in their TLBs: figures of victims are the "
        "sampled ones', exposure counts theirs. Saves host time on many cores. 0: all");
    v.count("irq_off_percent", p.irq_off_percent, kPercent,
            "share of steps of the loop that are kernel code with interrupts off: they acknowledge late");
    v.cycles("irq_off_cycles", p.irq_off_cycles, {1, 1'000'000'000}, "how long each of them takes, or takes on average");
    v.choice("irq_off_length", p.irq_off_length, {"fixed", "exponential"}, "how these lengths are distributed");
    v.count("processes", p.processes, {1, 16},
            "address spaces that each core's background loop switches between, each with a user footprint; more than 6 do not "
            "all keep a PCID (TLB_NR_DYN_ASIDS)");
    v.cycles("switch_every", p.switch_every, kTime,
             "how long a core stays in one of its address spaces; after the last comes a kernel thread, which keeps the "
             "translations of that space (lazy TLB); 0: for ever in the first");
    v.count(
        "idle_percent", p.idle_percent, {0, 99},
        "share of time in which a core has nothing to run and waits in the C-state of platform.idle; interrupts wake it, and "
        "what they take counts as stolen then too");
    v.cycles("idle_length", p.idle_length, {1, 1'000'000'000}, "how long it has nothing to run at a time");
    v.count(
        "speculative_percent", p.speculative_percent, kPercent,
        "share of accesses that are speculative reads through the direct map, as after a mispredicted branch: they fill TLBs, "
        "take no fault where nothing is mapped, and reach no line");
    v.bytes("speculative_window", p.speculative_window, {kPageBytes, std::uint64_t{1} << 40},
            "where they go: so much memory around the last page of kernel_footprint, next to which protected pages are taken "
            "first");
}

void describe(SecretmemParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "secretmem"};
    v.count("cores_percent", p.cores_percent, {1, 100}, "share of cores that allocate, at least one core");
    v.count("pages", p.pages, {1, 100'000'000}, "protected pages per allocating core");
    v.count("rounds", p.rounds, {1, 1'000'000}, "steady state: times that all pages are freed and allocated again");
    v.cycles("think", p.think, kTime, "between two operations");
    v.cycles("warm_up", p.warm_up, kTime, "before the victims' undisturbed rate is measured");
    v.cycles("baseline", p.baseline, kTime, "over which the victims' undisturbed rate is measured");
}

void describe(TraceParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "trace"};
    v.text("directory", p.directory, "trace.csv, snap0.json, snap1.json, plain or .xz; relative to the file that names it");
    v.text("file", p.file,
           "instead of a directory: kmem events as text of ftrace, perf script or trace-cmd report, plain, .xz or .gz");
    v.text("buddyinfo", p.buddyinfo,
           "/proc/buddyinfo before the file's first event; without it and the next: an empty machine");
    v.text("pagetypeinfo", p.pagetypeinfo, "/proc/pagetypeinfo before the file's first event");
    v.cycles("think", p.think, kTime, "between two events");
    v.list("unmapped", p.unmapped, {}, "allocations to protect: gfp:FLAG|FLAG, order:N, migratetype:NAME; any may match");
    v.cycles("warm_up", p.warm_up, kTime, "before the victims' undisturbed rate is measured");
    v.cycles("baseline", p.baseline, kTime, "over which the victims' undisturbed rate is measured");
}

void describe(PointerChaseParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "pointer_chase"};
    v.bytes("footprint", p.footprint, {kPageBytes, 64 * 1024 * kMiB}, "memory that is read, whole 4 KiB pages");
    v.count("window", p.window, {1, 1'000'000}, "page-random: pages whose lines are all read before the next pages'");
    v.count("warm_up", p.warm_up, {0, 1'000'000'000}, "accesses of each phase before those that are measured");
    v.count("accesses", p.accesses, {1, 1'000'000'000}, "measured accesses of each phase");
}

void describe(FragmentationParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "fragmentation"};
    v.choice("antagonist", p.antagonist, {"none", "movable", "unmovable"},
             "what the pages are that stay allocated in holes' way; none: clean memory");
    v.count("taken_percent", p.taken_percent, kPercent, "share of free memory that the antagonist takes first");
    v.count("block_order", p.block_order, {0, 9}, "order of the blocks in which it takes memory; 4: 64 KiB");
    v.count("keep_one_in", p.keep_one_in, {1, 1024}, "it keeps one of so many blocks and frees the others");
}

void describe(PressureParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "pressure"};
    v.count("cores_percent", p.cores_percent, {1, 100}, "share of cores that allocate, at least one core");
    v.count("pool_percent", p.pool_percent, {0, 90}, "share of free memory that is allocated protected before the phase");
    v.count("release_percent", p.release_percent, kPercent, "share of these pages that are released again before the phase");
    v.count("owner_pages", p.owner_pages, {1, 1'000'000}, "protected pages of one owner, who releases them all at once");
    v.count("steps", p.steps, {1, 100'000'000}, "operations of each allocating core in the phase");
    v.count("protected_percent", p.protected_percent, kPercent, "share of them on protected pages, half of them releases");
    v.count("movable_percent", p.movable_percent, kPercent, "movable share of the ordinary allocations; others are unmovable");
    v.count("reclaim_pages", p.reclaim_pages, {1, 4096},
            "ordinary pages that a core frees, its oldest first, when an allocation fails (SWAP_CLUSTER_MAX)");
    v.cycles("think", p.think, kTime, "between two operations");
}

void describe(MappingParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "mapping"};
    v.bytes("bytes", p.bytes, {kPageBytes, kTiB}, "fork, munmap: anonymous memory of the process, all faulted in");
    v.choice("folios", p.folios, {"small", "huge"}, "of 4 KiB or 2 MiB, always mapped by PTEs");
    v.count("repetitions", p.repetitions, {1, 1'000'000}, "times that a fresh process forks or unmaps the memory");
}

void describe(UserFlushParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "user_flush"};
    v.choice("op", p.op, {"dontneed", "munmap", "mprotect_ro", "mprotect_rw", "pkey_mprotect", "flush"},
             "what is measured: a system call on anonymous memory that is all there and dirty, or a bare flush_tlb_mm_range()");
    v.count("pages", p.pages, {1, 1'000'000}, "of an operation");
    v.count("threads", p.threads, {1, 1024}, "of the process, one on each of the first cores");
    v.choice("helpers", p.helpers, {"spin", "sleep", "other"},
             "what threads do that make no operations: run in user mode, sleep (their cores are lazy), or let another process "
             "run");
    v.choice("initiators", p.initiators, {"one", "all"},
             "threads that make operations, each on memory of its own: the first, or all");
    v.count("repetitions", p.repetitions, {1, 10'000'000}, "operations of each of them that are measured");
    v.count("warm_up", p.warm_up, {0, 1'000'000}, "operations before those");
    v.choice("touch", p.touch, {"no", "yes"},
             "whether the operation ends with a write to each page, with its fault if need be");
    v.count("helper_footprint", p.helper_footprint, {1, 65'536}, "pages that a spinning thread reads, of its own");
    v.choice("helpers_touch", p.helpers_touch, {"no", "yes"},
             "whether spinning threads also read the first initiator's pages, while they can");
    v.cycles("own_work", p.own_work, kTime, "of an operation, besides what is modelled: for calibration");
    v.cycles(
        "serial_work", p.serial_work, kTime,
        "of an operation, under one spinlock that all initiators share: for calibration, what is contended and not modelled");
}

void describe(VmallocParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "vmalloc"};
    v.count("cores_percent", p.cores_percent, {1, 100}, "share of cores that allocate, at least one core");
    v.count("pages", p.pages, {1, 1'000'000}, "pages of each call");
    v.count("calls", p.calls, {1, 100'000'000}, "vmalloc() and vfree() pairs of each of these cores");
}

void describe(PgtableChurnParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "pgtable_churn"};
    v.count("cores_percent", p.cores_percent, {1, 100}, "share of cores that build address spaces, at least one core");
    v.count("start_operations", p.start_operations, {0, 100'000'000},
            "of each of these cores, in a phase before, start-up, in which pools fill; 0: no such phase");
    v.count("operations", p.operations, {1, 100'000'000}, "of each of these cores");
    v.count("areas", p.areas, {1, 512}, "areas of an address space, 1 GiB apart, so that each has page tables of its own");
    v.count("pages", p.pages, {1, 262'144}, "pages of an area, each faulted in");
    v.count("secretmem_percent", p.secretmem_percent, kPercent,
            "share of the operations that take or give back a protected page instead of building an address space");
    v.count("secretmem_pages", p.secretmem_pages, {1, 1'000'000}, "protected pages that one core has at most");
    v.count("taken_percent", p.taken_percent, {0, 100},
            "share of free memory that somebody takes before, in small blocks, some of which he frees again, so that what is "
            "left is scarce "
            "and in pieces; 0: memory is clean");
    v.count("taken_order", p.taken_order, {0, 9}, "order of these blocks");
    v.count("freed_one_in", p.freed_one_in, {1, 1'000'000}, "of these blocks, one in so many is freed again");
    v.count("flippers", p.flippers, {0, 1023},
            "cores that set kernel pages read-only and back, each time with the flush; of those that cores_percent leaves");
    v.count("flip_blocks", p.flip_blocks, {1, 4096}, "blocks of 2 MiB in which a flipper chooses its pages");
    v.cycles("flip_think", p.flip_think, {1, kTime.max}, "between two flips");
    v.cycles("warm_up", p.warm_up, kTime, "before the victims' undisturbed rate is measured");
    v.cycles("baseline", p.baseline, kTime, "over which the victims' undisturbed rate is measured");
}

void describe(ReserveSearchParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "reserve_search"};
    v.choice(
        "change", p.change, {"page", "range", "two-leaves"},
        "what a change of the direct map covers: one page; 2 MiB from the middle of a 2 MiB leaf; from the middle of a largest "
        "leaf to that of the next");
    v.count("lowest_order", p.lowest_order, {0, 9},
            "order of the free blocks, each under a leaf of its own, that policies pba and pba-percpu find; freetype-key finds "
            "pageblocks");
    v.count("most_splitters", p.most_splitters, {1, 8}, "CPUs that change the direct map at the same time: 1, 2, 4 and so on");
    v.count("limit", p.limit, {1, 64}, "the largest reserve that is tried");
}

void describe(ReportParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "report"};
    v.list("columns", p.columns, column_names(), "figures of the comparison table, in this order; empty: the usual ones");
}

void describe(WorkloadParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "workload"};
    std::vector<std::string> names;
    for (const WorkloadInfo& info : workload_table()) names.emplace_back(info.name);
    v.list("run", p.run, names, "workloads, simulated one after the other, each on a freshly booted machine");
    describe(p.background, v);
    describe(p.secretmem, v);
    describe(p.trace, v);
    describe(p.pointer_chase, v);
    describe(p.fragmentation, v);
    describe(p.pressure, v);
    describe(p.mapping, v);
    describe(p.user_flush, v);
    describe(p.vmalloc, v);
    describe(p.pgtable_churn, v);
    describe(p.reserve_search, v);
}

}  // namespace

void describe(RunConfig& config, ParamVisitor& visitor) {
    describe(config.platform, visitor);
    hw::describe(config.hw, visitor);
    alloc::describe(config.kernel, visitor);
    alloc::describe(config.costs, visitor);
    describe(config.flush, visitor);
    describe(config.workload, visitor);
    describe(config.report, visitor);
}

}  // namespace splinter::platforms
