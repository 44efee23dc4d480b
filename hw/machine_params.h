// Parameters of the simulated hardware: sizes, latencies in cycles, topology. Defaults are Skylake-SP's; the values of each
// platform, with sources and confidence, stand in configs/platforms.
#pragma once

#include <string>

#include "hw/base/params.h"

namespace splinter::hw {

inline constexpr std::uint64_t kMaxTreeWays = 32;   // of tree-plru, a power of two
inline constexpr std::uint64_t kRotatingWays = 12;  // of rotating-plru
inline constexpr std::uint64_t kCacheLineBytes = 64;

// A set-associative array. entries / ways must be a power of two; entries = 0: the part has no such array.
struct TlbParams {
    std::uint64_t entries = 0;
    std::uint64_t ways = 1;
    std::string sizes = "4k";         // page sizes that it holds: "4k", "4k+2m", ...
    std::string index = "linear";     // linear | folded: the set index bits, XORed with the next higher ones
    std::string replacement = "lru";  // lru | tree-plru | rotating-plru (hw/mmu/replacement.h)

    [[nodiscard]] std::uint64_t sets() const { return entries / ways; }
    [[nodiscard]] bool holds(std::string_view size) const { return entries > 0 && sizes.find(size) != std::string::npos; }
    // Throws UserError, naming `key`, if entries / ways is not a power of two or the replacement does not go with the ways.
    void check(std::string_view key) const;
};

struct MmuParams {
    TlbParams l1d{64, 4, "4k", "linear", "tree-plru"};
    TlbParams l1d_large{32, 4, "2m", "linear", "tree-plru"};
    TlbParams l1d_huge{4, 4, "1g", "linear", "tree-plru"};
    TlbParams l1s;  // for stores alone, where the part has one; else stores use l1d
    TlbParams l1i{64, 8, "4k", "linear", "tree-plru"};
    TlbParams l1i_large{8, 8, "2m", "linear", "tree-plru"};
    TlbParams l2{1536, 12, "4k+2m", "folded", "rotating-plru"};
    TlbParams l2_second{16, 4, "1g"};
    TlbParams l2i;                     // for instructions alone, where the part has one; else they use l2
    std::uint64_t physical_bits = 46;  // MAXPHYADDR
    Cycles l2_hit{9};                  // look-up of the L2 TLB, added by every L1 TLB miss
    Cycles walk_step{2};               // state machine, per level walked
    std::uint64_t pml5_cache = 2;      // paging-structure caches, entries, fully associative
    std::uint64_t pml4_cache = 4;
    std::uint64_t pdpt_cache = 4;
    std::uint64_t pd_cache = 32;
    std::uint64_t shared_paging_cache = 0;  // entries of one cache for all levels; with it the four above must be 0

    void check() const;  // throws UserError for values that do not go together
};

// A cache of 64-byte lines. bytes = 64 * ways * sets; any number of sets.
struct CacheParams {
    std::uint64_t bytes = 0;
    std::uint64_t ways = 1;

    // Throws UserError, naming `key`, if the size is not a whole number of sets.
    void check(std::string_view key) const;
};

// Latencies of levels are whole: from the load to its data, look-ups in the levels above included.
struct MemoryParams {
    Cycles page_table_read{14};  // one page-table entry read by the walker, with page_table_caches = fixed
    CacheParams l1d{std::uint64_t{32} << 10, 8};
    CacheParams l2{std::uint64_t{1} << 20, 16};
    CacheParams llc{std::uint64_t{39424} << 10, 11};  // one per cluster
    Cycles l1d_hit{4};                                // a data access to a line that the core owns
    Cycles l2_hit{14};
    Cycles llc_hit{68};
    Cycles dram_local{203};
    Cycles dram_remote{328};
    std::string home = "interleaved";  // interleaved | socket0: which socket's memory holds a frame
    Cycles transfer_sibling{19};       // a line that the other thread of the same core touched last
    Cycles transfer_cluster{135};      // a line taken from another core's cache: same cluster, same socket, other socket
    Cycles transfer_socket{135};
    Cycles transfer_cross{285};

