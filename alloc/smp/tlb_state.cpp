#include "alloc/smp/tlb_state.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

class IrqsOff {
  public:
    explicit IrqsOff(Cpu& cpu) : cpu_{cpu}, state_{cpu.irq_save()} {}
    ~IrqsOff() noexcept(false) {
        if (std::uncaught_exceptions() == 0) cpu_.irq_restore(state_);
    }
    IrqsOff(const IrqsOff&) = delete;
    IrqsOff& operator=(const IrqsOff&) = delete;

  private:
    Cpu& cpu_;
    IrqState state_;
};

}  // namespace

void TlbState::start_in(CpuId cpu, MmContext& mm) {
    PerCpu& mine = state(cpu);
    mine = PerCpu{};
    mine.mm = &mm;
    mine.contexts[0] = {mm.ctx_id, mm.tlb_gen};
    mm.cpus.set(cpu);
}

void TlbState::init(Cpu& cpu, MmContext& mm, Pfn pgd, MmUse use) {
    cpu.order();  // numbers and slots are everybody's
    const auto slot = std::ranges::find(slots_in_use_, false);
    SPLINTER_CHECK(slot != slots_in_use_.end(), "fewer than 32,768 address spaces live at once");
    *slot = true;
    mm = MmContext{};
    mm.slot = layout::MmSlot{static_cast<std::uint32_t>(slot - slots_in_use_.begin())};
    mm.pgd = pgd;
    mm.use = use;
    mm.ctx_id = ++last_ctx_id_;
}

void TlbState::destroy(Cpu& cpu, MmContext& mm) {
    cpu.order();
    SPLINTER_CHECK(mm.cpus.empty(), "an address space that ends is loaded nowhere");
    slots_in_use_[mm.slot.raw()] = false;
}

void TlbState::switch_mm(Cpu& cpu, MmContext& next) {
    const IrqsOff irqs_off{cpu};
    switch_mm_irqs_off(cpu, next);
}

// The mask before the generation: a flush that misses this CPU in the mask has raised the generation before it is read here.
void TlbState::switch_mm_irqs_off(Cpu& cpu, MmContext& next) {
    PerCpu& mine = state(cpu.id());
    MmContext& prev = loaded(mine);
    const bool was_lazy = mine.is_lazy;
    cpu.retire(Step::switch_mm);
    if (was_lazy) {
        cpu.touch(data_.tlb_state_shared(cpu.id()), prev.touch());
        mine.is_lazy = false;
    }
    Choice choice{mine.asid, x86::Cr3Flush::flush};
    std::uint64_t next_gen = 0;
    if (&prev == &next) {
        if (!was_lazy) return;
        cpu.touch(data_.mm(next.slot, layout::MmLine::context), next.touch());
        next_gen = next.tlb_gen;
        if (next.global_asid != 0) {
            if (mine.asid == next.global_asid) return;
            choice = {next.global_asid, x86::Cr3Flush::no_flush};
        } else if (mine.contexts[mine.asid].tlb_gen == next_gen) {
            return;
        }
    } else {
        if (&prev != &init_mm_) {
            cpu.touch(data_.mm_cpumask(prev.slot, cpu.id()), prev.touch());
            prev.cpus.clear(cpu.id());
            mine.mm = nullptr;  // others may look, and each change that they can see is made at an ordering point
        }
        if (&next != &init_mm_) {
            cpu.touch(data_.mm_cpumask(next.slot, cpu.id()), next.touch());
            next.cpus.set(cpu.id());
            mine.mm = &next;
            cpu.touch(data_.mm(next.slot, layout::MmLine::context), next.touch());
        }
        next_gen = next.tlb_gen;
        choice = choose_new_asid(mine, next, next_gen);
    }
    if (choice.flush == x86::Cr3Flush::flush) mine.contexts[choice.asid] = {next.ctx_id, next_gen};
    load_cr3(cpu, next, choice);
    mine.asid = choice.asid;
}

TlbState::Choice TlbState::choose_new_asid(PerCpu& mine, const MmContext& next, std::uint64_t next_gen) const {
    using x86::Cr3Flush;
    if (next.global_asid != 0) return {next.global_asid, Cr3Flush::no_flush};  // broadcasts reach all CPUs
    if (pcids_ == Pcids::absent) return {0, Cr3Flush::flush};
    if (mine.invalidate_other) clear_asid_other(mine);
    for (std::uint16_t asid = 0; asid < kAsids; ++asid)
        if (mine.contexts[asid].ctx_id == next.ctx_id)
            return {asid, mine.contexts[asid].tlb_gen < next_gen ? Cr3Flush::flush : Cr3Flush::no_flush};
    std::uint16_t asid = mine.next_asid++;
    if (asid >= kAsids) {
        asid = 0;
        mine.next_asid = 1;
    }
    return {asid, Cr3Flush::flush};
}

