#include "platforms/adapter/core_cpu.h"

#include "alloc/accounts.h"
#include "alloc/layout.h"

namespace splinter::platforms {
namespace {

constexpr x86::Access kKernelRead{x86::AccessKind::read, x86::Mode::supervisor};
constexpr x86::Access kKernelWrite{x86::AccessKind::write, x86::Mode::supervisor};
constexpr Cycles kForEver{std::uint64_t{1} << 62};  // longer than any run, and sums do not overflow

}  // namespace

CoreCpu::CoreCpu(hw::Machine& machine, CpuId id, const alloc::StepCosts& costs, const CpuMask& online)
    : Cpu{id},
      machine_{machine},
      core_{machine.core(id)},
      timeline_{core_.timeline()},
      lines_{machine.memory().lines()},
      plain_lines_{!machine.memory().caches().simulated()},
      slowest_line_{plain_lines_ ? lines_.slowest() : kForEver},
      costs_{costs},
      online_{online},
      icr_write_{machine.params().ipi.icr_write} {}

void CoreCpu::retire(alloc::Step step, std::uint64_t times) { timeline_.advance(costs_[step] * times); }

// A line that another core owns comes from there, whatever else the caches say; it is charged once.
Cycles CoreCpu::take_from_caches(VirtAddr address, PhysAddr line) {
    const Cycles transfer = lines_.take_from_others(id(), address);
    if (transfer == kNever) return core_.line_latency(line);
    machine_.memory().caches().receive(id(), line);
    return transfer;
}

// Before a line is taken, and after its transfer is paid.
inline void CoreCpu::order_for(alloc::Touch touch) {
    if (touch == alloc::Touch::contended)
        timeline_.order();
    else if (touch == alloc::Touch::called)
        timeline_.order_for_callee();
}

void CoreCpu::touch(VirtAddr address, alloc::Touch touch) {
    const Cycles until = undisturbed_until(touch);
    if (timeline_.now() + slowest_line_ >= until || core_.mmu().unit().access_known_hit(address, kKernelWrite) == nullptr)
        [[unlikely]]
        return touch_in_steps(address, touch);
    timeline_.pass(lines_.take(id(), address));
    if (touch == alloc::Touch::contended) timeline_.note_order();  // as of after the transfer: order_for()
}

// Before which time nothing comes between what such a touch does.
inline Cycles CoreCpu::undisturbed_until(alloc::Touch touch) const {
    switch (touch) {
        case alloc::Touch::owned:
            return timeline_.undisturbed_until();
        case alloc::Touch::called:
            return timeline_.callee_until();
        case alloc::Touch::contended:
            return timeline_.first_until();
        case alloc::Touch::remapped:
            break;
    }
    return Cycles{0};
}

void CoreCpu::touch_in_steps(VirtAddr address, alloc::Touch touch) {
    if (!plain_lines_ || touch == alloc::Touch::remapped) return touch_at_its_place(address, touch);
    (void)core_.translate(address, kKernelWrite);  // for its cycles
    order_for(touch);
    timeline_.advance(lines_.take(id(), address));
    order_for(touch);
}

void CoreCpu::touch_at_its_place(VirtAddr address, alloc::Touch touch) {
    const PhysAddr line = core_.translate(address, kKernelWrite);
    // A line is known by the address at which all cores find it.
    if (touch == alloc::Touch::remapped) address = alloc::layout::direct_map(line);
    order_for(touch);
    timeline_.advance(take_from_caches(address, line));
    order_for(touch);
}

// Touches of lines, one after the other, made at once as far as nothing can come between them: no interrupt, no other core.
// What they take is then the sum, and lines of one page are found by one look-up of its translation. Any other is a touch().
class CoreCpu::LineRun {
  public:
    explicit LineRun(CoreCpu& cpu) : cpu_{cpu} {}
    // Lets `before` pass, then takes the line. False: nothing has been done, this is for touch().
    [[nodiscard, gnu::always_inline]] bool take(VirtAddr address, Cycles before, Cycles until) {
        if (cpu_.timeline_.now() + before + cpu_.slowest_line_ >= until || !translate(address)) return false;
        cpu_.timeline_.pass(before + lines_.take(cpu_.id(), address));
        return true;
    }

    // Anything else is done, and may change translations.
    void interrupt() { page_ = 0; }

