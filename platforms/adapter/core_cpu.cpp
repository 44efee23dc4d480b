#include "platforms/adapter/core_cpu.h"

#include "alloc/accounts.h"
#include "alloc/layout.h"

namespace splinter::platforms {
namespace {

constexpr x86::Access kKernelRead{x86::AccessKind::read, x86::Mode::supervisor};
constexpr x86::Access kKernelWrite{x86::AccessKind::write, x86::Mode::supervisor};

}  // namespace

CoreCpu::CoreCpu(hw::Machine& machine, CpuId id, const alloc::StepCosts& costs, const CpuMask& online)
    : Cpu{id},
      machine_{machine},
      core_{machine.core(id)},
      timeline_{core_.timeline()},
      costs_{costs},
      online_{online},
      icr_write_{machine.params().ipi.icr_write} {}

void CoreCpu::retire(alloc::Step step, std::uint64_t times) { timeline_.advance(costs_[step] * times); }

// A line that another core owns comes from there, whatever else the caches say; it is charged once.
[[gnu::always_inline]] inline Cycles CoreCpu::take_line(VirtAddr address, PhysAddr line) {
    const Cycles transfer = machine_.memory().lines().take_from_others(id(), address);
    if (transfer == kNever) return core_.line_latency(line);
    machine_.memory().caches().receive(id(), line);
    return transfer;
}

void CoreCpu::touch(VirtAddr address, alloc::Touch touch) {
    const PhysAddr line = core_.translate(address, kKernelWrite);
    // A line is known by the address at which all cores find it.
    if (touch == alloc::Touch::remapped) [[unlikely]]
        address = alloc::layout::direct_map(line);
    switch (touch) {
        case alloc::Touch::contended:
            timeline_.order();
            timeline_.advance(take_line(address, line));
            timeline_.order();
            return;
        case alloc::Touch::called:
            timeline_.order_for_callee();
            timeline_.advance(take_line(address, line));
            timeline_.order_for_callee();
            return;
        case alloc::Touch::owned:
        case alloc::Touch::remapped:
            timeline_.advance(take_line(address, line));
            return;
    }
}

x86::Pte CoreCpu::load_pte(VirtAddr entry) {
    const PhysAddr address = core_.translate(entry, kKernelRead);
    const Cycles latency = core_.line_latency(address);  // before the entry is read: it may reach an ordering point
    const x86::Pte value = core_.mmu().load(address);
    timeline_.advance(latency);
    return value;
}

void CoreCpu::store_pte(VirtAddr entry, x86::Pte value) {
    const PhysAddr address = core_.translate(entry, kKernelWrite);
    const Cycles latency = core_.line_latency(address);
    core_.mmu().store(address, value);
    timeline_.advance(latency);
}

void CoreCpu::fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) {
    const PhysAddr address = core_.translate(table, kKernelWrite);
    machine_.memory().recent_stores().forget_page(address);  // of what the page was before
    for (std::size_t i = 0; i < entries.size(); ++i) machine_.memory().contents().store(address + i * 8, entries[i]);
    // Whole lines, written without being read first; their cycles are part of the path length.
    for (std::uint64_t offset = 0; offset < kPageBytes; offset += hw::CacheTags::kLineBytes)
        machine_.memory().caches().receive(id(), address + offset);
}

void CoreCpu::lock(alloc::LockId lock) {
    const alloc::Account account{*this, alloc::kLockWait};
    machine_.locks().lock(timeline_, hw::SpinLockId{lock.raw()});
}

bool CoreCpu::try_lock(alloc::LockId lock) {
    const alloc::Account account{*this, alloc::kLockWait};
    return machine_.locks().try_lock(timeline_, hw::SpinLockId{lock.raw()});
}

void CoreCpu::unlock(alloc::LockId lock) { machine_.locks().unlock(timeline_, hw::SpinLockId{lock.raw()}); }

alloc::IrqState CoreCpu::irq_save() {
    const bool enabled = timeline_.interrupts_enabled();
    timeline_.disable_interrupts();
    return enabled ? alloc::IrqState::enabled : alloc::IrqState::disabled;
}

void CoreCpu::irq_restore(alloc::IrqState state) {
    if (state == alloc::IrqState::enabled) timeline_.enable_interrupts();
}

void CoreCpu::invalidate(const x86::Invalidation& invalidation) {
    timeline_.advance(core_.mmu().unit().invalidate(invalidation));
}

void CoreCpu::write_icr(const CpuMask& targets, alloc::IcrDestination /*destination*/, std::uint8_t vector) {
    timeline_.advance(icr_write_);
    core_.apic().send(targets, hw::Vector{vector});
}

void CoreCpu::complete(alloc::CompletionId completion, std::uint64_t count) {
    machine_.words().post(timeline_, hw::WordId{completion.raw()}, count);
}

void CoreCpu::wait_for(alloc::CompletionId completion, std::uint64_t count) {
    machine_.words().wait_until(timeline_, hw::WordId{completion.raw()}, count);
}

}  // namespace splinter::platforms
