#include "tests/alloc/interleaving_cpu.h"

#include <algorithm>

namespace splinter::alloc {
namespace {

constexpr std::size_t kTlbEntries = 64;  // more than a test's hot pages; then a random one goes

bool overlap(PfnRange a, PfnRange b) { return a.first < b.end() && b.first < a.end(); }

}  // namespace

const CpuMask& InterleavingCpu::online() const { return machine_.online_; }

void InterleavingCpu::retire(Step, std::uint64_t) { machine_.step(*this); }

void InterleavingCpu::touch(VirtAddr address, Touch touch) {
    machine_.step(*this);
    const PhysAddr line = machine_.memory_.resolve(address);
    if (touch != Touch::remapped) fill_tlb(pfn_of(line));  // which is one of the direct map
}

x86::Pte InterleavingCpu::load_pte(VirtAddr entry) {
    machine_.step(*this);
    return machine_.memory_.contents().load(machine_.memory_.resolve(entry));
}

void InterleavingCpu::store_pte(VirtAddr entry, x86::Pte value) {
    machine_.step(*this);
    machine_.memory_.contents().store(machine_.memory_.resolve(entry), value);
}

void InterleavingCpu::fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) {
    machine_.step(*this);
    const PhysAddr address = machine_.memory_.resolve(table);
    for (std::size_t i = 0; i < entries.size(); ++i) machine_.memory_.contents().store(address + i * 8, entries[i]);
}

void InterleavingCpu::lock(LockId lock) {
    machine_.step(*this);
    machine_.locks_.about_to_lock(id(), lock);
    machine_.wait(*this, "lock " + LockDiscipline::name(lock), [&] { return !machine_.locks_.owner(lock); });
    machine_.locks_.locked(id(), lock);
    machine_.step(*this);
}

bool InterleavingCpu::try_lock(LockId lock) {
    machine_.step(*this);
    if (machine_.locks_.owner(lock)) return false;
    machine_.locks_.locked(id(), lock);
    machine_.step(*this);
    return true;
}

void InterleavingCpu::order() { machine_.step(*this); }

void InterleavingCpu::unlock(LockId lock) {
    machine_.step(*this);
    machine_.locks_.unlocked(id(), lock);
    machine_.step(*this);
}

IrqState InterleavingCpu::irq_save() {
    machine_.step(*this);
    return machine_.locks_.irq_save(id());
}

void InterleavingCpu::irq_restore(IrqState state) {
    machine_.locks_.irq_restore(id(), state);
    machine_.step(*this);
}

void InterleavingCpu::invalidate(const x86::Invalidation& invalidation) {
    machine_.step(*this);
    using Kind = x86::Invalidation::Kind;
    if (invalidation.kind == Kind::invpcid_all || invalidation.kind == Kind::pge_toggle) tlb_.clear();
    if (invalidation.kind != Kind::invlpg) return;  // every leaf of the direct map could be global: the others spare it
    const PfnRange page{pfn_of(PhysAddr{invalidation.address - layout::kDirectMap}), PageCount{1}};
    std::erase_if(tlb_, [&](PfnRange leaf) { return overlap(leaf, page); });
}

void InterleavingCpu::write_icr(const CpuMask& targets, IcrDestination, std::uint8_t vector) {
    machine_.step(*this);
    machine_.locks_.about_to_wait_for_cpus(id());
    targets.for_each([&](CpuId target) { machine_.cpus_[target.index()]->pending_.insert(vector); });
    machine_.step(*this);
}

void InterleavingCpu::complete(CompletionId completion, std::uint64_t count) {
    machine_.step(*this);
    std::uint64_t& value = machine_.completions_[completion];
    SPLINTER_CHECK(count > value, "a completion only grows");
    value = count;
    machine_.step(*this);
}

void InterleavingCpu::wait_for(CompletionId completion, std::uint64_t count) {
    machine_.step(*this);
    machine_.locks_.about_to_wait_for_cpus(id());
    const std::uint64_t& value = machine_.completions_[completion];
    machine_.wait(*this, "CPU " + std::to_string(completion.raw() & 0xffffffffU), [&] { return value >= count; });
}

bool InterleavingCpu::caches(PfnRange range) const {
    return std::any_of(tlb_.begin(), tlb_.end(), [&](PfnRange leaf) { return overlap(leaf, range); });
}

void InterleavingCpu::fill_tlb(Pfn pfn) {
    const auto found = machine_.memory_.translate(pfn);
    if (!found || caches({pfn, PageCount{1}})) return;  // a hit loads nothing
    const PfnRange leaf{found->frame, x86::leaf_level(found->size).pages()};
    if (tlb_.size() == kTlbEntries)
        tlb_[machine_.rng_.below(kTlbEntries)] = leaf;
    else
        tlb_.push_back(leaf);
}

