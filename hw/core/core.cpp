#include "hw/core/core.h"

#include <fmt/format.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::hw {
namespace {
inline constexpr Label kInterrupt{"interrupt"};
inline constexpr Label kEntryExit{"entry-exit"};
inline constexpr Label kIdleExit{"idle-exit"};
inline constexpr Label kTlbMiss{"tlb-miss"};

MachineParams of_thread(CpuId id, MachineParams params, const Topology& topology) {
    if (topology.shares_core(id)) params.mmu = shared_by_siblings(params.mmu);
    return params;
}

// An account below that of interrupts.
AccountTree::Id open_of_interrupt(Ledger& ledger, const Label& label) {
    const AccountTree::Id interrupted = ledger.interrupt(kInterrupt);
    const AccountTree::Id account = ledger.open(label);
    ledger.resume(interrupted);
    return account;
}

Cycles isolation(const MachineParams& params, Cycles cost) { return params.isolates_user_tables ? cost : Cycles{0}; }
}  // namespace

Core::Core(sc_core::sc_module_name name, CpuId id, const MachineParams& params, const Topology& topology, Conductor& conductor,
           MemorySystem& memory, AccountTree& accounts)
    : sc_module{name},
      timeline_{id, conductor, accounts},
      from_kernel_{params.core.interrupt_entry_kernel, params.core.interrupt_exit_kernel},
      from_user_{params.core.interrupt_entry_user + isolation(params, params.core.pti_entry),
                 params.core.interrupt_exit_user + isolation(params, params.core.pti_exit)},
      idle_exit_{params.idle_exit()},
      interrupt_{timeline_.ledger().open(kInterrupt)},
      entry_exit_{open_of_interrupt(timeline_.ledger(), kEntryExit)},
      idle_exit_account_{open_of_interrupt(timeline_.ledger(), kIdleExit)},
      params_{of_thread(id, params, topology)},
      caches_{memory.caches()},
      mmu_{"mmu", params_, memory, timeline_},
      apic_{"apic", timeline_} {
    timeline_.set_interrupt_handler([this](const Message& message) { handle_interrupt(message); });
    timeline_.set_notice_handler([this](const Message& notice) { handle_notice(notice); });
    SC_HAS_PROCESS(Core);
    SC_THREAD(run_thread);
    set_stack_size(kStackBytes);
}

void Core::run_thread() {
    wait(resumed_);
    try {
        program_->run(*this);
        on_finished_(*this);
        return;
    } catch (...) {  // an exception that left an SC_THREAD would lose its type
        on_exception_(std::current_exception());
    }
    // The simulation has stopped and nobody resumes this core. It stays suspended: SystemC tells AddressSanitizer of the switch
    // away from a suspended thread, but not from one that ends, and run() is about to rethrow on main's stack.
    wait(resumed_);
}

inline void Core::pay(AccountTree::Id account, Cycles cycles) {
    Ledger& ledger = timeline_.ledger();
    const AccountTree::Id handler = ledger.current();
    ledger.switch_to(account);
    timeline_.advance(cycles);
    ledger.switch_to(handler);
}

inline void Core::charge_entry(At interrupted) {
    if (interrupted == At::idle && idle_exit_ > Cycles{0}) pay(idle_exit_account_, idle_exit_);
    pay(entry_exit_, (interrupted == At::user ? from_user_ : from_kernel_).entry);
}

inline void Core::charge_exit(At interrupted) { pay(entry_exit_, (interrupted == At::user ? from_user_ : from_kernel_).exit); }

void Core::handle_interrupt(const Message& message) {
    const At interrupted = at_;
    const AccountTree::Id interrupted_account = timeline_.ledger().current();
    timeline_.ledger().switch_to(interrupt_);
    apic_.count(message);
    charge_entry(interrupted);
    go_to(At::kernel);
    program_->on_interrupt(*this, Vector{static_cast<std::uint8_t>(message.what)});
    go_to(interrupted);
    charge_exit(interrupted);
    timeline_.ledger().resume(interrupted_account);
}

