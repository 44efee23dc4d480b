// Which address space each CPU has loaded, and how far its TLB is behind: struct tlb_state, switch_mm_irqs_off(),
// enter_lazy_tlb(), leave_mm(), flush_tlb_func() and should_flush_tlb() of arch/x86/mm/tlb.c, Linux 6.12; 6.1 differs in none
// of the rules here (both clear the CPU of the space that is left in its mask at once, as far as 6.12.117; 6.14 does it late).
//
// A CPU remembers six address spaces (ASIDs), each under a PCID of its own, and for each the generation up to which its
// translations are good. Loading one that is up to date keeps its entries. Without PCID every load flushes.
//
// Page-table isolation: a flush of one address, the kernel's or a process's, also drops it under the ASID's PCID of user mode,
// INVLPG and INVPCID; of the kernel's it makes other address spaces flush at their next load. The tables of user mode are not
// modelled: its PCIDs are empty, and what invalidate_user_asid() would flush on a return to user mode costs nothing there.
// Leaves out: CPUs without INVPCID under isolation (Ivy Bridge), which mark that PCID instead, LAM, IBPB, the L1D flush, the
// LDT, membarrier(), trim_cpumask (a CPU that left is never in the mask).
#pragma once

#include <array>
#include <vector>

#include "alloc/counters.h"
#include "alloc/smp/remote_work.h"

namespace splinter::alloc {

enum class Pcids : std::uint8_t { absent, present };
enum class Isolation : std::uint8_t { off, on };  // of page tables: kernel.pti

// What recorded kernels count with tracepoints and /proc/interrupts; sums over all CPUs.
struct TlbTrace {
    std::uint64_t mm_range_calls = 0;  // flush_tlb_mm_range()
    std::uint64_t send_full = 0;       // trace_tlb_flush(TLB_REMOTE_SEND_IPI): also if every target is lazy
    std::uint64_t send_ranged = 0;
    std::uint64_t remote_full = 0;  // TLB_REMOTE_SHOOTDOWN
    std::uint64_t remote_ranged = 0;
    std::uint64_t local_full = 0;  // TLB_LOCAL_MM_SHOOTDOWN
    std::uint64_t local_ranged = 0;
    std::uint64_t tlb_irqs = 0;      // irq_tlb_count: "TLB shootdowns" of /proc/interrupts
    std::uint64_t user_invlpg = 0;   // flush_tlb_one_user()
    std::uint64_t left_lazily = 0;   // a lazy CPU went to init_mm because tables were freed
    std::uint64_t switch_flush = 0;  // TLB_FLUSH_ON_TASK_SWITCH
    std::uint64_t switch_keep = 0;   // CR3 written, nothing flushed
};

// visit(name, member pointer), the only list of the names.
template <class Visitor>
void for_each_trace(Visitor&& visit) {
    visit("mm_range_calls", &TlbTrace::mm_range_calls);
    visit("send_full", &TlbTrace::send_full);
    visit("send_ranged", &TlbTrace::send_ranged);
    visit("remote_full", &TlbTrace::remote_full);
    visit("remote_ranged", &TlbTrace::remote_ranged);
    visit("local_full", &TlbTrace::local_full);
    visit("local_ranged", &TlbTrace::local_ranged);
    visit("tlb_irqs", &TlbTrace::tlb_irqs);
    visit("user_invlpg", &TlbTrace::user_invlpg);
    visit("left_lazily", &TlbTrace::left_lazily);
    visit("switch_flush", &TlbTrace::switch_flush);
    visit("switch_keep", &TlbTrace::switch_keep);
}

class TlbState {
  public:
    static constexpr std::size_t kAsids = 6;  // TLB_NR_DYN_ASIDS

    TlbState(std::size_t cpus, layout::KernelData data) : data_{data}, cpus_(cpus), slots_in_use_(kSlots) {
        init_mm_.ctx_id = 1;
    }
    TlbState(const TlbState&) = delete;
    TlbState& operator=(const TlbState&) = delete;
    // Before the first CPU runs.
    void set_pcids(Pcids pcids) { pcids_ = pcids; }
    void set_isolation(Isolation isolation) { isolation_ = isolation; }
    void set_init_root(Pfn root) { init_mm_.pgd = root; }
    // Boot has loaded `mm` on this CPU, with the PCID of ASID 0 (initialize_tlbstate_and_flush()). Untimed.
    void start_in(CpuId cpu, MmContext& mm);

    // init_new_context() and destroy_context(). REQUIRES at the end: loaded nowhere.
    void init(Cpu& cpu, MmContext& mm, Pfn pgd, MmUse use);
    void destroy(Cpu& cpu, MmContext& mm);

