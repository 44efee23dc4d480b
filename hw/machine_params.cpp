#include "hw/machine_params.h"

#include <algorithm>
#include <bit>

#include "hw/base/user_error.h"

namespace splinter::hw {
namespace {

constexpr Limits kLatency{0, 10'000'000};

void describe(TlbParams& p, std::string_view name, ParamVisitor& v) {
    const ParamGroup group{v, name};
    v.count("entries", p.entries, {0, 65536}, "entries; 0: the part has no such array");
    v.count("ways", p.ways, {1, 4096}, "associativity; entries / ways is a power of two");
    v.choice("sizes", p.sizes, {"4k", "2m", "1g", "4k+2m", "4k+1g", "2m+1g", "4k+2m+1g"}, "page sizes that the array holds");
    v.choice("index", p.index, {"linear", "folded"},
             "set index: low bits of the page number, or those XORed with the same number of bits above them");
    v.choice("replacement", p.replacement, {"lru", "tree-plru", "rotating-plru"}, "replacement policy (hw/mmu/replacement.h)");
}

// visit(key, TlbParams) for every array.
template <class Params, class Visitor>
void for_each_tlb(Params& p, Visitor&& visit) {
    visit("l1d", p.l1d);
    visit("l1d_large", p.l1d_large);
    visit("l1d_huge", p.l1d_huge);
    visit("l1s", p.l1s);
    visit("l1i", p.l1i);
    visit("l1i_large", p.l1i_large);
    visit("l2", p.l2);
    visit("l2_second", p.l2_second);
    visit("l2i", p.l2i);
}

void describe(MmuParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "mmu"};
    for_each_tlb(p, [&](std::string_view name, TlbParams& tlb) { describe(tlb, name, v); });
    v.count("physical_bits", p.physical_bits, {36, 52},
            "MAXPHYADDR: width of physical addresses; higher bits of an entry are reserved");
    v.cycles("l2_hit", p.l2_hit, kLatency, "look-up of the L2 TLB, added by every L1 TLB miss");
    v.cycles("walk_step", p.walk_step, kLatency, "page-walk state machine, per level walked");
    v.count("pml5_cache", p.pml5_cache, {0, 1024}, "PML5E cache, entries, fully associative (5-level paging only)");
    v.count("pml4_cache", p.pml4_cache, {0, 1024}, "PML4E cache, entries, fully associative");
    v.count("pdpt_cache", p.pdpt_cache, {0, 1024}, "PDPTE cache, entries, fully associative");
    v.count("pd_cache", p.pd_cache, {0, 1024}, "PDE cache, entries, fully associative");
    v.count("shared_paging_cache", p.shared_paging_cache, {0, 4096},
            "one paging-structure cache for all levels instead of one per level: its entries; 0: one per level");
}

void describe(CacheParams& p, std::string_view name, ParamVisitor& v) {
    const ParamGroup group{v, name};
    v.bytes("bytes", p.bytes, {64, std::uint64_t{1} << 30}, "size; a multiple of 64 bytes times ways");
    v.count("ways", p.ways, {1, 64}, "associativity; any number of sets");
}

void describe(MemoryParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "mem"};
    v.cycles("page_table_read", p.page_table_read, kLatency,
             "one page-table entry read by the walker, if platform.page_table_caches is fixed");
    describe(p.l1d, "l1d", v);
    describe(p.l2, "l2", v);
    describe(p.llc, "llc", v);
    v.cycles("l1d_hit", p.l1d_hit, kLatency, "load to use, a line that the L1 data cache holds");
    v.cycles("l2_hit", p.l2_hit, kLatency, "load to use, a line that the L2 cache holds");
    v.cycles("llc_hit", p.llc_hit, kLatency, "load to use, a line that the cluster's last-level cache holds");
    v.cycles("dram_local", p.dram_local, kLatency, "load to use, memory of the core's socket");
    v.cycles("dram_remote", p.dram_remote, kLatency, "load to use, memory of another socket");
    v.choice("home", p.home, {"interleaved", "socket0"},
             "which socket's memory holds a 4 KiB frame: each in turn, or the first");
    v.cycles("transfer_sibling", p.transfer_sibling, kLatency, "a line that the core's other thread touched last");
    v.cycles("transfer_cluster", p.transfer_cluster, kLatency, "a line taken from another core of the cluster");
    v.cycles("transfer_socket", p.transfer_socket, kLatency, "a line taken from another cluster of the socket");
    v.cycles("transfer_cross", p.transfer_cross, kLatency, "a line taken from another socket");
}

