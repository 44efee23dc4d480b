// THE PORT: what kernel code can ask of the CPU it runs on, and the only door between the kernel model and a machine. Owned by
// the kernel model, implemented by platforms/adapter on hw::Core and by the fakes in tests/alloc.
//
// Every call may let other cores and interrupt handlers run. What code may assume: at each call all allocator state that is not
// covered by a lock held by this CPU satisfies its invariants, and nothing read before the call without a lock is trusted
// after it. A fault that Linux would not survive ends the run as a SimulatedFinding.
#pragma once

#include <exception>
#include <functional>
#include <span>

#include "alloc/costs/steps.h"
#include "alloc/layout.h"
#include "hw/base/check.h"
#include "hw/base/cpu_mask.h"
#include "hw/base/ledger.h"
#include "hw/x86/invalidation.h"
#include "hw/x86/pte.h"

namespace splinter::alloc {

class LockId : public Quantity<class LockIdTag, std::uint32_t> {
  public:
    using Quantity::Quantity;
};
inline constexpr LockId kCpaLock{0U};                  // arch/x86/mm/pat/set_memory.c
inline constexpr LockId kPgdLock{1U};                  // arch/x86/mm/fault.c
inline constexpr LockId kDeferredLock{2U};             // pages whose flush is pending: strategy `batched-deferred`
inline constexpr LockId kSideCacheLock{3U};            // the buddy beside the page allocator: strategy `side-cache`
inline constexpr LockId kTablePoolLock{4U};            // keyed page-table pages: policy `pba`
inline constexpr LockId kTableRefillMutex{5U};         // its refills
inline constexpr LockId kSplitLock{6U};                // page_tables.split_lock = global
inline constexpr LockId kVmapLock{8U};                 // vmap_area_lock, free_vmap_area_lock of mm/vmalloc.c as one
inline constexpr LockId kInitMmLock{9U};               // init_mm.page_table_lock
inline constexpr LockId kFirstZoneLock{16U};           // one per zone
inline constexpr LockId kFirstPcpLock{4096U};          // one per zone and CPU (struct per_cpu_pages)
inline constexpr LockId kFirstMmapLock{0x40000000U};   // one per address space (mmap_lock)
inline constexpr LockId kFirstTableLock{0x80000000U};  // one per page-table page, by its frame (ptlock_ptr())

// A growing word that one CPU waits on and others write: a call_single_data's lock, seen as a completion count.
class CompletionId : public Quantity<class CompletionIdTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
};

inline constexpr CompletionId kFirstMmapReaders{std::uint64_t{1} << 63};  // one per address space: readers that left mmap_lock

// arch/x86/include/asm/irq_vectors.h
inline constexpr std::uint8_t kLocalTimerVector = 0xec;    // LOCAL_TIMER_VECTOR
inline constexpr std::uint8_t kCallFunctionVector = 0xfc;  // CALL_FUNCTION_VECTOR
inline constexpr std::uint8_t kRescheduleVector = 0xfd;    // RESCHEDULE_VECTOR

enum class Touch : std::uint8_t {
    owned,      // the line is private, or a lock that this CPU holds covers it
    contended,  // other CPUs may touch it now: an ordering point first; what follows the call happens at that moment
    called,     // as contended, in a call's handler: only CPUs that call this one may touch it
    remapped    // as owned, but the address is a temporary mapping's: the line is that of the page behind it
};

enum class IrqState : std::uint8_t { disabled, enabled };

// To whom one write of the interrupt command register sends (x2APIC, SDM Vol. 3A 11.6.1, 11.12.10).
enum class IcrDestination : std::uint8_t {
    single,       // one CPU
    cluster,      // CPUs of one cluster, by logical destination: at most kClusterCpus
    all_but_self  // the shorthand: all that are online
};
inline constexpr std::uint32_t kClusterCpus = 16;

class Cpu {
  public:
    virtual ~Cpu() = default;
    [[nodiscard]] CpuId id() const { return id_; }
    [[nodiscard]] virtual const CpuMask& online() const = 0;
    [[nodiscard]] virtual Cycles now() const = 0;

    // Straight-line work, `times` times.
    virtual void retire(Step step, std::uint64_t times) = 0;
    void retire(Step step) { retire(step, 1); }
    // Takes one cache line for writing; translated, may walk.
    virtual void touch(VirtAddr address, Touch touch) = 0;
    // For each of `cpus`, in their order: `step`, a contended touch() of its line, then visit(cpu), which asks nothing of this
    // port.
    virtual void touch_each(const CpuMask& cpus, Step step, layout::CpuLines lines, const std::function<void(CpuId)>& visit) {
        cpus.for_each([&](CpuId cpu) {
            retire(step);
            touch(lines.of(cpu), Touch::contended);
            visit(cpu);
        });
    }

