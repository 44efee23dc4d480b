// The port alloc::Cpu before the simulation starts: one CPU, nothing costs time, nobody else runs. Boot allocates through it.
#pragma once

#include "alloc/cpu.h"
#include "alloc/layout.h"
#include "hw/base/check.h"
#include "hw/x86/phys_mem.h"

namespace splinter::platforms {

class BootCpu : public alloc::Cpu {
  public:
    explicit BootCpu(x86::PhysMem& memory) : BootCpu{CpuId{0U}, memory} {}
    // Each CPU alone: flushes reach nobody else.
    BootCpu(CpuId id, x86::PhysMem& memory) : Cpu{id}, memory_{memory} { online_.set(id); }

    [[nodiscard]] const CpuMask& online() const override { return online_; }
    [[nodiscard]] Cycles now() const override { return Cycles{0}; }
    using Cpu::retire;
    void retire(alloc::Step, std::uint64_t) override {}
    void touch(VirtAddr, alloc::Touch) override {}
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override { return memory_.load(address_of(entry)); }
    void store_pte(VirtAddr entry, x86::Pte value) override { memory_.store(address_of(entry), value); }
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override {
        for (std::size_t i = 0; i < entries.size(); ++i) store_pte(table + i * 8, entries[i]);
    }
    void lock(alloc::LockId) override {}
    void unlock(alloc::LockId) override {}
    alloc::IrqState irq_save() override { return alloc::IrqState::disabled; }
    void irq_restore(alloc::IrqState) override {}
    void invalidate(const x86::Invalidation&) override {}
    void write_icr(const CpuMask&, alloc::IcrDestination, std::uint8_t) override {
        SPLINTER_CHECK(false, "no interrupts during boot");
    }
    void complete(alloc::CompletionId, std::uint64_t) override {}
    void wait_for(alloc::CompletionId, std::uint64_t) override {}
    void enter(const Label&) override {}
    void leave() override {}

  private:
    static PhysAddr address_of(VirtAddr va) { return PhysAddr{va - alloc::layout::kDirectMap}; }
    x86::PhysMem& memory_;
    CpuMask online_;
};

}  // namespace splinter::platforms