void describe(CoreParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "core"};
    v.cycles("invlpg", p.invlpg, kLatency, "one INVLPG");
    v.cycles("invpcid_address", p.invpcid_address, kLatency, "INVPCID type 0: one address of one PCID");
    v.cycles("invpcid_context", p.invpcid_context, kLatency, "INVPCID type 1: one PCID");
    v.cycles("full_flush", p.full_flush, kLatency, "INVPCID type 2: everything, global entries included");
    v.cycles("invpcid_non_global", p.invpcid_non_global, kLatency, "INVPCID type 3: all but global entries");
    v.cycles("pge_toggle", p.pge_toggle, kLatency, "CR4.PGE inverted and restored");
    v.cycles("cr3_write", p.cr3_write, kLatency, "MOV CR3 without the no-flush bit");
    v.cycles("cr3_no_flush", p.cr3_no_flush, kLatency, "MOV CR3 with the no-flush bit");
    v.cycles("wrpkru", p.wrpkru, kLatency, "one WRPKRU");
    v.cycles("wrmsr_pkrs", p.wrmsr_pkrs, kLatency, "one WRMSR to IA32_PKRS");
    v.cycles("interrupt_entry_kernel", p.interrupt_entry_kernel, kLatency, "interrupt entry, interrupted in the kernel");
    v.cycles("interrupt_exit_kernel", p.interrupt_exit_kernel, kLatency, "return to the kernel");
    v.cycles("interrupt_entry_user", p.interrupt_entry_user, kLatency,
             "interrupt entry from user mode, mitigations included, but not page-table isolation's");
    v.cycles("interrupt_exit_user", p.interrupt_exit_user, kLatency,
             "return to user mode, mitigations included, but not page-table isolation's");
    v.cycles("pti_entry", p.pti_entry, kLatency, "entry from user mode with kernel.pti on: the write of CR3, besides the rest");
    v.cycles("pti_exit", p.pti_exit, kLatency, "return to user mode with kernel.pti on: the same");
    v.cycles("idle_exit_c1", p.idle_exit_c1, kLatency, "an interrupt of a core that is idle in C1, before its entry");
    v.cycles("idle_exit_deep", p.idle_exit_deep, kLatency, "the same in the deepest C-state");
}

void describe(IpiParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "ipi"};
    v.cycles("icr_write", p.icr_write, kLatency, "one ICR write with the fences it needs");
    v.cycles("flight_socket", p.flight_socket, {1, 10'000'000}, "ICR write to handler entry, same socket");
    v.cycles("flight_cross", p.flight_cross, {1, 10'000'000}, "ICR write to handler entry, other socket");
    v.cycles("busy_sibling", p.busy_sibling, kLatency,
             "added to the flight of an interrupt whose target shares its core with an online sibling thread");
}

void describe(BroadcastParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "broadcast"};
    v.cycles("issue", p.issue, kLatency, "one INVLPGB, which is posted");
    v.cycles("sync", p.sync, kLatency, "one TLBSYNC, besides its wait for confirmations");
    v.cycles("per_sender", p.per_sender, kLatency,
             "what a TLBSYNC waits longer for each other core whose broadcasts are under way: the fabric serves one at a time");
    v.cycles(
        "flight_socket", p.flight_socket, kLatency,
        "INVLPGB to its effect on a core of the same socket, and as long for the confirmation; 0: the part has no INVLPGB");
    v.cycles("flight_cross", p.flight_cross, kLatency, "the same, other socket");
}

}  // namespace

void TlbParams::check(std::string_view key) const {
    if (entries == 0) return;
    const auto refuse = [&](const std::string& found, const std::string& allowed) {
        throw UserError(std::string{key}, "found " + found + " in " + std::to_string(ways) + " ways, allowed: " + allowed);
    };
    if (entries % ways != 0 || !std::has_single_bit(sets()))
        refuse(std::to_string(entries) + " entries", "entries / ways a power of two");
    if (replacement == "tree-plru" && (!std::has_single_bit(ways) || ways > kMaxTreeWays))
        refuse("replacement \"tree-plru\"", "a power of two up to " + std::to_string(kMaxTreeWays));
    if (replacement == "rotating-plru" && ways != kRotatingWays)
        refuse("replacement \"rotating-plru\"", std::to_string(kRotatingWays));
}

void MmuParams::check() const {
    for_each_tlb(*this, [](std::string_view name, const TlbParams& tlb) { tlb.check("hw.mmu." + std::string{name}); });
    for (const char* size : {"4k", "2m", "1g"})
        if (l1d.holds(size) && l1d_large.holds(size) && l1d_huge.holds(size))
            throw UserError("hw.mmu.l1d_huge.sizes", std::string{"found "} + size +
                                                         ", which l1d and l1d_large hold too, allowed: "
                                                         "a page size in at most two arrays of a level");
    if (shared_paging_cache > 0 && pml5_cache + pml4_cache + pdpt_cache + pd_cache > 0)
        throw UserError("hw.mmu.shared_paging_cache", "found " + std::to_string(shared_paging_cache) +
                                                          " beside a cache per level, allowed: one of the two, the others 0");
}

