#include "platforms/run/session.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::platforms {
namespace {

inline constexpr Label kWarmUp{"warm-up"};
inline constexpr Label kBarrier{"barrier"};
inline constexpr Label kIdle{"idle"};
inline constexpr Label kAcquire{"acquire"};
inline constexpr Label kRelease{"release"};
inline constexpr Label kAcquireMapped{"acquire-mapped"};
inline constexpr Label kReleaseMapped{"release-mapped"};

// A test's own strategy may be one that breaks the contract.
MapAudit::HandOut hand_out_of(const RunConfig& config, const SessionParts& parts) {
    if (parts.strategy != nullptr) return MapAudit::HandOut::any_time;
    const bool late = alloc::find_flush_strategy(config.flush.strategy).protection == alloc::Protection::deferred ||
                      alloc::find_flush_mechanism(config.flush.mechanism).arrival == alloc::Arrival::late;
    return late ? MapAudit::HandOut::any_time : MapAudit::HandOut::after_the_flush;
}

MapAudit::Flush flush_of(const RunConfig& config, const SessionParts& parts) {
    const bool at_once = alloc::find_flush_mechanism(config.flush.mechanism).arrival == alloc::Arrival::on_return;
    if (!at_once || parts.strategy != nullptr) return MapAudit::Flush::is_not_checked;
    return config.kernel.pti == "on" ? MapAudit::Flush::reaches_all : MapAudit::Flush::reaches_global_entries;
}

}  // namespace

// The cores' programs: all the same object, told apart by the core.
class Session::Program : public hw::CoreProgram {
  public:
    explicit Program(Session& session) : session_{session} {}
    void run(hw::Core& core) override { session_.run_core(core.id()); }
    void on_interrupt(hw::Core& core, hw::Vector vector) override { session_.on_interrupt(core, vector); }
    void on_notice(hw::Core& core, const hw::Message& notice) override { session_.on_notice(core, notice); }
    void entered_kernel(hw::Core& core) override {
        session_.node_->kernel().mechanism().entered_kernel(session_.node_->cpu(core.id()));
    }
    void leaves_kernel(hw::Core& core) override {
        session_.node_->kernel().mechanism().leaves_kernel(session_.node_->cpu(core.id()));
    }

  private:
    Session& session_;
};

// The exposure measure, the pool, and then the audit of a test.
class Session::Moments : public alloc::MapObserver, public alloc::FlushObserver {
  public:
    Moments(ExposureTracker& exposure, PoolTracker& pool, MapAudit& invariants, alloc::MapObserver* audit)
        : exposure_{exposure}, pool_{pool}, invariants_{invariants}, audit_{audit} {}
    void narrowed(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::narrowed, cpu, range); }
    void widened(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::widened, cpu, range); }
    void handed_out(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::handed_out, cpu, range); }
    void released(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::released, cpu, range); }
    void keyed(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::keyed, cpu, range); }
    void unkeyed(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::unkeyed, cpu, range); }
    void table_handed_out(alloc::Cpu& cpu, PfnRange page) override { tell(&alloc::MapObserver::table_handed_out, cpu, page); }
    void table_released(alloc::Cpu& cpu, PfnRange page) override { tell(&alloc::MapObserver::table_released, cpu, page); }
    void unkeyed_freed(alloc::Cpu& cpu, PfnRange range) override { tell(&alloc::MapObserver::unkeyed_freed, cpu, range); }
    void flush_begins(alloc::Cpu& cpu) override { invariants_.flush_begins(cpu); }
    void flushed_range(alloc::Cpu& cpu, VirtAddr start, PageCount pages) override {
        exposure_.flushed_range(cpu, start, pages);
        invariants_.flushed_range(cpu, start, pages);
    }
    void flushed_all(alloc::Cpu& cpu) override {
        exposure_.flushed_all(cpu);
        invariants_.flushed_all(cpu);
    }

  private:
    void tell(void (alloc::MapObserver::*moment)(alloc::Cpu&, PfnRange), alloc::Cpu& cpu, PfnRange range) {
        (exposure_.*moment)(cpu, range);
        (pool_.*moment)(cpu, range);
        (invariants_.*moment)(cpu, range);
        if (audit_ != nullptr) (audit_->*moment)(cpu, range);
    }
    ExposureTracker& exposure_;
    PoolTracker& pool_;
    MapAudit& invariants_;
    alloc::MapObserver* audit_;
};