  private:
    [[nodiscard, gnu::always_inline]] bool translate(VirtAddr address) {
        if (address.raw() >> kPageShift != page_) return find_page(address);
        cpu_.core_.mmu().unit().access_again();
        return true;
    }
    [[nodiscard, gnu::noinline]] bool find_page(VirtAddr address) {
        if (cpu_.core_.mmu().unit().access_known_hit(address, kKernelWrite) == nullptr) return false;
        page_ = address.raw() >> kPageShift;
        lines_ = cpu_.lines_.page_of(address);
        return true;
    }
    CoreCpu& cpu_;
    std::uint64_t page_ = 0;
    hw::LineDirectory::PageLines lines_;
};

void CoreCpu::touch_each(const CpuMask& cpus, alloc::Step step, alloc::layout::CpuLines lines,
                         const std::function<void(CpuId)>& visit) {
    const Cycles before = costs_[step];
    LineRun run{*this};
    cpus.for_each([&](CpuId cpu) {
        if (run.take(lines.of(cpu), before, timeline_.first_until())) {
            timeline_.note_order();
        } else {
            run.interrupt();
            timeline_.advance(before);
            touch(lines.of(cpu), alloc::Touch::contended);
        }
        visit(cpu);
    });
}

void CoreCpu::end_call(const CpuMask& targets, std::uint64_t /*call*/, alloc::layout::CpuLines lines) {
    hw::Acknowledgements& acknowledgements = machine_.acknowledgements();
    const hw::Acknowledgements::Answers answers = acknowledgements.answers_to(timeline_);
    LineRun run{*this};
    targets.for_each([&](CpuId target) {
        const Cycles left = answers.left_to_wait(timeline_.now(), target);
        if (left != kNever && run.take(lines.of(target), left, timeline_.undisturbed_until())) {
            answers.forget(target);
        } else {
            run.interrupt();
            acknowledgements.wait_for(timeline_, target);
            touch(lines.of(target), alloc::Touch::owned);
        }
    });
    acknowledgements.end_call(timeline_);
}

x86::Pte CoreCpu::load_pte(VirtAddr entry) {
    const PhysAddr address = core_.translate(entry, kKernelRead);
    const Cycles latency = core_.line_latency(address);  // before the entry is read: it may reach an ordering point
    const x86::Pte value = core_.mmu().load(address);
    timeline_.advance(latency);
    return value;
}

void CoreCpu::store_pte(VirtAddr entry, x86::Pte value) {
    const PhysAddr address = core_.translate(entry, kKernelWrite);
    const Cycles latency = core_.line_latency(address);
    core_.mmu().store(address, value);
    timeline_.advance(latency);
}

void CoreCpu::fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) {
    const PhysAddr address = core_.translate(table, kKernelWrite);
    machine_.memory().recent_stores().forget_page(address);  // of what the page was before
    for (std::size_t i = 0; i < entries.size(); ++i) machine_.memory().contents().store(address + i * 8, entries[i]);
    // Whole lines, written without being read first; their cycles are part of the path length.
    for (std::uint64_t offset = 0; offset < kPageBytes; offset += hw::CacheTags::kLineBytes)
        machine_.memory().caches().receive(id(), address + offset);
}

void CoreCpu::lock(alloc::LockId lock) {
    const alloc::Account account{*this, alloc::kLockWait};
    machine_.locks().lock(timeline_, hw::SpinLockId{lock.raw()});
}

bool CoreCpu::try_lock(alloc::LockId lock) {
    const alloc::Account account{*this, alloc::kLockWait};
    return machine_.locks().try_lock(timeline_, hw::SpinLockId{lock.raw()});
}

void CoreCpu::unlock(alloc::LockId lock) { machine_.locks().unlock(timeline_, hw::SpinLockId{lock.raw()}); }

alloc::IrqState CoreCpu::irq_save() {
    const bool enabled = timeline_.interrupts_enabled();
    timeline_.disable_interrupts();
    return enabled ? alloc::IrqState::enabled : alloc::IrqState::disabled;
}

void CoreCpu::irq_restore(alloc::IrqState state) {
    if (state == alloc::IrqState::enabled) timeline_.enable_interrupts();
}

void CoreCpu::invalidate(const x86::Invalidation& invalidation) {
    timeline_.advance(core_.mmu().unit().invalidate(invalidation));
}

void CoreCpu::write_icr(const CpuMask& targets, alloc::IcrDestination /*destination*/, std::uint8_t vector) {
    timeline_.advance(icr_write_);
    core_.apic().send(targets, hw::Vector{vector});
}

void CoreCpu::complete(alloc::CompletionId completion, std::uint64_t count) {
    machine_.words().post(timeline_, hw::WordId{completion.raw()}, count);
}

void CoreCpu::wait_for(alloc::CompletionId completion, std::uint64_t count) {
    machine_.words().wait_until(timeline_, hw::WordId{completion.raw()}, count);
}

}  // namespace splinter::platforms