void CacheParams::check(std::string_view key) const {
    const std::uint64_t way = kCacheLineBytes * ways;
    if (bytes >= way && bytes % way == 0) return;
    throw UserError(std::string{key} + ".bytes", "found " + std::to_string(bytes) + " bytes in " + std::to_string(ways) +
                                                     " ways, allowed: multiples of " + std::to_string(way) + " bytes");
}

void MemoryParams::check() const {
    l1d.check("hw.mem.l1d");
    l2.check("hw.mem.l2");
    llc.check("hw.mem.llc");
}

void MachineParams::check() const {
    (void)resolved_quantum();
    mmu.check();
    mem.check();
    if ((broadcast.flight_socket > Cycles{0}) != (broadcast.flight_cross > Cycles{0}))
        throw UserError("hw.broadcast.flight_cross", "found " + std::to_string(broadcast.flight_cross.raw()) +
                                                         " cycles beside hw.broadcast.flight_socket of " +
                                                         std::to_string(broadcast.flight_socket.raw()) +
                                                         ", allowed: both 0 (no INVLPGB) or neither");
}

// A set index of one bit less serves every replacement
// policy, a smaller associativity does not.
MmuParams shared_by_siblings(MmuParams whole) {
    for_each_tlb(whole, [](std::string_view, TlbParams& tlb) {
        if (tlb.entries == 0) return;
        if (tlb.sets() > 1) {
            tlb.entries /= 2;
        } else if (tlb.ways > 1) {
            tlb.ways /= 2;
            tlb.entries = tlb.ways;
        }
    });
    return whole;
}

Cycles MachineParams::lookahead() const {
    const Cycles interrupts = std::min(ipi.flight_socket, ipi.flight_cross);
    return broadcast.present() ? std::min({interrupts, broadcast.flight_socket, broadcast.flight_cross}) : interrupts;
}

Cycles MachineParams::idle_exit() const {
    if (idle == "poll") return Cycles{0};
    return idle == "c1" ? core.idle_exit_c1 : core.idle_exit_deep;
}

Cycles MachineParams::resolved_quantum() const {
    const Cycles limit = lookahead();
    if (limit < Cycles{1}) throw UserError("hw.ipi", "the lookahead (smallest flight) must be at least 1 cycle");
    if (quantum > limit.raw())
        throw UserError("platform.quantum", "found " + std::to_string(quantum) + ", allowed: 0 to the lookahead of " +
                                                std::to_string(limit.raw()) + " cycles (smallest flight)");
    return quantum == 0 ? limit : Cycles{quantum};
}

void describe(MachineParams& p, ParamVisitor& v) {
    {
        const ParamGroup group{v, "platform"};
        v.text("name", p.name, "what the platform is, for people");
        v.count("cores", p.cores, {1, 1024}, "online hardware threads, numbered socket by socket");
        v.count("sockets", p.sockets, {1, 16}, "sockets of the product");
        v.count("cores_per_socket", p.cores_per_socket, {1, 1024}, "cores per socket of the product");
        v.count("cluster_cores", p.cluster_cores, {1, 1024}, "cores that share a last-level cache");
        v.frequency("frequency", p.frequency, {100'000'000, 10'000'000'000}, "fixed core clock; cycles are counted in it");
        v.count("quantum", p.quantum, {0, 10'000'000},
                "cycles that a core may run ahead of the others; 0: the lookahead. Results do not depend on it");
        v.choice("handlers", p.handlers, {"apart", "ordered"},
                 "how cores that handle the same call are simulated: one after the other while nobody could notice, or in the "
                 "order of all their steps. Results do not depend on it");
        v.choice("bus", p.bus, {"dmi", "tlm"}, "how page tables are read: TLM-2.0 DMI, or b_transport for every read");
        v.choice("idle", p.idle, {"poll", "c1", "deep"},
                 "C-state of a core that waits with nothing to do, which an interrupt has to leave first: none (idle=poll), "
                 "hw.core.idle_exit_c1, or hw.core.idle_exit_deep");
        v.choice(
            "page_table_caches", p.page_table_caches, {"fixed", "l2", "l2+llc"},
            "what page-table reads and data accesses cost: fixed latencies, private caches before a fixed LLC, or all levels");
    }
    const ParamGroup group{v, "hw"};
    describe(p.mmu, v);
    describe(p.mem, v);
    describe(p.core, v);
    describe(p.ipi, v);
    describe(p.broadcast, v);
}

}  // namespace splinter::hw