Session::Session(const RunConfig& config, Workload& workload, const SessionParts& parts)
    : workload_{workload},
      pool_{config.hw.cores},
      map_audit_{config.hw.cores, hand_out_of(config, parts), flush_of(config, parts)},
      moments_{std::make_unique<Moments>(exposure_, pool_, map_audit_, parts.audit)},
      node_{std::make_unique<Node>(
          config, workload.snapshot(), *moments_,
          parts.strategy != nullptr ? *parts.strategy : alloc::find_flush_strategy(config.flush.strategy),
          workload.user_footprint())},
      program_{std::make_unique<Program>(*this)},
      cores_(config.hw.cores),
      phase_count_{kFirstPhase + workload.phases().size()},
      figures_(phase_count_),
      unmapped_free_(phase_count_),
      memory_(phase_count_) {
    map_audit_.watch(node_->machine(), node_->memory(), node_->root(),
                     node_->tables_have_a_key() ? MapAudit::Tables::have_a_key : MapAudit::Tables::have_no_key);
    node_->kernel().flush().set_observer(*moments_);
    for (alloc::Zone& zone : node_->kernel().pages().zones())
        zone.set_watcher(parts.watcher != nullptr ? parts.watcher : &free_lists_);
    hw::Machine& machine = node_->machine();
    exposure_.attach(machine, [&machine](CpuId sender, std::uint64_t record) {
        machine.notify_all(machine.core(sender), kNarrowed, record);
    });
    for (const auto& core : machine.cores()) {
        PerCore& mine = cores_[core->id().index()];
        core->set_program(*program_);
        mine.allocates = workload.allocates(core->id());
        allocating_cores_ += mine.allocates ? 1 : 0;
        mine.samples.resize(phase_count_);
    }
    SPLINTER_CHECK(allocating_cores_ > 0, "a workload has at least one allocating core");
    add_background_loops();
}

void Session::add_background_loops() {
    const std::size_t loops = cores_.size() - allocating_cores_;
    const std::uint64_t wanted = node_->config().workload.background.sampled_cores;
    const std::size_t sampled = wanted == 0 ? loops : std::min<std::size_t>(loops, wanted);
    std::size_t i = 0;
    for (const auto& core : node_->machine().cores()) {
        PerCore& mine = cores_[core->id().index()];
        if (mine.allocates) continue;
        const bool is_sampled = i == 0 || i * sampled / loops != (i - 1) * sampled / loops;
        using Memory = BackgroundLoop::Memory;
        mine.background =
            std::make_unique<BackgroundLoop>(*node_, core->id(), is_sampled ? Memory::accessed : Memory::left_out);
        sampled_cores_ += is_sampled ? 1 : 0;
        ++i;
    }
}

Session::~Session() = default;

void Session::run() {
    sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_INFO, sc_core::SC_DO_NOTHING);  // "stopped by user"
    workload_.prepare(*this);
    node_->machine().run();
    for (const auto& core : node_->machine().cores()) end_ = std::max(end_, core->timeline().now());
    exposure_.finish(end_);
    check_ledgers();
    map_audit_.check_tables(node_->roots());
    workload_.check(*this);
}

void Session::run_core(CpuId core) {
    PerCore& mine = cores_[core.index()];
    hw::Core& silicon = node_->machine().core(core);
    if (mechanism().entries == alloc::MechanismInfo::Entries::watched) silicon.tell_entries();
    mark(core);
    node_->kernel().start(node_->cpu(core));
    if (mine.allocates) {
        workload_.run(*this, core);
        finish_allocating(core);
    } else {
        silicon.timeline().set_conduct(conduct_of_loops());
        while (!mine.stopped) {
            mine.background->step();
            if (!node_->kernel().work().pending(core)) [[likely]]
                continue;
            silicon.set_mode(x86::Mode::supervisor);
            serve_kernel(core);
            if (!node_->kernel().work().pending(core)) silicon.timeline().set_conduct(conduct_of_loops());
        }
    }
    mark(core);
    silicon.set_mode(x86::Mode::supervisor);
}

const alloc::MechanismInfo& Session::mechanism() const { return alloc::find_flush_mechanism(node_->config().flush.mechanism); }

// A loop whose entries to the kernel are told, or which sweeps where it loads an address space, reaches ordering points there.
hw::Timeline::Conduct Session::conduct_of_loops() const {
    const bool watched = mechanism().entries == alloc::MechanismInfo::Entries::watched;
    const bool sweeps =
        mechanism().arrival == alloc::Arrival::late && node_->config().workload.background.switch_every > Cycles{0};
    return watched || sweeps ? hw::Timeline::Conduct::endless : node_->machine().conduct_of_loops();
}

