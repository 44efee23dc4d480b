// A port on which several CPUs interleave: one fiber each, a seeded random switch at every call, real waiting for locks,
// completions and interrupts, and no time. The same seed gives the same run.
//
// Each CPU has a TLB that forgets nothing by itself, and at any moment loads translations of random pages, as speculation may.
// So whatever a missing or late invalidation allows does happen, and can be asked for (any_caches()).
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>

#include "hw/base/rng.h"
#include "tests/alloc/fiber.h"
#include "tests/alloc/lock_discipline.h"
#include "tests/alloc/test_memory.h"

namespace splinter::alloc {

class InterleavingMachine;

class InterleavingCpu : public Cpu {
  public:
    InterleavingCpu(InterleavingMachine& machine, CpuId id) : Cpu{id}, machine_{machine} {}

    [[nodiscard]] const CpuMask& online() const override;
    [[nodiscard]] Cycles now() const override { return Cycles{calls_}; }
    using Cpu::retire;
    void retire(Step step, std::uint64_t times) override;
    void touch(VirtAddr address, Touch touch) override;
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override;
    void store_pte(VirtAddr entry, x86::Pte value) override;
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override;
    void lock(LockId lock) override;
    void unlock(LockId lock) override;
    [[nodiscard]] bool try_lock(LockId lock) override;
    void order() override;
    IrqState irq_save() override;
    void irq_restore(IrqState state) override;
    void invalidate(const x86::Invalidation& invalidation) override;
    void write_icr(const CpuMask& targets, IcrDestination destination, std::uint8_t vector) override;
    void complete(CompletionId completion, std::uint64_t count) override;
    void wait_for(CompletionId completion, std::uint64_t count) override;
    void enter(const Label&) override {}
    void leave() override {}

    // Whether the TLB translates a page of the range.
    [[nodiscard]] bool caches(PfnRange range) const;

  private:
    friend class InterleavingMachine;
    void fill_tlb(Pfn pfn);
    InterleavingMachine& machine_;
    std::uint64_t calls_ = 0;
    std::vector<PfnRange> tlb_;       // direct-map leaves
    std::set<std::uint8_t> pending_;  // interrupt vectors
    bool in_handler_ = false;
    const std::function<bool()>* waits_for_ = nullptr;
    std::string waits_for_what_;
    bool script_done_ = false;
};

class InterleavingMachine {
  public:
    using Handler = std::function<void(Cpu&, std::uint8_t)>;
    using Script = std::function<void(Cpu&)>;

    // Speculative loads go to `speculated`.
    InterleavingMachine(TestMemory& memory, std::size_t cpus, std::uint64_t seed, PfnRange speculated);
    InterleavingMachine(const InterleavingMachine&) = delete;
    InterleavingMachine& operator=(const InterleavingMachine&) = delete;

    void set_handler(Handler handler) { handler_ = std::move(handler); }
    // Called at each switch of CPUs, outside of all fibers.
    void set_on_switch(std::function<void()> on_switch) { on_switch_ = std::move(on_switch); }
    // Runs scripts[i] on CPU i until all have ended. CPUs without a script, or done with it, answer interrupts. Throws what a
    // script threw, and InternalError for a deadlock or a breach of the lock discipline.
    void run(const std::vector<Script>& scripts);

    [[nodiscard]] InterleavingCpu& cpu(std::uint32_t index) { return *cpus_[index]; }
    [[nodiscard]] std::size_t cpu_count() const { return cpus_.size(); }
    [[nodiscard]] LockDiscipline& locks() { return locks_; }
    [[nodiscard]] TestMemory& memory() { return memory_; }
    [[nodiscard]] std::uint64_t switches() const { return switches_; }
    [[nodiscard]] bool any_caches(PfnRange range) const;

  private:
    friend class InterleavingCpu;
    struct Cancelled {};  // unwinds the fibers of a run that failed
    void body(InterleavingCpu& cpu, const Script& script);
    [[nodiscard]] bool runnable(const InterleavingCpu& cpu) const;
    [[nodiscard]] bool interruptible(const InterleavingCpu& cpu) const;
    void schedule();
    void cancel();
    [[nodiscard]] std::string why_stuck() const;
    // A call on the port: others may run, interrupts may come.
    void step(InterleavingCpu& cpu);
    void suspend(const InterleavingCpu& cpu);
    void wait(InterleavingCpu& cpu, std::string what, const std::function<bool()>& condition);
    void take_interrupts(InterleavingCpu& cpu);

    TestMemory& memory_;
    LockDiscipline locks_;
    CpuMask online_;
    Rng rng_;
    PfnRange speculated_;
    Handler handler_;
    std::function<void()> on_switch_ = [] {};
    std::vector<std::unique_ptr<InterleavingCpu>> cpus_;
    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::map<CompletionId, std::uint64_t> completions_;
    std::exception_ptr failure_;
    bool cancelling_ = false;
    std::uint64_t switches_ = 0;
};

}  // namespace splinter::alloc
