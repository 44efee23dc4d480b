// A port that records: several CPUs on one host stack, over real page tables. Only one CPU runs; the others answer cross-calls,
// at the moment that the initiator starts to wait. Breaches of the lock discipline and touches of unmapped addresses throw.
#pragma once

#include <functional>
#include <memory>

#include "tests/alloc/call_log.h"
#include "tests/alloc/lock_discipline.h"
#include "tests/alloc/test_memory.h"

namespace splinter::alloc {

// The fake's cycles: round numbers, so that a sum shows its parts.
inline constexpr Cycles kFakeLine{1};
inline constexpr Cycles kFakeStep{10};
inline constexpr Cycles kFakeInvalidate{100};
inline constexpr Cycles kFakeIcr{1000};

class RecordingMachine;

class RecordingCpu : public Cpu {
  public:
    RecordingCpu(RecordingMachine& machine, CpuId id) : Cpu{id}, machine_{machine} {}

    [[nodiscard]] const CpuMask& online() const override;
    [[nodiscard]] Cycles now() const override { return now_; }
    using Cpu::retire;
    void retire(Step step, std::uint64_t times) override;
    void touch(VirtAddr address, Touch touch) override;
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override;
    void store_pte(VirtAddr entry, x86::Pte value) override;
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override;
    void lock(LockId lock) override;
    void unlock(LockId lock) override;
    [[nodiscard]] bool try_lock(LockId lock) override;
    IrqState irq_save() override;
    void irq_restore(IrqState state) override;
    void invalidate(const x86::Invalidation& invalidation) override;
    void write_icr(const CpuMask& targets, IcrDestination destination, std::uint8_t vector) override;
    void complete(CompletionId completion, std::uint64_t count) override;
    void wait_for(CompletionId completion, std::uint64_t count) override;
    void enter(const Label&) override { ++depth_; }
    void leave() override;

    // Accounts entered and not left.
    [[nodiscard]] std::size_t account_depth() const { return depth_; }

  private:
    void record(Call::Kind kind, std::uint64_t what = 0, std::uint64_t times = 1);
    RecordingMachine& machine_;
    Cycles now_;
    std::size_t depth_ = 0;
};

class RecordingMachine {
  public:
    using Handler = std::function<void(Cpu&, std::uint8_t)>;

    explicit RecordingMachine(TestMemory& memory, std::size_t cpus = 1);
    RecordingMachine(const RecordingMachine&) = delete;
    RecordingMachine& operator=(const RecordingMachine&) = delete;

    void set_handler(Handler handler) { handler_ = std::move(handler); }
    [[nodiscard]] RecordingCpu& cpu(std::uint32_t index = 0) { return *cpus_[index]; }
    [[nodiscard]] std::size_t cpu_count() const { return cpus_.size(); }
    [[nodiscard]] CallLog& log() { return log_; }
    [[nodiscard]] LockDiscipline& locks() { return locks_; }
    [[nodiscard]] TestMemory& memory() { return memory_; }
    // Interrupts that were sent and not delivered yet.
    [[nodiscard]] std::size_t pending_interrupts() const { return pending_.size(); }
    void deliver_interrupts();
    // After an operation: nothing held, nothing pending.
    void check_quiet() const;

  private:
    friend class RecordingCpu;
    TestMemory& memory_;
    LockDiscipline locks_;
    CpuMask online_;
    CallLog log_;
    Handler handler_;
    std::vector<std::unique_ptr<RecordingCpu>> cpus_;
    std::set<std::pair<CpuId, std::uint8_t>> pending_;  // an APIC keeps one bit per vector
    std::map<CompletionId, std::uint64_t> completions_;
};

}  // namespace splinter::alloc
