#include "alloc/smp/user_flush.h"

#include "alloc/accounts.h"

namespace splinter::alloc {

// The ceiling counts whole strides, the INVLPGs reach the end: a range of 6 tables and a page has 7 of them and counts as 6.
RemoteWork UserFlush::ranged(VirtAddr start, std::uint64_t bytes, PageCount stride, RemoteWork::Tables tables) const {
    const std::uint64_t unit = stride.raw() * kPageBytes;
    RemoteWork work;
    work.tables = tables;
    if (PageCount{bytes / unit} > ceiling_) {
        work.kind = RemoteWork::Kind::user_all;
    } else {
        work.kind = RemoteWork::Kind::user_range;
        work.start = start;
        work.steps = PageCount{(bytes + unit - 1) / unit};
        work.stride = stride;
    }
    return work;
}

void UserFlush::mm_range(Cpu& cpu, MmContext& mm, VirtAddr start, std::uint64_t bytes, PageCount stride,
                         RemoteWork::Tables tables) {
    (void)flush(cpu, mm, ranged(start, bytes, stride, tables), nullptr);
}

void UserFlush::unmapped(Cpu& cpu, MmContext& mm, VirtAddr start, std::uint64_t bytes, PageCount stride,
                         RemoteWork::Tables tables, UnmappedMemoryPtr memory) {
    memory = flush(cpu, mm, ranged(start, bytes, stride, tables), std::move(memory));
    if (memory) memory->free(cpu);
}

void UserFlush::whole(Cpu& cpu, MmContext& mm) {
    RemoteWork work;
    work.kind = RemoteWork::Kind::user_all;
    work.tables = RemoteWork::Tables::freed;
    (void)flush(cpu, mm, work, nullptr);
}

// The line that the generation stands in last: what the mechanism asks of it first, for a broadcast, is of that moment.
UnmappedMemoryPtr UserFlush::flush(Cpu& cpu, MmContext& mm, RemoteWork work, UnmappedMemoryPtr memory) {
    const Account account{cpu, kFlush};
    TlbTrace& trace = state().trace();
    ++trace.mm_range_calls;
    cpu.retire(Step::user_flush);
    cpu.touch(state().data().flush_info(cpu.id()), Touch::owned);
    cpu.touch(state().data().mm(mm.slot, layout::MmLine::context), mm.touch());  // inc_mm_tlb_gen(): atomic
    work.mm = &mm;
    work.new_tlb_gen = ++mm.tlb_gen;
    work.initiator = cpu.id();
    ++local_.counters(cpu.id()).flushes;
    if (mechanism_.user_by_broadcast(cpu, work)) return memory;
    cpu.touch(state().data().mm_cpumask(mm.slot, cpu.id()), mm.touch());
    CpuMask others = mm.cpus;
    others.clear(cpu.id());
    const bool mine = &state().loaded_mm(cpu.id()) == &mm;
    if (others.empty() && !mine) return memory;
    if (!others.empty()) {
        ++(work.kind == RemoteWork::Kind::user_all ? trace.send_full : trace.send_ranged);
        others = targets_of(cpu, others, work);
        ++local_.counters(cpu.id()).nr_tlb_remote_flush;  // counted also if nobody is told
    }
    if (order_ == UserFlushOrder::sequential && mine) local_.execute(cpu, work);
    if (memory) return mechanism_.user_unmapped(cpu, others, work, std::move(memory));
    mechanism_.user(cpu, others, work);
    return nullptr;
}

CpuMask UserFlush::targets_of(Cpu& cpu, const CpuMask& others, const RemoteWork& work) {
    if (work.tables == RemoteWork::Tables::freed) return others;
    CpuMask targets;
    others.for_each([&](CpuId target) {
        if (state().should_flush(cpu, target, *work.mm)) targets.set(target);
    });
    return targets;
}

}  // namespace splinter::alloc