    void check() const;  // throws UserError for values that do not go together
};

struct CoreParams {
    Cycles invlpg{200};
    Cycles invpcid_address{230};     // INVPCID type 0
    Cycles invpcid_context{200};     // type 1
    Cycles full_flush{950};          // type 2: everything, global entries included
    Cycles invpcid_non_global{900};  // type 3
    Cycles pge_toggle{960};          // CR4.PGE inverted and restored
    Cycles cr3_write{180};           // MOV CR3 without the no-flush bit
    Cycles cr3_no_flush{110};        // with it
    Cycles wrpkru{23};
    Cycles wrmsr_pkrs{60};
    Cycles interrupt_entry_kernel{250};
    Cycles interrupt_exit_kernel{250};
    Cycles interrupt_entry_user{450};
    Cycles interrupt_exit_user{450};
    Cycles pti_entry{110};          // page-table isolation: the write of CR3 on the way from user mode into the kernel
    Cycles pti_exit{110};           // and back
    Cycles idle_exit_c1{5000};      // from an interrupt's arrival at a core in C1 to its first instruction
    Cycles idle_exit_deep{332500};  // the same in the deepest C-state
};

struct IpiParams {
    Cycles icr_write{150};
    Cycles flight_socket{900};  // ICR write to the first instruction of the handler, same socket
    Cycles flight_cross{1500};  // the same, other socket
    Cycles busy_sibling{836};   // more, where the target's sibling thread is online
};

// INVLPGB and TLBSYNC. Flights of 0: the part has none.
struct BroadcastParams {
    Cycles issue{0};          // INVLPGB, posted
    Cycles sync{0};           // TLBSYNC, besides the wait
    Cycles flight_socket{0};  // INVLPGB to its effect on another core, and the confirmation back: same socket, other socket
    Cycles flight_cross{0};
    Cycles per_sender{0};  // TLBSYNC, for each other core whose broadcasts are under way

    [[nodiscard]] bool present() const { return flight_socket > Cycles{0} && flight_cross > Cycles{0}; }
};

struct MachineParams {
    std::string name = "Intel Skylake-SP, 2 sockets";
    std::uint64_t cores = 2;  // online hardware threads
    std::uint64_t sockets = 2;
    std::uint64_t cores_per_socket = 28;
    std::uint64_t cluster_cores = 28;  // cores that share a last-level cache
    std::uint64_t frequency = 2'500'000'000;
    std::uint64_t quantum = 0;                // cycles a core may run ahead; 0 = the lookahead L
    std::string handlers = "apart";           // apart | ordered: how the handlers of a call are simulated; equal cycles
    std::string bus = "dmi";                  // dmi | tlm: how the walker reads page tables; equal cycles
    std::string page_table_caches = "fixed";  // fixed | l2 | l2+llc: what page-table reads and data accesses cost
    std::string idle = "c1";                  // poll | c1 | deep: the C-state of a core that waits with nothing to do
    // Whether user mode runs on page tables of its own, so that each entry to the kernel writes CR3. No key: kernel.pti says.
    bool isolates_user_tables = false;
    MmuParams mmu;
    MemoryParams mem;
    CoreParams core;
    IpiParams ipi;
    BroadcastParams broadcast;

    // L: the smallest latency of an asynchronous effect between two cores.
    [[nodiscard]] Cycles lookahead() const;
    // platform.quantum, with 0 resolved. Throws UserError above L or if L is 0.
    [[nodiscard]] Cycles resolved_quantum() const;
    // What an interrupt of a core that is idle takes before anything else.
    [[nodiscard]] Cycles idle_exit() const;
    // What no single value shows: throws UserError, naming the key, if values do not go together.
    void check() const;
};

// The TLBs of one of two busy sibling threads: half of the sets of each array, or half of the ways where there is one set.
[[nodiscard]] MmuParams shared_by_siblings(MmuParams whole);

void describe(MachineParams& params, ParamVisitor& visitor);

}  // namespace splinter::hw
