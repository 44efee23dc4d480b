// One core: local time, MMU, local APIC, and the SystemC thread that supplies its stack. What runs on it is a program given by
// the platform; when an interrupt comes the program's kernel handles it on this core's stack and ledger.
#pragma once

#include "hw/core/broadcast_fabric.h"
#include "hw/core/local_apic.h"
#include "hw/mmu/mmu.h"

namespace splinter::hw {

class Core;

// What runs on a core.
class CoreProgram {
  public:
    virtual ~CoreProgram() = default;
    virtual void run(Core& core) = 0;
    virtual void on_interrupt(Core& core, Vector vector) = 0;
    virtual void on_notice(Core& core, const Message& notice) = 0;
    // The core has left user mode or idleness for the kernel, is about to leave the kernel: of a core that tells its entries.
    virtual void entered_kernel(Core& /*core*/) {}
    virtual void leaves_kernel(Core& /*core*/) {}
};

class Core : public sc_core::sc_module {
  public:
    static constexpr std::size_t kStackBytes = 256 * 1024;
    sc_core::sc_port<BroadcastFabricIf> broadcast_fabric{"broadcast_fabric"};

    Core(sc_core::sc_module_name name, CpuId id, const MachineParams& params, const Topology& topology, Conductor& conductor,
         MemorySystem& memory, AccountTree& accounts);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    void set_program(CoreProgram& program) { program_ = &program; }
    [[nodiscard]] CpuId id() const { return timeline_.id(); }
    [[nodiscard]] Timeline& timeline() { return timeline_; }
    [[nodiscard]] const Timeline& timeline() const { return timeline_; }
    [[nodiscard]] Mmu& mmu() { return mmu_; }
    [[nodiscard]] const Mmu& mmu() const { return mmu_; }
    [[nodiscard]] LocalApic& apic() { return apic_; }
    [[nodiscard]] const LocalApic& apic() const { return apic_; }

    // INVLPGB: takes effect here at once, on other cores when it reaches them. Takes its cycles. A finding if the part has
    // none.
    void broadcast(const x86::Invlpgb& invalidation);
    // TLBSYNC: returns when all cores have carried out what this one has broadcast. Interruptible.
    void sync_broadcasts();
    // Keeps messages of this core that arrive together in order.
    [[nodiscard]] std::uint64_t next_notice() { return notices_++; }

    // What an interrupt finds the core at: decides the cost of its entry and exit.
    enum class At : std::uint8_t { kernel, user, idle };
    void set_mode(x86::Mode mode) { go_to(mode == x86::Mode::user ? At::user : At::kernel); }
    // Between enter_idle() and leave_idle() the core waits in a C-state.
    void enter_idle() { go_to(At::idle); }
    void leave_idle() { go_to(At::kernel); }
    // From here on the program hears of each entry to the kernel, with interrupts off, and of each exit.
    void tell_entries() { tells_entries_ = true; }
    // When what a message has just dropped from the TLBs was gone: its arrival, or earlier, when the model could not tell it
    // in time (drop_everywhere()).
    [[nodiscard]] Cycles time_of_drop() const { return timeline_.now() - drops_late_by_; }
    // No hardware does it: drops the same from all TLBs, here at once and elsewhere one lookahead later, at no cost.
    void drop_everywhere(const x86::Invlpgb& invalidation);
    // A data access that must succeed: translation, then the line. A fault is a finding (kernel oops, or the loop's segfault).
    // Inline as far as a known L1 TLB hit goes: nearly all accesses are one, and they are most of a run's host time.
    [[gnu::always_inline]] void access(VirtAddr va, x86::Access access) {
        const CachedEntry* const entry = mmu_.unit().access_known_hit(va, access);
        if (entry == nullptr) [[unlikely]]
            return access_with_look_up(va, access);
        timeline_.advance(caches_.simulated() ? simulated_line_latency(entry->address_of(va))
                                              : caches_.latency(MemoryLevel::l1d));
    }
    // A hint to the host, without effect on what is simulated: an access to `va` will come soon. While this core's accesses
    // walk, the host fetches what the walk will read.
    void expect(VirtAddr va) { mmu_.unit().expect(va); }
    // Translation alone, with its cycles; the caller pays for the line.
    [[nodiscard, gnu::always_inline]] PhysAddr translate(VirtAddr va, x86::Access access) {
        if (const CachedEntry* entry = mmu_.unit().access_known_hit(va, access)) [[likely]]
            return entry->address_of(va);
        return translate_with_look_up(va, access);
    }
    // What the caches take for the line of a data access now. The caller pays. May reach an ordering point.
    [[nodiscard]] Cycles line_latency(PhysAddr address) {
        if (!caches_.simulated()) [[likely]]
            return caches_.access_data(id(), address);
        return simulated_line_latency(address);
    }

  private:
    friend class Machine;
    void run_thread();  // SC_THREAD
    void handle_interrupt(const Message& message);
    void handle_notice(const Message& notice);
    void go_to(At next) {
        if (tells_entries_ && (at_ == At::kernel) != (next == At::kernel)) [[unlikely]]
            return cross_into(next);
        at_ = next;
    }
    void cross_into(At next);
    void charge_entry(At interrupted);
    void charge_exit(At interrupted);
    void pay(AccountTree::Id account, Cycles cycles);
    void access_with_look_up(VirtAddr va, x86::Access access);
    [[nodiscard]] PhysAddr translate_with_look_up(VirtAddr va, x86::Access access);
    [[nodiscard]] Cycles simulated_line_latency(PhysAddr address);
    [[noreturn]] void report_fault(VirtAddr va, const x86::AccessOutcome& outcome) const;

    // Together, for each interrupt needs them: what handle_interrupt() charges, by what it finds the core at.
    struct Crossing {
        Cycles entry;  // with the writes of CR3 that page-table isolation makes
        Cycles exit;
    };
    Timeline timeline_;
    Crossing from_kernel_;
    Crossing from_user_;
    Cycles idle_exit_;
    AccountTree::Id interrupt_;
    AccountTree::Id entry_exit_;
    AccountTree::Id idle_exit_account_;
    CoreProgram* program_ = nullptr;
    At at_ = At::kernel;
    bool tells_entries_ = false;
    Cycles drops_late_by_;
    MachineParams params_;  // this core's: its TLBs are what its sibling leaves of them
    CacheHierarchy& caches_;
    Mmu mmu_;
    LocalApic apic_;
    std::uint64_t notices_ = 0;
    Cycles broadcasts_confirmed_;             // when all that this core has broadcast is done everywhere
    std::function<void(Core&)> on_finished_;  // set by Machine
    std::function<void(std::exception_ptr)> on_exception_;
    sc_core::sc_event resumed_;
};

}  // namespace splinter::hw
