// A port for large page tables: one CPU, real entries in simulated memory, no log. Refuses a write of an entry at a moment at
// which the key register denies it, and counts what the tests of page tables count.
#pragma once

#include "hw/base/check.h"
#include "tests/alloc/lock_discipline.h"
#include "tests/alloc/test_memory.h"

namespace splinter::alloc {

class GuardedCpu : public Cpu {
  public:
    // Every table that is written is taken to have the key of page tables, unless `denied` is 0.
    GuardedCpu(TestMemory& memory, std::uint32_t denied)
        : Cpu{CpuId{0U}}, memory_{memory}, locks_{1}, online_{CpuMask::first(1)}, denied_{denied}, rights_{denied} {}

    [[nodiscard]] const CpuMask& online() const override { return online_; }
    [[nodiscard]] Cycles now() const override { return now_; }
    using Cpu::retire;
    void retire(Step step, std::uint64_t times) override { steps_[static_cast<std::size_t>(step)] += times; }
    void touch(VirtAddr, Touch) override {}
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override { return memory_.contents().load(address(entry)); }
    void store_pte(VirtAddr entry, x86::Pte value) override {
        check_rights();
        ++stores_;
        memory_.contents().store(address(entry), value);
    }
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override {
        check_rights();
        for (std::size_t i = 0; i < entries.size(); ++i) memory_.contents().store(address(table + i * 8), entries[i]);
    }
    void lock(LockId lock) override {
        locks_.about_to_lock(id(), lock);
        locks_.locked(id(), lock);
    }
    void unlock(LockId lock) override { locks_.unlocked(id(), lock); }
    IrqState irq_save() override { return locks_.irq_save(id()); }
    void irq_restore(IrqState state) override { locks_.irq_restore(id(), state); }
    void invalidate(const x86::Invalidation& invalidation) override {
        ++(invalidation.kind == x86::Invalidation::Kind::invlpg ? page_flushes_ : full_flushes_);
    }
    void write_pkrs(std::uint32_t rights) override { rights_ = rights; }
    void write_icr(const CpuMask&, IcrDestination, std::uint8_t) override { SPLINTER_CHECK(false, "there is one CPU"); }
    void complete(CompletionId, std::uint64_t) override {}
    void wait_for(CompletionId, std::uint64_t) override {}
    void enter(const Label&) override {}
    void leave() override {}

    [[nodiscard]] std::uint64_t stores() const { return stores_; }
    [[nodiscard]] std::uint64_t page_flushes() const { return page_flushes_; }
    [[nodiscard]] std::uint64_t full_flushes() const { return full_flushes_; }
    [[nodiscard]] std::uint64_t count(Step step) const { return steps_[static_cast<std::size_t>(step)]; }
    // After an operation: no lock held, page tables not writable.
    void check_quiet() const {
        locks_.check_quiet(id());
        SPLINTER_CHECK(rights_ == denied_, "the key register is back at its default");
    }

  private:
    static PhysAddr address(VirtAddr va) { return PhysAddr{va - layout::kDirectMap}; }
    void check_rights() const {
        SPLINTER_CHECK(denied_ == 0 || rights_ != denied_, "a page table is written while its key denies that");
    }
    TestMemory& memory_;
    LockDiscipline locks_;
    CpuMask online_;
    std::uint32_t denied_;
    std::uint32_t rights_;
    Cycles now_;
    std::array<std::uint64_t, kStepCount> steps_{};
    std::uint64_t stores_ = 0;
    std::uint64_t page_flushes_ = 0;
    std::uint64_t full_flushes_ = 0;
};

}  // namespace splinter::alloc
