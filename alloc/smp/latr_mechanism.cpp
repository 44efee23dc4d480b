#include "alloc/smp/latr_mechanism.h"

#include <algorithm>

#include "alloc/accounts.h"

namespace splinter::alloc {

LatrMechanism::LatrMechanism(CallFunction& calls, KernelWork& work, std::size_t cpus, layout::KernelData data, Params params)
    : calls_{calls}, work_{work}, data_{data}, params_{params}, cpus_(cpus), quarantine_{cpus} {}

void LatrMechanism::kernel(Cpu& cpu, const RemoteWork& work) {
    const CpuMask others = CallFunction::all_but(cpu);
    if (others.empty() || record(cpu, others, work))
        flush_own_share(cpu, work);
    else
        calls_.run_on(cpu, others, work);
}

UnmappedMemoryPtr LatrMechanism::user_unmapped(Cpu& cpu, const CpuMask& targets, const RemoteWork& work,
                                               UnmappedMemoryPtr memory) {
    if (targets.empty()) {
        flush_own_share(cpu, work);
        return memory;
    }
    const auto index = record(cpu, targets, work);
    if (!index) {
        calls_.run_on(cpu, targets, work);
        return memory;
    }
    const State& state = (*cpus_[cpu.id().index()].states)[*index];
    calls_.counters(cpu.id()).quarantined_pages += memory->pages().raw();
    quarantine_.add(cpu.id(), {std::move(memory), state.since, tick_after(state.since, kReclaimTicks), *index, state.used});
    flush_own_share(cpu, work);
    return nullptr;
}

std::optional<std::size_t> LatrMechanism::record(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) {
    const Account account{cpu, kCallSetup};
    PerCpu& mine = cpus_[cpu.id().index()];
    cpu.order();  // others free states
    const auto free = std::find_if(mine.states->begin(), mine.states->end(), [](const State& s) { return s.left.empty(); });
    if (free == mine.states->end()) {
        ++calls_.counters(cpu.id()).latr_fallbacks;
        return std::nullopt;
    }
    const auto index = static_cast<std::size_t>(free - mine.states->begin());
    cpu.retire(Step::latr_record);
    cpu.touch(data_.latr_state(cpu.id(), index), Touch::contended);
    *free = {work, targets, work.for_user() ? work.mm->ctx_id : 0, cpu.now(), free->used + 1};
    free->work.told = RemoteWork::Told::by_sweep;
    ++mine.used;
    ++calls_.counters(cpu.id()).latr_states;
    return index;
}

void LatrMechanism::flush_own_share(Cpu& cpu, const RemoteWork& work) {
    const Account account{cpu, kLocalFlush};
    calls_.local().execute(cpu, work);
}

void LatrMechanism::run(Cpu& cpu) {
    Cycles& next = cpus_[cpu.id().index()].next_tick;
    next = tick_after(cpu.now(), 1);
    work_.at(cpu, next, *this);
    reclaim(cpu);
}

void LatrMechanism::reclaim(Cpu& cpu) {
    const Account account{cpu, kReclaim};
    const States& states = *cpus_[cpu.id().index()].states;
    KernelCounters& counters = calls_.counters(cpu.id());
    while (const Quarantine::Kept* oldest = quarantine_.oldest(cpu.id())) {
        if (cpu.now() < oldest->not_before) return;
        cpu.touch(data_.latr_state(cpu.id(), oldest->state), Touch::contended);
        const State& state = states[oldest->state];
        if (state.used == oldest->used && !state.left.empty()) return;
        const Quarantine::Kept kept = quarantine_.take_oldest(cpu.id(), cpu.now());
        counters.quarantine_freed_pages += kept.memory->pages().raw();
        counters.quarantine_page_cycles += kept.memory->pages().raw() * (cpu.now() - kept.since).raw();
        kept.memory->free(cpu);
    }
}

void LatrMechanism::ticked(Cpu& cpu) {
    Cycles& next = cpus_[cpu.id().index()].next_tick;
    if (cpu.now() < next) return;
    next = kNever;  // until run() has armed it again
    sweep(cpu);
}

// A state with this CPU's bit stays as it is until this CPU clears it.
std::vector<LatrMechanism::Found> LatrMechanism::find_mine(const Cpu& cpu) const {
    std::vector<Found> found;
    for (std::uint32_t owner = 0; owner < cpus_.size(); ++owner) {
        if (cpus_[owner].used == 0) continue;
        for (std::size_t i = 0; i < cpus_[owner].states->size(); ++i)
            if ((*cpus_[owner].states)[i].left.test(cpu.id())) found.push_back({CpuId{owner}, i});
    }
    return found;
}

// Off: a tick in the middle of a sweep would clear the same bits, and a state that is free may be in use again before the
// sweep goes on.
void LatrMechanism::sweep(Cpu& cpu) {
    const IrqState irqs = cpu.irq_save();
    sweep_with_interrupts_off(cpu);
    cpu.irq_restore(irqs);
}

void LatrMechanism::sweep_with_interrupts_off(Cpu& cpu) {
    const Account account{cpu, kLateFlush};
    cpu.retire(Step::latr_scan, cpus_.size());
    cpu.order();
    const std::vector<Found> found = find_mine(cpu);
    flush(cpu, found);
    for (const auto& [owner, index] : found) {
        cpu.touch(data_.latr_state(owner, index), Touch::contended);  // atomic: the bit
        State& state = (*cpus_[owner.index()].states)[index];
        state.left.clear(cpu.id());
        if (!state.left.empty()) continue;
        --cpus_[owner.index()].used;
        note_swept(cpu, state);
    }
}

void LatrMechanism::note_swept(Cpu& cpu, const State& state) {
    if (!state.work.for_user()) return;
    const Cycles exposure = cpu.now() - state.since;
    ++calls_.counters(cpu.id()).latr_user_swept;
    calls_.counters(cpu.id()).latr_user_exposure_cycles += exposure.raw();
    quarantine_.note_exposure(exposure);
}

// A space that is not loaded is flushed when it is loaded next (its generation); one that has ended is nowhere.
void LatrMechanism::flush(Cpu& cpu, const std::vector<Found>& found) {
    PageCount pages{0};
    bool everything = false;
    std::vector<RemoteWork> of_kernel;
    for (const auto& [owner, index] : found) {
        const State& state = (*cpus_[owner.index()].states)[index];
        if (!state.work.for_user()) {
            of_kernel.push_back(state.work);
            everything = everything || state.work.kind == RemoteWork::Kind::flush_all;
            pages += state.work.steps;
        } else if (calls_.local().tlb_state().loaded_mm(cpu.id()).ctx_id == state.ctx_id) {
            calls_.local().execute(cpu, state.work);
        }
    }
    if (everything || pages > params_.ceiling) return calls_.local().execute(cpu, {RemoteWork::Kind::flush_all});
    for (const RemoteWork& work : of_kernel) calls_.local().execute(cpu, work);
}

}  // namespace splinter::alloc
