// A CPU that passes every call on to another one: the base of CPUs that lie to the kernel about one thing.
#pragma once

#include "alloc/cpu.h"

namespace splinter::platforms::testing {

class ForwardingCpu : public alloc::Cpu {
  public:
    explicit ForwardingCpu(alloc::Cpu& real) : Cpu{real.id()}, real_{real} {}
    [[nodiscard]] alloc::Cpu& real() { return real_; }

    [[nodiscard]] const CpuMask& online() const override { return real_.online(); }
    [[nodiscard]] Cycles now() const override { return real_.now(); }
    void retire(alloc::Step step, std::uint64_t times) override { real_.retire(step, times); }
    void touch(VirtAddr address, alloc::Touch touch) override { real_.touch(address, touch); }
    void touch_each(const CpuMask& cpus, alloc::Step step, alloc::layout::CpuLines lines,
                    const std::function<void(CpuId)>& visit) override {
        real_.touch_each(cpus, step, lines, visit);
    }
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override { return real_.load_pte(entry); }
    void store_pte(VirtAddr entry, x86::Pte value) override { real_.store_pte(entry, value); }
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override {
        real_.fill_table(table, entries);
    }
    void lock(alloc::LockId lock) override { real_.lock(lock); }
    void unlock(alloc::LockId lock) override { real_.unlock(lock); }
    [[nodiscard]] bool try_lock(alloc::LockId lock) override { return real_.try_lock(lock); }
    void order() override { real_.order(); }
    alloc::IrqState irq_save() override { return real_.irq_save(); }
    void irq_restore(alloc::IrqState state) override { real_.irq_restore(state); }
    void invalidate(const x86::Invalidation& invalidation) override { real_.invalidate(invalidation); }
    void write_pkrs(std::uint32_t rights) override { real_.write_pkrs(rights); }
    void write_cr3(Pfn root, x86::Pcid pcid, x86::Cr3Flush flush) override { real_.write_cr3(root, pcid, flush); }
    void broadcast(const x86::Invlpgb& invalidation) override { real_.broadcast(invalidation); }
    void sync_broadcasts() override { real_.sync_broadcasts(); }
    void write_icr(const CpuMask& targets, alloc::IcrDestination destination, std::uint8_t vector) override {
        real_.write_icr(targets, destination, vector);
    }
    [[nodiscard]] std::uint32_t x2apic_cluster(CpuId cpu) const override { return real_.x2apic_cluster(cpu); }
    void set_timer(Cycles when) override { real_.set_timer(when); }
    void complete(alloc::CompletionId completion, std::uint64_t count) override { real_.complete(completion, count); }
    void wait_for(alloc::CompletionId completion, std::uint64_t count) override { real_.wait_for(completion, count); }
    void begin_call(std::size_t targets) override { real_.begin_call(targets); }
    void end_call(const CpuMask& targets, std::uint64_t call, alloc::layout::CpuLines lines) override {
        real_.end_call(targets, call, lines);
    }
    void acknowledge(CpuId caller, std::uint64_t call) override { real_.acknowledge(caller, call); }
    void enter(const Label& account) override { real_.enter(account); }
    void leave() override { real_.leave(); }

  private:
    alloc::Cpu& real_;
};

// Believes that some CPUs do not exist, so that its flushes leave them out.
class BlindCpu : public ForwardingCpu {
  public:
    BlindCpu(alloc::Cpu& real, const CpuMask& seen) : ForwardingCpu{real}, seen_{seen} {}
    [[nodiscard]] const CpuMask& online() const override { return seen_; }

  private:
    CpuMask seen_;
};

}  // namespace splinter::platforms::testing
