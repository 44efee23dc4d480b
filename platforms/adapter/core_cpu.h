// The port alloc::Cpu on a simulated core: the only place that sees both the kernel model and the machine. Each call becomes
// cycles on the core's timeline, accesses through its MMU, messages through its APIC.
//
// Ordering points are placed by the rule of facts "exact and fast": before any access to state that another core can change and
// that no held lock covers. A contended touch has two, before the line's owner is looked up and after its transfer is paid, so
// that what the kernel does after the call happens at that moment for every quantum.
#pragma once

#include "alloc/costs/step_costs.h"
#include "alloc/cpu.h"
#include "hw/core/machine.h"

namespace splinter::platforms {

class CoreCpu final : public alloc::Cpu {
  public:
    CoreCpu(hw::Machine& machine, CpuId id, const alloc::StepCosts& costs, const CpuMask& online);

    [[nodiscard]] const CpuMask& online() const override { return online_; }
    [[nodiscard]] Cycles now() const override { return timeline_.now(); }
    using Cpu::retire;
    void retire(alloc::Step step, std::uint64_t times) override;
    void touch(VirtAddr address, alloc::Touch touch) override;
    void touch_each(const CpuMask& cpus, alloc::Step step, alloc::layout::CpuLines lines,
                    const std::function<void(CpuId)>& visit) override;
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override;
    void store_pte(VirtAddr entry, x86::Pte value) override;
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override;
    void lock(alloc::LockId lock) override;
    void unlock(alloc::LockId lock) override;
    [[nodiscard]] bool try_lock(alloc::LockId lock) override;
    void order() override { timeline_.order(); }
    alloc::IrqState irq_save() override;
    void irq_restore(alloc::IrqState state) override;
    void invalidate(const x86::Invalidation& invalidation) override;
    void write_pkrs(std::uint32_t rights) override { timeline_.advance(core_.mmu().unit().write_pkrs(x86::KeyRights{rights})); }
    void write_cr3(Pfn root, x86::Pcid pcid, x86::Cr3Flush flush) override {
        timeline_.advance(core_.mmu().unit().write_cr3(root, pcid, flush));
    }
    void broadcast(const x86::Invlpgb& invalidation) override { core_.broadcast(invalidation); }
    void sync_broadcasts() override { core_.sync_broadcasts(); }
    void invalidate_everywhere(const x86::Invlpgb& invalidation) override { core_.drop_everywhere(invalidation); }
    void write_icr(const CpuMask& targets, alloc::IcrDestination destination, std::uint8_t vector) override;
    [[nodiscard]] std::uint32_t x2apic_cluster(CpuId cpu) const override {
        return machine_.topology().apic_id(cpu) / alloc::kClusterCpus;
    }
    void set_timer(Cycles when) override { core_.apic().set_timer(when, hw::Vector{alloc::kLocalTimerVector}); }
    void complete(alloc::CompletionId completion, std::uint64_t count) override;
    void wait_for(alloc::CompletionId completion, std::uint64_t count) override;
    void begin_call(std::size_t targets) override { machine_.acknowledgements().begin_call(timeline_, targets); }
    void acknowledge(CpuId caller, std::uint64_t /*call*/) override {
        machine_.acknowledgements().acknowledge(timeline_, caller);
    }
    void end_call(const CpuMask& targets, std::uint64_t call, alloc::layout::CpuLines lines) override;
    void enter(const Label& account) override { timeline_.ledger().enter(account); }
    void leave() override { timeline_.ledger().leave(); }

    [[nodiscard]] hw::Core& core() { return core_; }

  private:
    // The cycles until this core owns a line of shared kernel data.
    [[nodiscard]] Cycles take_from_caches(VirtAddr address, PhysAddr line);
    void order_for(alloc::Touch touch);
    [[nodiscard]] Cycles undisturbed_until(alloc::Touch touch) const;
    // touch() step by step, as others may come between them.
    void touch_in_steps(VirtAddr address, alloc::Touch touch);
    // touch() where it matters which line of memory it is.
    void touch_at_its_place(VirtAddr address, alloc::Touch touch);
    class LineRun;
    hw::Machine& machine_;
    hw::Core& core_;
    hw::Timeline& timeline_;
    hw::LineDirectory& lines_;
    bool plain_lines_;     // a line that no other core owns takes the same wherever it is
    Cycles slowest_line_;  // takes that then at most; else for ever
    const alloc::StepCosts& costs_;
    const CpuMask& online_;
    Cycles icr_write_;
};

}  // namespace splinter::platforms
