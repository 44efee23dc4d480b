#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {

using enum Call::Kind;

void RecordingCpu::record(Call::Kind kind, std::uint64_t what, std::uint64_t times) {
    machine_.log_.add({kind, id(), what, times});
}

const CpuMask& RecordingCpu::online() const { return machine_.online_; }

void RecordingCpu::retire(Step step, std::uint64_t times) {
    now_ += kFakeStep * times;
    record(retired, static_cast<std::uint64_t>(step), times);
}

void RecordingCpu::touch(VirtAddr address, Touch touch) {
    now_ += kFakeLine;
    const PhysAddr line = machine_.memory_.resolve(address);
    if (touch == Touch::remapped)
        record(remapped, layout::direct_map(line).raw());
    else
        record(touched, address.raw());
}

x86::Pte RecordingCpu::load_pte(VirtAddr entry) {
    now_ += kFakeLine;
    record(loaded, entry.raw());
    return machine_.memory_.contents().load(machine_.memory_.resolve(entry));
}

void RecordingCpu::store_pte(VirtAddr entry, x86::Pte value) {
    now_ += kFakeLine;
    record(stored, value.raw());
    machine_.memory_.contents().store(machine_.memory_.resolve(entry), value);
}

void RecordingCpu::fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) {
    const PhysAddr address = machine_.memory_.resolve(table);
    for (std::size_t i = 0; i < entries.size(); ++i) machine_.memory_.contents().store(address + i * 8, entries[i]);
    record(filled_table, table.raw());
}

void RecordingCpu::lock(LockId lock) {
    machine_.locks_.about_to_lock(id(), lock);
    machine_.locks_.locked(id(), lock);
    if (lock < kFirstPcpLock) record(locked, lock.raw());
}

// The locks of per-CPU lists, which hardly anybody else takes, would only fill the log.
void RecordingCpu::unlock(LockId lock) {
    machine_.locks_.unlocked(id(), lock);
    if (lock < kFirstPcpLock) record(unlocked, lock.raw());
}

bool RecordingCpu::try_lock(LockId lock) {
    if (machine_.locks_.owner(lock)) return false;
    machine_.locks_.locked(id(), lock);
    return true;
}

IrqState RecordingCpu::irq_save() { return machine_.locks_.irq_save(id()); }
void RecordingCpu::irq_restore(IrqState state) { machine_.locks_.irq_restore(id(), state); }

void RecordingCpu::invalidate(const x86::Invalidation& invalidation) {
    now_ += kFakeInvalidate;
    const bool one = invalidation.kind == x86::Invalidation::Kind::invlpg;
    record(one ? flushed_page : flushed_all, invalidation.address.raw());
}

void RecordingCpu::write_icr(const CpuMask& targets, IcrDestination, std::uint8_t vector) {
    machine_.locks_.about_to_wait_for_cpus(id());
    SPLINTER_CHECK(!targets.empty(), "an interrupt has a target");
    now_ += kFakeIcr;
    record(sent_interrupts, targets.count());
    targets.for_each([&](CpuId target) {
        SPLINTER_CHECK(machine_.online_.test(target), "interrupts go to CPUs that are online");
        machine_.pending_.insert({target, vector});
    });
}

void RecordingCpu::complete(CompletionId completion, std::uint64_t count) {
    std::uint64_t& value = machine_.completions_[completion];
    SPLINTER_CHECK(count > value, "a completion only grows");
    value = count;
    record(completed, completion.raw());
}

void RecordingCpu::wait_for(CompletionId completion, std::uint64_t count) {
    machine_.locks_.about_to_wait_for_cpus(id());
    machine_.deliver_interrupts();
    SPLINTER_CHECK(machine_.completions_[completion] >= count, "the initiator waits for what nobody will answer");
    record(waited, completion.raw());
}

void RecordingCpu::leave() {
    SPLINTER_CHECK(depth_ > 0, "an account is left that was not entered");
    --depth_;
}

RecordingMachine::RecordingMachine(TestMemory& memory, std::size_t cpus)
    : memory_{memory}, locks_{cpus}, online_{CpuMask::first(cpus)} {
    for (std::uint32_t i = 0; i < cpus; ++i) cpus_.push_back(std::make_unique<RecordingCpu>(*this, CpuId{i}));
}

void RecordingMachine::deliver_interrupts() {
    const auto due = std::exchange(pending_, {});
    for (const auto& [target, vector] : due) {
        Cpu& cpu = *cpus_[target.index()];
        const IrqState state = cpu.irq_save();  // an interrupt gate
        log_.add({interrupted, target, vector, 1});
        handler_(cpu, vector);
        cpu.irq_restore(state);
    }
}

void RecordingMachine::check_quiet() const {
    SPLINTER_CHECK(pending_.empty(), "an interrupt was sent that nobody waited for");
    for (const auto& cpu : cpus_) {
        locks_.check_quiet(cpu->id());
        SPLINTER_CHECK(cpu->account_depth() == 0, "accounts are left as often as entered");
    }
}

}  // namespace splinter::alloc