InterleavingMachine::InterleavingMachine(TestMemory& memory, std::size_t cpus, std::uint64_t seed, PfnRange speculated)
    : memory_{memory}, locks_{cpus}, online_{CpuMask::first(cpus)}, rng_{seed, "interleaving"}, speculated_{speculated} {
    for (std::uint32_t i = 0; i < cpus; ++i) cpus_.push_back(std::make_unique<InterleavingCpu>(*this, CpuId{i}));
}

bool InterleavingMachine::any_caches(PfnRange range) const {
    return std::any_of(cpus_.begin(), cpus_.end(), [&](const auto& cpu) { return cpu->caches(range); });
}

void InterleavingMachine::run(const std::vector<Script>& scripts) {
    SPLINTER_CHECK(scripts.size() <= cpus_.size(), "a script has a CPU");
    fibers_.clear();
    for (std::size_t i = 0; i < cpus_.size(); ++i) {
        InterleavingCpu& cpu = *cpus_[i];
        cpu.script_done_ = false;
        fibers_.push_back(std::make_unique<Fiber>(
            [this, &cpu, script = i < scripts.size() ? scripts[i] : Script{[](Cpu&) {}}] { body(cpu, script); }));
    }
    schedule();
    if (failure_) cancel();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    for (const auto& cpu : cpus_) locks_.check_quiet(cpu->id());
}

void InterleavingMachine::body(InterleavingCpu& cpu, const Script& script) {
    if (cancelling_) return;
    try {
        script(cpu);
        cpu.script_done_ = true;
        wait(cpu, "the end",
             [this] { return std::all_of(cpus_.begin(), cpus_.end(), [](const auto& other) { return other->script_done_; }); });
    } catch (const Cancelled&) {
    } catch (...) {
        if (!failure_) failure_ = std::current_exception();
    }
}

bool InterleavingMachine::interruptible(const InterleavingCpu& cpu) const {
    return !cpu.pending_.empty() && locks_.interrupts_on(cpu.id()) && !cpu.in_handler_;
}

bool InterleavingMachine::runnable(const InterleavingCpu& cpu) const {
    if (fibers_[cpu.id().index()]->finished()) return false;
    return cpu.waits_for_ == nullptr || (*cpu.waits_for_)() || interruptible(cpu);
}

void InterleavingMachine::schedule() {
    std::vector<std::size_t> candidates;
    while (!failure_) {
        candidates.clear();
        bool unfinished = false;
        for (std::size_t i = 0; i < cpus_.size(); ++i) {
            unfinished = unfinished || !fibers_[i]->finished();
            if (runnable(*cpus_[i])) candidates.push_back(i);
        }
        if (!unfinished) return;
        if (candidates.empty()) {
            failure_ = std::make_exception_ptr(InternalError("deadlock:" + why_stuck()));
            return;
        }
        ++switches_;
        fibers_[candidates[rng_.below(candidates.size())]]->resume();
        if (!failure_) on_switch_();
    }
}

// Lets every stack unwind, so that nothing leaks.
void InterleavingMachine::cancel() {
    cancelling_ = true;
    for (const auto& fiber : fibers_)
        while (!fiber->finished()) fiber->resume();
    cancelling_ = false;
}

std::string InterleavingMachine::why_stuck() const {
    std::string text;
    for (const auto& cpu : cpus_) {
        text += " CPU " + std::to_string(cpu->id().raw());
        text += cpu->waits_for_ == nullptr ? " has ended;" : " waits for " + cpu->waits_for_what_ + ";";
    }
    return text;
}

void InterleavingMachine::step(InterleavingCpu& cpu) {
    if (std::uncaught_exceptions() > 0) return;
    ++cpu.calls_;
    cpu.fill_tlb(speculated_.first + PageCount{rng_.below(speculated_.count.raw())});
    if (rng_.below(2) == 0) suspend(cpu);
    if (interruptible(cpu) && rng_.below(2) == 0) take_interrupts(cpu);  // the message takes its time
}

void InterleavingMachine::suspend(const InterleavingCpu& cpu) {
    fibers_[cpu.id().index()]->suspend();
    if (cancelling_) throw Cancelled{};
}

void InterleavingMachine::wait(InterleavingCpu& cpu, std::string what, const std::function<bool()>& condition) {
    while (!condition()) {
        cpu.waits_for_ = &condition;
        cpu.waits_for_what_ = what;
        suspend(cpu);
        cpu.waits_for_ = nullptr;
        if (interruptible(cpu)) take_interrupts(cpu);
    }
}

void InterleavingMachine::take_interrupts(InterleavingCpu& cpu) {
    const IrqState state = locks_.irq_save(cpu.id());  // an interrupt gate
    cpu.in_handler_ = true;
    for (std::uint8_t vector : std::exchange(cpu.pending_, {})) handler_(cpu, vector);
    cpu.in_handler_ = false;
    locks_.irq_restore(cpu.id(), state);
}

}  // namespace splinter::alloc
