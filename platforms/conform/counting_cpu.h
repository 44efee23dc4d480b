// CPUs without time that share page tables and cross-calls: one runs, the others answer when it starts to wait. What recorded
// kernels counted with probes is counted here at the port.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "alloc/layout.h"
#include "hw/x86/phys_mem.h"
#include "platforms/replay/untimed_cpu.h"

namespace splinter::platforms {

// Interrupts of all CPUs.
struct CountedInterrupts {
    std::set<CpuId> pending;
    std::map<alloc::CompletionId, std::uint64_t> completions;
    std::uint64_t multi_sends = 0;
    std::uint64_t single_sends = 0;
    std::uint64_t multi_received = 0;
    std::uint64_t single_received = 0;
};

class CountingCpu : public UntimedCpu {
  public:
    // `answer`: all CPUs whose interrupts are pending handle them.
    CountingCpu(CpuId id, std::size_t cpus, x86::PhysMem& memory, CountedInterrupts& interrupts, std::function<void()> answer)
        : UntimedCpu{id, cpus}, memory_{memory}, interrupts_{interrupts}, answer_{std::move(answer)} {}

    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override { return memory_.load(address_of(entry)); }
    void store_pte(VirtAddr entry, x86::Pte value) override { memory_.store(address_of(entry), value); }
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override {
        for (std::size_t i = 0; i < entries.size(); ++i) store_pte(table + i * 8, entries[i]);
    }
    void invalidate(const x86::Invalidation&) override {}
    void write_icr(const CpuMask& targets, alloc::IcrDestination, std::uint8_t) override {
        ++(targets.count() > 1 ? interrupts_.multi_sends : interrupts_.single_sends);
        (targets.count() > 1 ? interrupts_.multi_received : interrupts_.single_received) += targets.count();
        targets.for_each([&](CpuId target) { interrupts_.pending.insert(target); });
    }
    void complete(alloc::CompletionId completion, std::uint64_t count) override { interrupts_.completions[completion] = count; }
    void wait_for(alloc::CompletionId completion, std::uint64_t count) override {
        answer_();
        SPLINTER_CHECK(interrupts_.completions[completion] >= count, "the CPUs that were interrupted have answered");
    }

  private:
    static PhysAddr address_of(VirtAddr va) { return PhysAddr{va - alloc::layout::kDirectMap}; }
    x86::PhysMem& memory_;
    CountedInterrupts& interrupts_;
    std::function<void()> answer_;
};

}  // namespace splinter::platforms
