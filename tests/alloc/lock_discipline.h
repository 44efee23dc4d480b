// What lockdep and the warnings of kernel/smp.c would catch, for the fakes of the port: recursive locks, unlocks by others,
// locks taken in two orders, unbalanced interrupt states, and waits for other CPUs where they could wait for us. Each breach
// throws.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "alloc/cpu.h"
#include "hw/base/check.h"

namespace splinter::alloc {

class LockDiscipline {
  public:
    explicit LockDiscipline(std::size_t cpus) : cpus_(cpus) {}

    [[nodiscard]] std::optional<CpuId> owner(LockId lock) const {
        const auto found = owners_.find(lock);
        return found == owners_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] bool interrupts_on(CpuId cpu) const { return state(cpu).irq == IrqState::enabled; }
    [[nodiscard]] std::size_t locks_held(CpuId cpu) const { return state(cpu).held.size(); }
    [[nodiscard]] bool holds(CpuId cpu, LockId lock) const { return owner(lock) == cpu; }

    // Before waiting for a lock, and once it is free.
    void about_to_lock(CpuId cpu, LockId lock) {
        SPLINTER_CHECK(owner(lock) != cpu, "a CPU locks what it holds: " + name(lock));
        for (const Held& held : state(cpu).held) {
            SPLINTER_CHECK(!orders_.contains({lock, held.lock}),
                           "locks taken in both orders: " + name(held.lock) + ", " + name(lock));
            orders_.insert({held.lock, lock});
        }
    }
    void locked(CpuId cpu, LockId lock) {
        SPLINTER_CHECK(!owner(lock), name(lock) + " is held by another CPU");
        owners_.emplace(lock, cpu);
        state(cpu).held.push_back({lock, state(cpu).irq});
    }
    void unlocked(CpuId cpu, LockId lock) {
        SPLINTER_CHECK(owner(lock) == cpu, "a CPU unlocks what it does not hold: " + name(lock));
        owners_.erase(lock);
        std::erase_if(state(cpu).held, [&](const Held& held) { return held.lock == lock; });
    }
    IrqState irq_save(CpuId cpu) {
        const IrqState before = state(cpu).irq;
        state(cpu).saved.push_back(before);
        state(cpu).irq = IrqState::disabled;
        return before;
    }
    void irq_restore(CpuId cpu, IrqState irq) {
        PerCpu& mine = state(cpu);
        SPLINTER_CHECK(!mine.saved.empty() && mine.saved.back() == irq, "interrupt states are restored innermost first");
        mine.saved.pop_back();
        mine.irq = irq;
        if (irq == IrqState::enabled) check_no_irq_lock(mine);
    }
    // smp_call_function_many_cond(): "Can deadlock when called with interrupts disabled."
    void about_to_wait_for_cpus(CpuId cpu) const {
        SPLINTER_CHECK(interrupts_on(cpu), "a CPU waits for others with interrupts off");
        check_no_irq_lock(state(cpu));
    }
    // A CPU that has finished its work holds nothing.
    void check_quiet(CpuId cpu) const {
        SPLINTER_CHECK(state(cpu).held.empty(), "a CPU keeps a lock: " + name(state(cpu).held.front().lock));
        SPLINTER_CHECK(state(cpu).saved.empty() && interrupts_on(cpu), "a CPU leaves interrupts off");
    }

    static std::string name(LockId lock) {
        if (lock == kCpaLock) return "cpa";
        if (lock == kPgdLock) return "pgd";
        if (lock == kDeferredLock) return "deferred";
        if (lock == kSideCacheLock) return "side-cache";
        if (lock == kTablePoolLock) return "table-pool";
        if (lock == kTableRefillMutex) return "table-refill";
        if (lock == kSplitLock) return "split";
        if (lock >= kFirstPcpLock) return "pcp" + std::to_string(lock.raw() - kFirstPcpLock.raw());
        return "zone" + std::to_string(lock.raw() - kFirstZoneLock.raw());
    }

  private:
    struct Held {
        LockId lock;
        IrqState irq;  // when it was taken
    };
    struct PerCpu {
        IrqState irq = IrqState::enabled;
        std::vector<IrqState> saved;
        std::vector<Held> held;
    };
    static void check_no_irq_lock(const PerCpu& cpu) {
        for (const Held& held : cpu.held)
            SPLINTER_CHECK(held.irq == IrqState::enabled, name(held.lock) + " was taken with interrupts off and outlives that");
    }
    PerCpu& state(CpuId cpu) { return cpus_[cpu.index()]; }
    [[nodiscard]] const PerCpu& state(CpuId cpu) const { return cpus_[cpu.index()]; }

    std::vector<PerCpu> cpus_;
    std::map<LockId, CpuId> owners_;
    std::set<std::pair<LockId, LockId>> orders_;  // (held, then taken)
};

}  // namespace splinter::alloc
