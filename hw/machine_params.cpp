#include "hw/machine_params.h"

#include <bit>

#include "hw/base/user_error.h"

namespace splinter::hw {
namespace {

constexpr Limits kLatency{0, 10'000'000};

void describe(TlbParams& p, std::string_view name, ParamVisitor& v) {
    const ParamGroup group{v, name};
    v.count("entries", p.entries, {0, 65536}, "entries; 0: the part has no such array");
    v.count("ways", p.ways, {1, 4096}, "associativity; entries / ways is a power of two");
}

void describe(MmuParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "mmu"};
    describe(p.l1d_4k, "l1d_4k", v);
    describe(p.l1d_2m, "l1d_2m", v);
    describe(p.l1d_1g, "l1d_1g", v);
    describe(p.l2_4k, "l2_4k", v);
    describe(p.l2_2m, "l2_2m", v);
    describe(p.l2_1g, "l2_1g", v);
    v.cycles("l2_hit", p.l2_hit, kLatency, "added by an L1 TLB miss that hits the L2 TLB");
    v.cycles("l2_miss", p.l2_miss, kLatency, "added before a page walk: the look-up in the L2 TLB that found nothing");
    v.cycles("walk_step", p.walk_step, kLatency, "page-walk state machine, per level walked");
    v.count("pml4_cache", p.pml4_cache, {0, 1024}, "PML4E cache, entries, fully associative");
    v.count("pdpt_cache", p.pdpt_cache, {0, 1024}, "PDPTE cache, entries, fully associative");
    v.count("pd_cache", p.pd_cache, {0, 1024}, "PDE cache, entries, fully associative");
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
    v.cycles("transfer_cluster", p.transfer_cluster, kLatency, "a line taken from another core of the cluster");
    v.cycles("transfer_socket", p.transfer_socket, kLatency, "a line taken from another cluster of the socket");
    v.cycles("transfer_cross", p.transfer_cross, kLatency, "a line taken from another socket");
}

void describe(CoreParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "core"};
    v.cycles("invlpg", p.invlpg, kLatency, "one INVLPG");
    v.cycles("full_flush", p.full_flush, kLatency, "flush of everything, global entries included (INVPCID type 2)");
    v.cycles("cr3_write", p.cr3_write, kLatency, "MOV CR3 without the no-flush bit");
    v.cycles("wrpkru", p.wrpkru, kLatency, "one WRPKRU");
    v.cycles("interrupt_entry_kernel", p.interrupt_entry_kernel, kLatency, "interrupt entry, interrupted in the kernel");
    v.cycles("interrupt_exit_kernel", p.interrupt_exit_kernel, kLatency, "return to the kernel");
    v.cycles("interrupt_entry_user", p.interrupt_entry_user, kLatency, "interrupt entry from user mode, mitigations included");
    v.cycles("interrupt_exit_user", p.interrupt_exit_user, kLatency, "return to user mode, mitigations included");
}

void describe(IpiParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "ipi"};
    v.cycles("icr_write", p.icr_write, kLatency, "one ICR write with the fences it needs");
    v.cycles("flight_socket", p.flight_socket, {1, 10'000'000}, "ICR write to handler entry, same socket");
    v.cycles("flight_cross", p.flight_cross, {1, 10'000'000}, "ICR write to handler entry, other socket");
}

}  // namespace

std::uint64_t checked_sets(const TlbParams& params, std::string_view key) {
    const std::uint64_t sets = params.entries / params.ways;
    if (params.entries > 0 && (params.entries % params.ways != 0 || !std::has_single_bit(sets)))
        throw UserError(std::string{key}, "found " + std::to_string(params.entries) + " entries in " +
                                              std::to_string(params.ways) + " ways, allowed: entries / ways a power of two");
    return sets;
}

void MachineParams::check() const {
    (void)resolved_quantum();
    (void)checked_sets(mmu.l1d_4k, "hw.mmu.l1d_4k");
    (void)checked_sets(mmu.l1d_2m, "hw.mmu.l1d_2m");
    (void)checked_sets(mmu.l1d_1g, "hw.mmu.l1d_1g");
    (void)checked_sets(mmu.l2_4k, "hw.mmu.l2_4k");
    (void)checked_sets(mmu.l2_2m, "hw.mmu.l2_2m");
    (void)checked_sets(mmu.l2_1g, "hw.mmu.l2_1g");
}

Cycles MachineParams::resolved_quantum() const {
    const Cycles limit = lookahead();
    if (limit < Cycles{1}) throw UserError("hw.ipi", "the lookahead (smallest IPI flight) must be at least 1 cycle");
    if (quantum > limit.raw())
        throw UserError("platform.quantum", "found " + std::to_string(quantum) + ", allowed: 0 to the lookahead of " +
                                                std::to_string(limit.raw()) + " cycles (smallest IPI flight)");
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
        v.choice("bus", p.bus, {"dmi", "tlm"}, "how page tables are read: TLM-2.0 DMI, or b_transport for every read");
        v.choice(
            "page_table_caches", p.page_table_caches, {"fixed", "l2", "l2+llc"},
            "what page-table reads and data accesses cost: fixed latencies, private caches before a fixed LLC, or all levels");
    }
    const ParamGroup group{v, "hw"};
    describe(p.mmu, v);
    describe(p.mem, v);
    describe(p.core, v);
    describe(p.ipi, v);
}

}  // namespace splinter::hw