void TlbState::clear_asid_other(PerCpu& mine) {
    for (std::uint16_t asid = 0; asid < kAsids; ++asid)
        if (asid != mine.asid) mine.contexts[asid].ctx_id = 0;
    mine.invalidate_other = false;
}

// load_new_mm_cr3(). Here a flush under page-table isolation would mark the ASID's user PCID as well (invalidate_user_asid()).
void TlbState::load_cr3(Cpu& cpu, const MmContext& mm, const Choice& choice) {
    ++(choice.flush == x86::Cr3Flush::flush ? trace_.switch_flush : trace_.switch_keep);
    cpu.write_cr3(mm.pgd, pcid_of(choice.asid), choice.flush);
}

void TlbState::enter_lazy_tlb(Cpu& cpu) {
    PerCpu& mine = state(cpu.id());
    if (mine.mm == nullptr) return;
    cpu.touch(data_.tlb_state_shared(cpu.id()), mine.mm->touch());
    mine.is_lazy = true;
}

void TlbState::leave_mm(Cpu& cpu) {
    const PerCpu& mine = state(cpu.id());
    if (mine.mm == nullptr) return;
    SPLINTER_CHECK(mine.is_lazy, "leave_mm() on a lazy CPU");
    switch_mm(cpu, init_mm_);
}

void TlbState::flush_tlb_func(Cpu& cpu, const RemoteWork& work, KernelCounters& counters) {
    PerCpu& mine = state(cpu.id());
    const bool local = cpu.id() == work.initiator;
    cpu.retire(Step::flush_func);
    if (!local && work.told == RemoteWork::Told::by_interrupt) {
        ++trace_.tlb_irqs;
        ++counters.nr_tlb_remote_flush_received;
    }
    if (mine.mm == nullptr || mine.mm != work.mm) return;
    if (mine.is_lazy) {
        ++trace_.left_lazily;
        return switch_mm_irqs_off(cpu, init_mm_);
    }
    if (work.mm->use == MmUse::any_cpu) cpu.order();  // another initiator may give the space its global ASID now
    if (work.mm->global_asid != 0) {
        if (mine.asid != work.mm->global_asid) {
            mine.asid = work.mm->global_asid;
            load_cr3(cpu, *work.mm, {mine.asid, x86::Cr3Flush::no_flush});
        }
        return;
    }
    Context& context = mine.contexts[mine.asid];
    if (work.new_tlb_gen <= context.tlb_gen) return;
    cpu.touch(data_.mm(work.mm->slot, layout::MmLine::context), work.mm->touch());
    const std::uint64_t mm_gen = work.mm->tlb_gen;
    SPLINTER_CHECK(context.tlb_gen <= mm_gen, "no TLB is ahead of its address space");
    // local_tlb_gen == mm_tlb_gen comes to Linux here only from arch_tlbbatch_flush(), which asks for no generation.
    // One flush behind and no other is coming: the range will do. Else everything, which catches up with all of them.
    const bool ranged =
        work.kind == RemoteWork::Kind::user_range && work.new_tlb_gen == context.tlb_gen + 1 && work.new_tlb_gen == mm_gen;
    if (ranged) {
        flush_range(cpu, work);
        if (local) counters.nr_tlb_local_flush_one += work.steps.raw();
        ++(local ? trace_.local_ranged : trace_.remote_ranged);
    } else {
        cpu.invalidate(x86::Invalidation::current_pcid());  // flush_tlb_local()
        if (local) ++counters.nr_tlb_local_flush_all;
        ++(local ? trace_.local_full : trace_.remote_full);
    }
    context.tlb_gen = mm_gen;
}

void TlbState::flush_range(Cpu& cpu, const RemoteWork& work) {
    for (std::uint64_t i = 0; i < work.steps.raw(); ++i) flush_one_user(cpu, work.start + i * work.stride.raw() * kPageBytes);
}

void TlbState::flush_one_user(Cpu& cpu, VirtAddr va) {
    flush_address(cpu, state(cpu.id()), va);
    ++trace_.user_invlpg;
}

void TlbState::assign_global_asid(MmContext& mm) {
    if (mm.global_asid != 0 || pcids_ == Pcids::absent || next_global_asid_ > last_global_asid()) return;
    mm.global_asid = next_global_asid_++;
    mm.in_transition = true;
}

void TlbState::catch_up(const MmContext& mm) {
    for (PerCpu& cpu : cpus_)
        for (Context& context : cpu.contexts)
            if (context.ctx_id == mm.ctx_id) context.tlb_gen = mm.tlb_gen;
}

bool TlbState::should_flush(Cpu& cpu, CpuId target, const MmContext& mm) {
    cpu.retire(Step::lazy_check);
    cpu.touch(data_.tlb_state_shared(target), mm.touch());
    return !state(target).is_lazy && state(target).mm == &mm;
}

}  // namespace splinter::alloc
