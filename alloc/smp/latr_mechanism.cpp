#include "alloc/smp/latr_mechanism.h"

#include <algorithm>

#include "alloc/accounts.h"

namespace splinter::alloc {

LatrMechanism::LatrMechanism(CallFunction& calls, KernelWork& work, std::size_t cpus, layout::KernelData data, Params params)
    : calls_{calls}, work_{work}, data_{data}, params_{params}, cpus_(cpus) {}

void LatrMechanism::kernel(Cpu& cpu, const RemoteWork& work) {
    const CpuMask others = CallFunction::all_but(cpu);
    PerCpu& mine = cpus_[cpu.id().index()];
    cpu.order();  // others free states
    const auto free = std::find_if(mine.states->begin(), mine.states->end(), [](const State& s) { return s.left.empty(); });
    if (free == mine.states->end()) {
        ++calls_.counters(cpu.id()).latr_fallbacks;
        calls_.run_on(cpu, others, work);
        return;
    }
    if (!others.empty()) {
        const Account account{cpu, kCallSetup};
        cpu.retire(Step::latr_record);
        cpu.touch(data_.latr_state(cpu.id(), static_cast<std::uint64_t>(free - mine.states->begin())), Touch::contended);
        *free = {work, others};
        ++mine.used;
        ++calls_.counters(cpu.id()).latr_states;
    }
    const Account account{cpu, kLocalFlush};
    calls_.local().execute(cpu, work);
}

void LatrMechanism::run(Cpu& cpu) {
    Cycles& next = cpus_[cpu.id().index()].next_tick;
    next = params_.tick * (cpu.now().raw() / params_.tick.raw() + 1);
    work_.at(cpu, next, *this);
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

void LatrMechanism::sweep(Cpu& cpu) {
    const Account account{cpu, kLateFlush};
    cpu.retire(Step::latr_scan, cpus_.size());
    cpu.order();
    const std::vector<Found> found = find_mine(cpu);
    std::vector<RemoteWork> works;
    for (const auto& [owner, index] : found) {
        works.push_back((*cpus_[owner.index()].states)[index].work);
    }
    flush(cpu, works);
    for (const auto& [owner, index] : found) {
        cpu.touch(data_.latr_state(owner, index), Touch::contended);  // atomic: the bit
        State& state = (*cpus_[owner.index()].states)[index];
        state.left.clear(cpu.id());
        if (state.left.empty()) --cpus_[owner.index()].used;
    }
}

void LatrMechanism::flush(Cpu& cpu, const std::vector<RemoteWork>& works) {
    PageCount pages{0};
    bool everything = false;
    for (const RemoteWork& work : works) {
        everything = everything || work.kind == RemoteWork::Kind::flush_all;
        pages += work.steps;
    }
    if (everything || pages > params_.ceiling) return calls_.local().execute(cpu, {RemoteWork::Kind::flush_all});
    for (const RemoteWork& work : works) calls_.local().execute(cpu, work);
}

}  // namespace splinter::alloc