void Session::begin_phase(CpuId core) {
    hw::Timeline& time = node_->machine().core(core).timeline();
    const std::size_t next = cores_[core.index()].phase + 1;
    SPLINTER_CHECK(next < phase_count_, "a workload begins the phases that it has named");
    const alloc::Account account{node_->cpu(core), kBarrier};
    time.order();
    if (++arrived_ == allocating_cores_) {
        arrived_ = 0;
        note_phase_end(core, Work::goes_on);
        declared_phase_ = next;
        node_->machine().notify_all(node_->machine().core(core), kPhase, next);
    }
    sleep_until(core, [this, core, next] { return cores_[core.index()].phase == next; });
}

// The state of the kernel, at a moment when nobody changes it: all allocating cores are here, and no core runs kernel work.
void Session::note_phase_end(CpuId core, Work then) {
    waits_for_work_ = core;
    sleep_until(core, [this, then] {
        if (working_ != 0) return false;
        work_ends_ = then == Work::ends;
        return true;
    });
    waits_for_work_.reset();
    measure_memory();
}

void Session::sleep_until(CpuId core, const std::function<bool()>& condition) {
    PerCore& mine = cores_[core.index()];
    hw::Timeline& time = node_->machine().core(core).timeline();
    hw::Core& silicon = node_->machine().core(core);
    while (true) {
        // Idle before it looks: what going idle takes may let others change what it looks at.
        silicon.enter_idle();
        time.order();
        const bool done = condition();
        if (!done && (work_ends_ || !node_->kernel().work().pending(core))) {
            mine.asleep = true;
            time.wait_for_wake();
            mine.asleep = false;
        }
        silicon.leave_idle();
        if (done) return;
        serve_kernel(core);
    }
}

void Session::wake(CpuId sleeper, Cycles now) {
    if (cores_[sleeper.index()].asleep) node_->machine().core(sleeper).timeline().wake(now);
}

void Session::serve_kernel(CpuId core) {
    alloc::Kernel& kernel = node_->kernel();
    if (!kernel.work().pending(core)) return;
    hw::Timeline& time = node_->machine().core(core).timeline();
    time.order();
    if (work_ends_) return;  // it could call cores that end before they answer
    ++working_;
    kernel.work().run_pending(node_->cpu(core));
    time.order();
    if (--working_ == 0 && waits_for_work_) wake(*waits_for_work_, time.now());
}

// Due work makes a core active: it may touch what others can change before it is passive again.
void Session::on_interrupt(hw::Core& core, hw::Vector vector) {
    node_->kernel().on_interrupt(node_->cpu(core.id()), vector.raw());
    if (!node_->kernel().work().pending(core.id())) return;
    core.timeline().set_conduct(hw::Timeline::Conduct::active);
    wake(core.id(), core.timeline().now());
}

void Session::warm_up(CpuId core, Cycles warm_up, Cycles baseline) {
    hw::Timeline& time = node_->machine().core(core).timeline();
    const bool victims = allocating_cores_ < cores_.size();
    {
        const alloc::Account account{node_->cpu(core), kWarmUp};
        if (victims) time.advance(warm_up);
        begin_phase(core);
        if (victims) time.advance(baseline);
    }
    begin_phase(core);
}

void Session::finish_allocating(CpuId core) {
    hw::Timeline& time = node_->machine().core(core).timeline();
    const alloc::Account account{node_->cpu(core), kIdle};
    time.order();
    if (++finished_ == allocating_cores_) {
        note_phase_end(core, Work::ends);
        node_->machine().notify_all(node_->machine().core(core), kStop, 0);
    }
    sleep_until(core, [this, core] { return cores_[core.index()].stopped; });
}

void Session::on_notice(hw::Core& core, const hw::Message& notice) {
    PerCore& mine = cores_[core.id().index()];
    switch (notice.what) {
        case kNarrowed:
            exposure_.on_notice(core, notice.payload);
            return;
        case kPhase:
            mark(core.id());
            mine.phase = notice.payload;
            exposure_.enter_phase(core.id(), mine.phase);
            wake(core.id(), core.timeline().now());
            return;
        case kStop:
            mine.stopped = true;
            wake(core.id(), core.timeline().now());
            return;
        default:
            SPLINTER_CHECK(false, "unknown notice");
    }
}

void Session::measure_memory() {
    unmapped_free_[declared_phase_] = node_->kernel().unmapped_free_pages();
    memory_[declared_phase_] = alloc::take_statistics(node_->kernel().pages());
}

void Session::mark(CpuId core) {
    const hw::Core& silicon = node_->machine().core(core);
    PerCore& mine = cores_[core.index()];
    pool_.mark(core, silicon.timeline().now());
    mine.marks.push_back({silicon.timeline().now(), silicon.timeline().ledger().snapshot(), silicon.mmu().unit().stats(),
                          silicon.apic().stats(), node_->kernel().counters(core),
                          mine.background ? mine.background->accesses() : 0});
}

