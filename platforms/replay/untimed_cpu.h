// A CPU without a machine: the allocator's own code, run for what it does and not for what it costs. Nothing interrupts it, so
// that locks have nothing to keep out.
#pragma once

#include "alloc/cpu.h"
#include "hw/base/check.h"

namespace splinter::platforms {

class UntimedCpu : public alloc::Cpu {
  public:
    UntimedCpu(CpuId id, std::size_t cpus) : Cpu{id}, online_{CpuMask::first(cpus)} {}

    [[nodiscard]] const CpuMask& online() const override { return online_; }
    [[nodiscard]] Cycles now() const override { return Cycles{0}; }
    void retire(alloc::Step, std::uint64_t) override {}
    void touch(VirtAddr, alloc::Touch) override {}
    void lock(alloc::LockId) override {}
    void unlock(alloc::LockId) override {}
    [[nodiscard]] bool try_lock(alloc::LockId) override { return true; }
    alloc::IrqState irq_save() override { return alloc::IrqState::enabled; }
    void irq_restore(alloc::IrqState) override {}
    void enter(const Label&) override {}
    void leave() override {}

    // The page allocator alone does none of these.
    [[nodiscard]] x86::Pte load_pte(VirtAddr) override { refuse(); }
    void store_pte(VirtAddr, x86::Pte) override { refuse(); }
    void fill_table(VirtAddr, std::span<const x86::Pte, x86::kEntriesPerTable>) override { refuse(); }
    void invalidate(const x86::Invalidation&) override { refuse(); }
    void write_icr(const CpuMask&, alloc::IcrDestination, std::uint8_t) override { refuse(); }
    void complete(alloc::CompletionId, std::uint64_t) override { refuse(); }
    void wait_for(alloc::CompletionId, std::uint64_t) override { refuse(); }

  private:
    [[noreturn]] static void refuse() { SPLINTER_CHECK(false, "a CPU without a machine has no page tables and no interrupts"); }

    CpuMask online_;
};

}  // namespace splinter::platforms