// Entry and exit paths run with interrupts off: an interrupt in the middle would find neither the one nor the other.
void Core::cross_into(At next) {
    const bool enabled = timeline_.interrupts_enabled();
    timeline_.disable_interrupts();
    if (next == At::kernel) {
        at_ = next;
        program_->entered_kernel(*this);
    } else {
        program_->leaves_kernel(*this);
        at_ = next;
    }
    if (enabled) timeline_.enable_interrupts();
}

void Core::handle_notice(const Message& notice) {
    switch (notice.what) {
        case BroadcastFabric::kInvalidate:
            mmu_.unit().apply(broadcast_fabric->take(notice.payload));
            return;
        case BroadcastFabric::kDrop:
            drops_late_by_ = params_.lookahead();
            mmu_.unit().apply(broadcast_fabric->take(notice.payload));
            drops_late_by_ = Cycles{0};
            return;
        default:
            program_->on_notice(*this, notice);
    }
}

void Core::broadcast(const x86::Invlpgb& invalidation) {
    if (!params_.broadcast.present())
        throw SimulatedFinding(fmt::format("invalid opcode: INVLPGB on core{} at cycle {}, which {} does not have", id().raw(),
                                           timeline_.now().raw(), params_.name));
    timeline_.advance(params_.broadcast.issue);
    timeline_.order();  // who sends at the same time is seen at the fabric
    mmu_.unit().apply(invalidation);
    const Cycles confirmed = broadcast_fabric->send(id(), timeline_.now(), invalidation, next_notice());
    broadcasts_confirmed_ = std::max(broadcasts_confirmed_, confirmed);
}

void Core::sync_broadcasts() {
    timeline_.order();
    const Cycles begin = timeline_.now();
    const Cycles alone = std::max(begin + params_.broadcast.sync, broadcasts_confirmed_);
    timeline_.advance(broadcast_fabric->end_of_sync(id(), begin, alone) - begin);
}

void Core::drop_everywhere(const x86::Invlpgb& invalidation) {
    mmu_.unit().apply(invalidation);
    broadcast_fabric->drop(id(), timeline_.now(), invalidation, next_notice());
}

void Core::access_with_look_up(VirtAddr va, x86::Access access) {
    const TranslationUnit::Served served = mmu_.unit().serve(va, access);
    if (served.address == TranslationUnit::kFaulted) [[unlikely]]
        report_fault(va, mmu_.unit().fault());
    const Cycles line = line_latency(served.address);
    if (served.latency != Cycles{0}) {
        timeline_.ledger().enter(kTlbMiss);
        timeline_.advance(served.latency);
        timeline_.ledger().leave();
    }
    timeline_.advance(line);
}

Cycles Core::simulated_line_latency(PhysAddr address) {
    if (caches_.reaches_shared(id(), address)) timeline_.order();
    return caches_.access_data(id(), address);
}

PhysAddr Core::translate_with_look_up(VirtAddr va, x86::Access access) {
    const TranslationUnit::Served served = mmu_.unit().serve(va, access);
    if (served.address == TranslationUnit::kFaulted) [[unlikely]]
        report_fault(va, mmu_.unit().fault());
    if (served.latency != Cycles{0}) timeline_.advance(served.latency);
    return served.address;
}

void Core::report_fault(VirtAddr va, const x86::AccessOutcome& outcome) const {
    const std::string what = outcome.kind == x86::AccessOutcome::Kind::page_fault
                                 ? fmt::format("page fault at {:#x}, error code {:#x},", va.raw(), outcome.fault.error_code)
                                 : fmt::format("general protection fault, non-canonical address {:#x},", va.raw());
    throw SimulatedFinding(
        fmt::format("{} on core{} at cycle {} in {}", what, id().raw(), timeline_.now().raw(), timeline_.ledger().path()));
}

}  // namespace splinter::hw