std::optional<Pfn> Session::acquire(CpuId core, const alloc::AllocRequest& request) {
    serve_kernel(core);
    CoreCpu& cpu = node_->cpu(core);
    OperationSamples& samples = cores_[core.index()].samples[cores_[core.index()].phase];
    const Cycles begin = cpu.now();
    const std::uint64_t narrowings = pool_.narrowings(core);
    std::optional<Pfn> block;
    {
        const alloc::Account account{cpu, kAcquire};
        block = strategy().acquire(cpu, request);
    }
    const Cycles spent = cpu.now() - begin;
    samples.cycles += spent.raw();
    samples.worst_cycles = std::max(samples.worst_cycles, spent.raw());
    if (!block) {
        ++samples.failures;
        return std::nullopt;
    }
    samples.pool_hits += pool_.narrowings(core) == narrowings ? 1 : 0;
    samples.alloc_cycles.push_back(spent.raw());
    samples.pages += request.order.pages().raw();
    return block;
}

void Session::release(CpuId core, Pfn block, Order order) {
    serve_kernel(core);
    CoreCpu& cpu = node_->cpu(core);
    const Cycles begin = cpu.now();
    {
        const alloc::Account account{cpu, kRelease};
        strategy().release(cpu, block, order);
    }
    const std::uint64_t spent = (cpu.now() - begin).raw();
    OperationSamples& samples = cores_[core.index()].samples[cores_[core.index()].phase];
    samples.cycles += spent;
    samples.free_cycles.add(spent);
    samples.worst_cycles = std::max(samples.worst_cycles, spent);
}

std::optional<Pfn> Session::acquire_mapped(CpuId core, const alloc::AllocRequest& request) {
    serve_kernel(core);
    CoreCpu& cpu = node_->cpu(core);
    OperationSamples& samples = cores_[core.index()].samples[cores_[core.index()].phase];
    const alloc::Account account{cpu, kAcquireMapped};
    const Cycles begin = cpu.now();
    const auto block = node_->kernel().pages().alloc_pages(cpu, request);
    if (block)
        samples.mapped_cycles.push_back((cpu.now() - begin).raw());
    else
        ++samples.mapped_failures;
    return block;
}

void Session::release_mapped(CpuId core, Pfn block, Order order) {
    serve_kernel(core);
    const alloc::Account account{node_->cpu(core), kReleaseMapped};
    node_->kernel().pages().free_pages(node_->cpu(core), block, order);
}

void Session::add_figure(CpuId core, const std::string& metric, double value) {
    figures_[cores_[core.index()].phase][metric] += value;
}

Session::Operation Session::begin_operation(CpuId core) { return {node_->cpu(core).now(), node_->kernel().counters(core)}; }

void Session::end_operation(CpuId core, const Operation& begun, std::uint64_t entries) {
    OperationSamples& samples = cores_[core.index()].samples[cores_[core.index()].phase];
    ++samples.operations;
    samples.operation_cycles += (node_->cpu(core).now() - begun.begin).raw();
    samples.operation_entries += entries;
    const alloc::KernelCounters now = node_->kernel().counters(core);
    alloc::for_each_counter(
        [&](std::string_view, auto member) { samples.in_operations.*member += now.*member - begun.counters.*member; });
}

void Session::count_accesses(CpuId core, std::uint64_t accesses, Cycles begin) {
    OperationSamples& samples = cores_[core.index()].samples[cores_[core.index()].phase];
    samples.accesses += accesses;
    samples.access_cycles += (node_->cpu(core).now() - begin).raw();
}

FreeListHistory Session::free_lists() {
    FreeListHistory history = free_lists_.finish(node_->kernel().pages().zones(), end_);
    const std::vector<std::string> names = workload_.phases();
    for (std::size_t i = 0; i < names.size(); ++i) {
        Cycles begin = kNever;
        for (const PerCore& core : cores_) begin = std::min(begin, core.marks[kFirstPhase + i].now);
        history.phases.push_back({names[i], begin.raw()});
    }
    return history;
}

const OperationSamples& Session::samples(CpuId core, std::size_t phase) const { return cores_[core.index()].samples[phase]; }

void Session::check_ledgers() const {
    for (const auto& core : node_->machine().cores())
        SPLINTER_CHECK(core->timeline().ledger().total() == core->timeline().now(),
                       "core" + std::to_string(core->id().raw()) + ": the ledger holds " +
                           std::to_string(core->timeline().ledger().total().raw()) + " of " +
                           std::to_string(core->timeline().now().raw()) + " cycles");
}

}  // namespace splinter::platforms