    // switch_mm(): loads another address space, or the same after lazy mode.
    void switch_mm(Cpu& cpu, MmContext& next);
    // This CPU goes idle or runs a kernel thread: keeps what is loaded.
    void enter_lazy_tlb(Cpu& cpu);
    // Loads init_mm. REQUIRES: lazy.
    void leave_mm(Cpu& cpu);
    // On return no translation of the range that is older than the flush is left on this CPU, if `work.mm` is loaded; if not,
    // a later load will flush. Its own share as well as another CPU's. REQUIRES: interrupts off.
    void flush_tlb_func(Cpu& cpu, const RemoteWork& work, KernelCounters& counters);
    // Whether `target`, which is in the space's mask, must be interrupted. An ordering point.
    [[nodiscard]] bool should_flush(Cpu& cpu, CpuId target, const MmContext& mm);

    // use_global_asid() of Linux 6.15: from here on each CPU that loads the space, or is told to flush it, takes the same ASID
    // for it. None are left after some 4,000: then nothing. REQUIRES: at an ordering point.
    void assign_global_asid(MmContext& mm);
    // For mechanism `ideal`, which has dropped what it must: no CPU has to catch up with the space's flushes so far.
    void catch_up(const MmContext& mm);

    // flush_tlb_one_kernel(). Without isolation Linux takes the leaf for global, which INVLPG drops under every PCID; one that
    // is not stays. With it all address spaces but the loaded one flush when this CPU next loads them.
    void flush_one_kernel(Cpu& cpu, VirtAddr va) {
        PerCpu& mine = state(cpu.id());
        flush_address(cpu, mine, va);
        if (isolation_ == Isolation::on) mine.invalidate_other = true;
    }

    [[nodiscard]] MmContext& init_mm() { return init_mm_; }
    [[nodiscard]] const MmContext& loaded_mm(CpuId cpu) { return loaded(state(cpu)); }
    [[nodiscard]] bool is_lazy(CpuId cpu) { return state(cpu).is_lazy; }
    [[nodiscard]] std::uint16_t loaded_asid(CpuId cpu) { return state(cpu).asid; }
    // kern_pcid()
    [[nodiscard]] x86::Pcid pcid_of(std::uint16_t asid) const {
        return x86::Pcid{static_cast<std::uint16_t>(pcids_ == Pcids::present ? asid + 1 : 0)};
    }
    [[nodiscard]] TlbTrace& trace() { return trace_; }
    [[nodiscard]] const layout::KernelData& data() const { return data_; }

  private:
    static constexpr std::size_t kSlots = layout::KernelData::kMms;
    struct Context {
        std::uint64_t ctx_id = 0;  // 0: none
        std::uint64_t tlb_gen = 0;
    };
    struct PerCpu {               // struct tlb_state
        MmContext* mm = nullptr;  // none: init_mm
        std::uint16_t asid = 0;   // loaded_mm_asid
        std::uint16_t next_asid = 1;
        bool is_lazy = false;  // tlb_state_shared: read by others
        bool invalidate_other = false;
        std::array<Context, kAsids> contexts{};
    };
    struct Choice {
        std::uint16_t asid;
        x86::Cr3Flush flush;
    };
    [[nodiscard]] PerCpu& state(CpuId cpu) { return cpus_[cpu.index()]; }
    [[nodiscard]] MmContext& loaded(PerCpu& mine) { return mine.mm == nullptr ? init_mm_ : *mine.mm; }
    void switch_mm_irqs_off(Cpu& cpu, MmContext& next);
    static constexpr std::uint16_t kFirstGlobalAsid = kAsids;
    // MAX_ASID_AVAILABLE: PCIDs have 12 bits, of which isolation takes the highest for user mode.
    [[nodiscard]] std::uint16_t last_global_asid() const { return isolation_ == Isolation::on ? 2046 : 4094; }
    [[nodiscard]] Choice choose_new_asid(PerCpu& mine, const MmContext& next, std::uint64_t next_gen) const;
    static void clear_asid_other(PerCpu& mine);
    void load_cr3(Cpu& cpu, const MmContext& mm, const Choice& choice);
    void flush_range(Cpu& cpu, const RemoteWork& work);
    void flush_one_user(Cpu& cpu, VirtAddr va);
    // native_flush_tlb_one_user()
    void flush_address(Cpu& cpu, const PerCpu& mine, VirtAddr va) {
        cpu.invalidate(x86::Invalidation::page(va));
        if (isolation_ == Isolation::on && pcids_ == Pcids::present)
            cpu.invalidate(x86::Invalidation::pcid_address(user_pcid(mine.asid), va));
    }
    [[nodiscard]] static x86::Pcid user_pcid(std::uint16_t asid) {
        constexpr unsigned kUserPcidBit = 1U << 11;  // X86_CR3_PTI_PCID_USER_BIT
        return x86::Pcid{static_cast<std::uint16_t>((asid + 1U) | kUserPcidBit)};
    }

    layout::KernelData data_;
    Pcids pcids_ = Pcids::present;
    Isolation isolation_ = Isolation::off;
    MmContext init_mm_;
    std::vector<PerCpu> cpus_;
    std::uint64_t last_ctx_id_ = 1;                      // last_mm_ctx_id
    std::uint16_t next_global_asid_ = kFirstGlobalAsid;  // never reused
    std::vector<bool> slots_in_use_;
    TlbTrace trace_;
};

}  // namespace splinter::alloc