    // Page tables are real simulated memory, reached through the direct map.
    [[nodiscard]] virtual x86::Pte load_pte(VirtAddr entry) = 0;
    virtual void store_pte(VirtAddr entry, x86::Pte value) = 0;
    // All 512 entries of a table. REQUIRES: no paging-structure entry points to it yet.
    virtual void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) = 0;

    virtual void lock(LockId lock) = 0;
    virtual void unlock(LockId lock) = 0;
    // spin_trylock(): false if anybody holds it, be it what this CPU's interrupt handler has interrupted. A port on which
    // nobody else can hold a lock need not know of it.
    [[nodiscard]] virtual bool try_lock(LockId lock) {
        this->lock(lock);
        return true;
    }
    // An ordering point: what follows reads state that others change without a lock in common, at this moment.
    virtual void order() {}
    virtual IrqState irq_save() = 0;
    virtual void irq_restore(IrqState state) = 0;

    // Local. Takes its cycles.
    virtual void invalidate(const x86::Invalidation& invalidation) = 0;
    // WRMSR to IA32_PKRS: what this CPU may write through each key (bits 2k: no access, 2k+1: no write). Takes its cycles. A
    // port that checks no keys need not know of it.
    virtual void write_pkrs(std::uint32_t /*rights*/) {}
    // MOV CR3: another address space, and with it another PCID. Takes its cycles. A port without translations need not know.
    virtual void write_cr3(Pfn /*root*/, x86::Pcid /*pcid*/, x86::Cr3Flush /*flush*/) {}
    // INVLPGB, here at once and on other CPUs when it reaches them; TLBSYNC waits until all that this CPU has sent is done
    // there. A port whose machine has neither need not know of them.
    virtual void broadcast(const x86::Invlpgb& /*invalidation*/) { refuse_broadcast(); }
    virtual void sync_broadcasts() { refuse_broadcast(); }
    // No machine does it: the same on all CPUs as soon as the port can, at no cost. For mechanism `ideal`.
    virtual void invalidate_everywhere(const x86::Invlpgb& /*invalidation*/) { refuse_broadcast(); }
    // One write of the ICR: an interrupt to each target; nothing more. alloc/smp/send_ipi.h chooses the destination.
    virtual void write_icr(const CpuMask& targets, IcrDestination destination, std::uint8_t vector) = 0;
    // The x2APIC cluster that a CPU is in (SDM Vol. 3A 11.12.10.2: bits 19:4 of its APIC ID).
    [[nodiscard]] virtual std::uint32_t x2apic_cluster(CpuId cpu) const { return cpu.raw() / kClusterCpus; }
    // One kLocalTimerVector to this CPU at `when`, in place of the one asked for before; kNever: none. A port without a clock
    // has no timer: work with a deadline is then never due.
    virtual void set_timer(Cycles /*when*/) {}
    virtual void complete(CompletionId completion, std::uint64_t count) = 0;
    // Interruptible wait until the completion has reached `count`.
    virtual void wait_for(CompletionId completion, std::uint64_t count) = 0;
    // A call to others: between begin_call() and end_call() each of `targets` CPUs acknowledges once, and this one waits for
    // each of them. The two are complete() and wait_for() on a word of the pair, unless the port knows better. `call` counts
    // this caller's calls.
    virtual void begin_call(std::size_t /*targets*/) {}
    virtual void acknowledge(CpuId caller, std::uint64_t call) { complete(acknowledgement(caller, id_), call); }
    // Waits for each target in turn, and takes the line by which it has told.
    virtual void end_call(const CpuMask& targets, std::uint64_t call, layout::CpuLines lines) {
        targets.for_each([&](CpuId target) {
            wait_for(acknowledgement(id_, target), call);
            touch(lines.of(target), Touch::owned);
        });
    }

    // The cycle ledger; use Account.
    virtual void enter(const Label& account) = 0;
    virtual void leave() = 0;

  protected:
    explicit Cpu(CpuId id) : id_{id} {}

  private:
    [[nodiscard]] static CompletionId acknowledgement(CpuId caller, CpuId target) {
        return CompletionId{std::uint64_t{caller.raw()} << 32 | target.raw()};
    }
    [[noreturn]] static void refuse_broadcast() { SPLINTER_CHECK(false, "this port has no INVLPGB"); }
    CpuId id_;
};

class Account {
  public:
    Account(Cpu& cpu, const Label& label) : cpu_{cpu} { cpu_.enter(label); }
    ~Account() { cpu_.leave(); }
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

  private:
    Cpu& cpu_;
};

// The guards release nothing while an exception unwinds: it ends the run, and no other CPU may run on the way out.
// Code that runs millions of times a second may release() at its end, for the question whether one unwinds is a call into the
// C++ runtime; the destructor then does nothing.
// spin_lock() / spin_unlock().
class LockGuard {
  public:
    LockGuard(Cpu& cpu, LockId lock) : cpu_{cpu}, lock_{lock} { cpu_.lock(lock_); }
    ~LockGuard() noexcept(false) {
        if (std::uncaught_exceptions() == 0) cpu_.unlock(lock_);
    }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

  private:
    Cpu& cpu_;
    LockId lock_;
};

// spin_lock_irqsave() / spin_unlock_irqrestore().
class IrqLockGuard {
  public:
    IrqLockGuard(Cpu& cpu, LockId lock) : cpu_{cpu}, lock_{lock}, state_{cpu.irq_save()} { cpu_.lock(lock_); }
    ~IrqLockGuard() noexcept(false) {
        if (!released_ && std::uncaught_exceptions() == 0) release();
    }
    IrqLockGuard(const IrqLockGuard&) = delete;
    IrqLockGuard& operator=(const IrqLockGuard&) = delete;
    // REQUIRES: not released yet.
    void release() {
        released_ = true;
        cpu_.unlock(lock_);
        cpu_.irq_restore(state_);
    }

  private:
    Cpu& cpu_;
    LockId lock_;
    IrqState state_;
    bool released_ = false;
};

}  // namespace splinter::alloc
