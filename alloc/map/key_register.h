// The protection-key register that keeps page tables read-only, and where the kernel makes them writable for a moment:
// kpkeys_hardened_pgtables (K. Brodsky, v5 patch 15, v6 patch 28), carried over to IA32_PKRS. All page-table pages have key 1;
// PKRS denies writes to it but inside the scopes below. Nested scopes: only the outermost writes the register. An interrupt
// resets it on entry and restores it on return. The walker's own A and D updates are not checked (SDM Vol. 3A 4.6).
// On x86 lazy MMU mode is a no-op on bare metal: that scope stands for hooks of a port's own.
#pragma once

#include <cstdint>
#include <vector>

#include "alloc/accounts.h"
#include "alloc/counters.h"
#include "alloc/cpu.h"

namespace splinter::alloc {

inline constexpr unsigned kPageTableKey = 1;                                  // KPKEYS_PKEY_PGTABLES
inline constexpr std::uint32_t kPkrsDefault = 1U << (2 * kPageTableKey + 1);  // KPKEYS_LVL_DEFAULT: WD of key 1
inline constexpr std::uint32_t kPkrsPageTables = 0;                           // KPKEYS_LVL_PGTABLES: key 1 may be written

// Around what the register is switched, the axis `page_tables.key_scope`. Each includes the ones before it: writes outside of
// all sections are switched one by one.
enum class KeyScope : std::uint8_t {
    entry,  // each write of an entry: set_pte() and the like
    lazy,   // a lazy-MMU section: arch_enter_lazy_mmu_mode() to arch_leave_lazy_mmu_mode()
    ptl     // as long as a page-table lock is held (V. Babka, 2021)
};

class KeyRegister {
  public:
    enum class Tables : std::uint8_t { have_no_key, have_a_key };

    KeyRegister(Tables tables, KeyScope scope, std::size_t cpus)
        : tables_{tables}, scope_{scope}, depths_(cpus), counters_(cpus) {}
    [[nodiscard]] Tables tables() const { return tables_; }
    // WRMSR to IA32_PKRS so far, by CPU, among the kernel counters.
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }

    // The guards release nothing while an exception unwinds, like those of locks.
    class Guard {
      public:
        ~Guard() noexcept(false) {
            if (keys_ != nullptr && std::uncaught_exceptions() == 0) keys_->leave(*cpu_);
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;

      private:
        friend class KeyRegister;
        Guard() = default;
        Guard(KeyRegister& keys, Cpu& cpu) : keys_{&keys}, cpu_{&cpu} { keys.enter(cpu); }
        KeyRegister* keys_ = nullptr;
        Cpu* cpu_ = nullptr;
    };
    // Around writes of one entry, or what writes a page-table page whatever the scope (clearing one).
    [[nodiscard]] Guard writable(Cpu& cpu) { return guard(cpu, tables_ == Tables::have_a_key); }
    [[nodiscard]] Guard lazy_section(Cpu& cpu) { return guard(cpu, keyed(KeyScope::lazy)); }
    [[nodiscard]] Guard table_lock_section(Cpu& cpu) { return guard(cpu, keyed(KeyScope::ptl)); }

    // An interrupt handler runs at the default level, whatever it has interrupted.
    class InterruptGuard {
      public:
        InterruptGuard(KeyRegister& keys, Cpu& cpu) : keys_{keys}, cpu_{cpu}, depth_{keys.depths_[cpu.id().index()]} {
            if (depth_ != 0) suspend();
        }
        ~InterruptGuard() noexcept(false) {
            if (depth_ != 0 && std::uncaught_exceptions() == 0) resume();
        }
        InterruptGuard(const InterruptGuard&) = delete;
        InterruptGuard& operator=(const InterruptGuard&) = delete;

      private:
        void suspend();
        void resume();
        KeyRegister& keys_;
        Cpu& cpu_;
        unsigned depth_;
    };

  private:
    [[nodiscard]] bool keyed(KeyScope section) const { return tables_ == Tables::have_a_key && scope_ == section; }
    [[nodiscard]] Guard guard(Cpu& cpu, bool switches) { return switches ? Guard{*this, cpu} : Guard{}; }
    void enter(Cpu& cpu);
    void leave(Cpu& cpu);
    void write(Cpu& cpu, std::uint32_t rights);

    Tables tables_;
    KeyScope scope_;
    std::vector<unsigned> depths_;  // scopes that are open, by CPU
    std::vector<KernelCounters> counters_;
};

}  // namespace splinter::alloc
