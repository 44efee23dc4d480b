#include "platforms/workload/trace_workload.h"

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::platforms {
namespace {

inline constexpr Label kTurn{"other-cpus-turn"};
inline constexpr Label kTraceThink{"think"};
inline constexpr Label kOrdinary{"ordinary"};

Pfn end_of(const TraceSource& source, const RunConfig& config) {
    if (source.starts_empty) return pfn_of(PhysAddr{config.platform.memory});
    Pfn end{0};
    for (const SnapshotZone& zone : source.before.zones) end = std::max(end, zone.span.end());
    return end;
}

}  // namespace

TraceWorkload::TraceWorkload(const RunConfig& config, Failures failures)
    : params_{config.workload.trace},
      failures_{failures},
      cores_{config.hw.cores},
      source_{load_trace_source(config)},
      blocks_(source_.script.allocations()),
      live_{end_of(source_, config)} {
    counts_.events = source_.events;
}

// Live at the start: whatever is not free in the snapshot, and what boot took of it for the kernel's own data.
void TraceWorkload::prepare(Session& session) {
    for (Pfn page : session.node().kernel_pages()) live_.insert({page, PageCount{1}});
    if (source_.starts_empty) return;
    const FrameSet free = free_frames(source_.before);
    for (const SnapshotZone& zone : source_.before.zones)
        for (Pfn page = zone.span.first; page < zone.span.end(); page += PageCount{1})
            if (!free.contains_any({page, PageCount{1}})) live_.insert({page, PageCount{1}});
}

void TraceWorkload::run(Session& session, CpuId core) {
    session.warm_up(core, params_.warm_up, params_.baseline);
    CoreCpu& cpu = session.node().cpu(core);
    const std::vector<TraceOperation>& operations = source_.script.operations();
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (operations[i].cpu.raw() % cores_ != core.raw()) continue;
        wait_for_turn(session, core, i);
        {
            const alloc::Account account{cpu, kTraceThink};
            session.node().machine().core(core).timeline().advance(params_.think);
        }
        execute(session, core, operations[i]);
        pass_turn(session, core);
    }
}

void TraceWorkload::wait_for_turn(Session& session, CpuId core, std::size_t operation) {
    const alloc::Account account{session.node().cpu(core), kTurn};
    session.serve_kernel(core);
    session.sleep_until(core, [this, operation] { return turn_ == operation; });
}

void TraceWorkload::pass_turn(Session& session, CpuId core) {
    hw::Timeline& time = session.node().machine().core(core).timeline();
    time.order();
    if (++turn_ == source_.script.operations().size()) return;
    const CpuId next{static_cast<std::uint32_t>(source_.script.operations()[turn_].cpu.raw() % cores_)};
    session.wake(next, time.now());
}

void TraceWorkload::execute(Session& session, CpuId core, const TraceOperation& operation) {
    switch (operation.kind) {
        case TraceOperation::Kind::allocate:
            allocate(session, core, operation);
            return;
        case TraceOperation::Kind::bulk_allocate:
            allocate_bulk(session, core, operation);
            return;
        case TraceOperation::Kind::free_allocated:
            free_allocated(session, core, operation);
            return;
        case TraceOperation::Kind::free_bulk:
            if (bulk_freed_ < bulk_pages_.size()) release(session, core, bulk_pages_[bulk_freed_++], operation.order);
            return;
        case TraceOperation::Kind::free_older:
            release(session, core, Pfn{operation.subject}, operation.order);
            return;
    }
}

void TraceWorkload::allocate(Session& session, CpuId core, const TraceOperation& operation) {
    const alloc::AllocRequest request{
        .order = operation.order,
        .freetype = {static_cast<alloc::Migratetype>(operation.migratetype), alloc::Mapping::mapped},
        .blocking = operation.blocking,
        .only_zone = operation.zone ? std::optional{alloc::ZoneIndex{*operation.zone}} : std::nullopt,
        .highest_zone = operation.highest_zone};
    ++counts_.allocations;
    Block& block = blocks_[operation.subject];
    block.is_protected = operation.is_protected;
    block.order = operation.order;
    block.left = operation.order.pages();
    if (operation.is_protected) {
        block.first = session.acquire(core, request);
    } else {
        const alloc::Account account{session.node().cpu(core), kOrdinary};
        block.first = session.node().kernel().pages().alloc_pages(session.node().cpu(core), request);
    }
    block.first ? took({*block.first, operation.order.pages()}) : void(++counts_.failures);
}

// A protected block goes back to its strategy when its last part is freed: strategies serve whole blocks.
void TraceWorkload::free_allocated(Session& session, CpuId core, const TraceOperation& operation) {
    Block& block = blocks_[operation.subject];
    if (!block.first) return;
    const Pfn part = *block.first + operation.offset;
    block.left -= operation.order.pages();
    if (!block.is_protected) return release(session, core, part, operation.order);
    ++counts_.frees;
    live_.erase({part, operation.order.pages()});
    if (block.left == PageCount{0}) session.release(core, *block.first, block.order);
}

void TraceWorkload::allocate_bulk(Session& session, CpuId core, const TraceOperation& operation) {
    const alloc::Account account{session.node().cpu(core), kOrdinary};
    alloc::AllocRequest request;
    request.only_zone = alloc::ZoneIndex{operation.zone.value()};
    counts_.allocations += operation.subject;
    for (std::uint64_t left = operation.subject; left > 0;) {
        const std::vector<Pfn> pages =
            session.node().kernel().pages().alloc_pages_bulk(session.node().cpu(core), request, left);
        if (pages.empty()) return void(counts_.failures += left);
        for (Pfn page : pages) {
            bulk_pages_.push_back(page);
            took({page, PageCount{1}});
        }
        left -= pages.size();
    }
}

void TraceWorkload::release(Session& session, CpuId core, Pfn first, Order order) {
    const alloc::Account account{session.node().cpu(core), kOrdinary};
    ++counts_.frees;
    live_.erase({first, order.pages()});
    session.node().kernel().pages().free_pages(session.node().cpu(core), first, order);
}

void TraceWorkload::took(PfnRange range) {
    if (live_.contains_any(range)) ++counts_.overlaps;
    live_.insert(range);
}

void TraceWorkload::check(Session&) {
    SPLINTER_CHECK(turn_ == source_.script.operations().size(), "every operation of the trace was executed");
    if (counts_.overlaps > 0)
        throw SimulatedFinding(std::to_string(counts_.overlaps) +
                               " allocations of the trace were given frames of a live block");
    if (counts_.failures > 0 && failures_ == Failures::end_the_run)
        throw SimulatedFinding("out of memory: " + std::to_string(counts_.failures) + " of " +
                               std::to_string(counts_.allocations) +
                               " allocations of the trace, which the recorded kernel served, failed");
}

std::unique_ptr<Workload> make_trace(const RunConfig& config) {
    return std::make_unique<TraceWorkload>(config, TraceWorkload::Failures::end_the_run);
}

}  // namespace splinter::platforms
