#include "tests/system/probing_workload.h"

#include "hw/base/check.h"

namespace splinter::platforms::testing {
namespace {

constexpr x86::Access kKernelRead{x86::AccessKind::read, x86::Mode::supervisor};

alloc::AllocRequest request_of(Order order) {
    alloc::AllocRequest request;
    request.order = order;
    return request;
}

}  // namespace

void ProbingWorkload::prepare(Session& session) {
    for (const alloc::Zone& zone : session.node().kernel().pages().zones())
        for (Pfn page = zone.layout().span.first; page < zone.layout().span.end(); page += params_.stride)
            targets_.push_back(page);
}

void ProbingWorkload::run(Session& session, CpuId core) {
    hw::Timeline& time = session.node().machine().core(core).timeline();
    Rng rng{session.node().config().platform.seed, "core" + std::to_string(core.raw()) + ".probing"};
    session.warm_up(core, Cycles{0}, Cycles{0});
    for (std::size_t phase = 0; phase < phases().size(); ++phase) {
        if (phase > 0) session.begin_phase(core);
        if (core.raw() >= params_.initiators) {
            probe_until_ended(session, core, rng, params_.initiators * (phase + 1));
            continue;
        }
        // The probing cores come first, to fill their TLBs.
        time.advance(params_.probe_every * (targets_.size() + 1));
        take_and_release(session, core);
        const bool last = phase + 2 == phases().size() && core == CpuId{0U};
        if (last && params_.squeeze == ProbingParams::Squeeze::before_last_phase) squeeze(session, core);
        time.order();
        ++ended_;
    }
}

void ProbingWorkload::take_and_release(Session& session, CpuId core) {
    hw::Timeline& time = session.node().machine().core(core).timeline();
    std::vector<std::pair<Pfn, Order>> blocks;
    const auto take = [&](Order order) {
        time.advance(params_.think);
        const auto block = session.acquire(core, request_of(order));
        SPLINTER_CHECK(block, "the test's machine has enough memory");
        own(time, {*block, order.pages()});
        blocks.emplace_back(*block, order);
    };
    for (std::uint64_t i = 0; i < params_.pages; ++i) take(Order{0U});
    if (params_.large != Order{0U}) take(params_.large);
    time.advance(params_.probe_every * (targets_.size() + 1));
    for (const auto& [block, order] : blocks) {
        time.advance(params_.think);
        disown(time, {block, order.pages()});
        session.release(core, block, order);
    }
}

void ProbingWorkload::squeeze(Session& session, CpuId core) {
    CoreCpu& cpu = session.node().cpu(core);
    alloc::PageAllocator& pages = session.node().kernel().pages();
    std::vector<Pfn> blocks;
    while (const auto block = pages.alloc_pages(cpu, request_of(Order{9U}))) blocks.push_back(*block);
    for (Pfn block : blocks) pages.free_pages(cpu, block, Order{9U});
}

void ProbingWorkload::own(hw::Timeline& time, PfnRange range) {
    time.order();
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
        SPLINTER_CHECK(owned_.insert(page).second, "no frame has two owners");
        // Of a large block each frame is under the same leaf: some will do.
        if (page.raw() % 64 == 0 || range.count == PageCount{1})
            if (known_.insert(page).second) targets_.push_back(page);
    }
}

void ProbingWorkload::disown(hw::Timeline& time, PfnRange range) {
    time.order();
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) owned_.erase(page);
}

// `ended_` is read and written at ordering points.
void ProbingWorkload::probe_until_ended(Session& session, CpuId core, Rng& rng, std::uint64_t ended) {
    hw::Timeline& time = session.node().machine().core(core).timeline();
    while (true) {
        time.order();
        if (ended_ >= ended) return;
        probe(session, core, rng);
        time.advance(params_.probe_every);
    }
}

void ProbingWorkload::probe(Session& session, CpuId core, Rng& rng) {
    hw::TranslationUnit& mmu = session.node().machine().core(core).mmu().unit();
    if (params_.pcids == ProbingParams::Pcids::two)
        (void)mmu.write_cr3(session.node().root(), hw::Pcid{static_cast<std::uint16_t>(1 + rng.below(2))},
                            hw::TranslationUnit::Cr3Flush::no_flush);
    if (params_.pcids == ProbingParams::Pcids::two_by_kernel)
        session.node().kernel().tlb_state().switch_mm(session.node().cpu(core), session.node().space(core, rng.below(2)));
    const Pfn target = targets_[rng.below(targets_.size())];
    const bool owned = owned_.contains(target);
    const hw::TranslationUnit::Outcome outcome = mmu.access(alloc::layout::direct_map(target), kKernelRead);
    ++probes_;
    const bool let_through = outcome.result.kind == x86::AccessOutcome::Kind::ok;
    if (!let_through) ++refused_;
    if (owned && let_through) ++leaks_;
    session.node().machine().core(core).timeline().advance(outcome.latency);
}

}  // namespace splinter::platforms::testing
