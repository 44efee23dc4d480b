#include "alloc/smp/invlpgb_mechanism.h"

#include "alloc/accounts.h"
#include "alloc/smp/broadcast_range.h"

namespace splinter::alloc {

void InvlpgbMechanism::kernel(Cpu& cpu, const RemoteWork& work) {
    {
        const Account account{cpu, kCallSetup};
        for_each_broadcast(work, [&](const x86::Invlpgb& invalidation) { post(cpu, invalidation); });
    }
    sync(cpu);
}

void InvlpgbMechanism::sync(Cpu& cpu) {
    const Account account{cpu, kAckWait};
    ++calls_.counters(cpu.id()).tlbsync;
    cpu.sync_broadcasts();
}

void InvlpgbMechanism::user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) {
    calls_.run_on(cpu, targets, work);
    if (targets.count() + 1 <= kMostWithoutGlobalAsid) return;
    TlbState& tlb = calls_.local().tlb_state();
    cpu.touch(tlb.data().mm(work.mm->slot, layout::MmLine::context), work.mm->touch());
    tlb.assign_global_asid(*work.mm);
}

bool InvlpgbMechanism::user_by_broadcast(Cpu& cpu, const RemoteWork& work) {
    const MmContext& mm = *work.mm;
    if (mm.global_asid == 0) return false;
    {
        const Account account{cpu, kCallSetup};
        x86::Invlpgb like;
        like.contexts = x86::Invlpgb::Contexts::one;
        like.pcid = calls_.local().tlb_state().pcid_of(mm.global_asid);
        like.structures =
            work.tables == RemoteWork::Tables::freed ? x86::Invlpgb::Structures::dropped : x86::Invlpgb::Structures::kept;
        for_each_broadcast(work, like, [&](const x86::Invlpgb& invalidation) { post(cpu, invalidation); });
    }
    finish_transition(cpu, work);
    sync(cpu);
    return true;
}

void InvlpgbMechanism::finish_transition(Cpu& cpu, const RemoteWork& work) {
    TlbState& tlb = calls_.local().tlb_state();
    cpu.order();
    if (!work.mm->in_transition) return;
    cpu.touch(tlb.data().mm_cpumask(work.mm->slot, cpu.id()), work.mm->touch());
    CpuMask others = work.mm->cpus;
    others.clear(cpu.id());
    calls_.run_on(cpu, others, work);
    cpu.touch(tlb.data().mm(work.mm->slot, layout::MmLine::context), work.mm->touch());
    work.mm->in_transition = false;  // not before: who flushes meanwhile must wait for the same CPUs
}

void InvlpgbMechanism::post(Cpu& cpu, const x86::Invlpgb& invalidation) {
    ++calls_.counters(cpu.id()).invlpgb;
    cpu.broadcast(invalidation);
}

}  // namespace splinter::alloc
