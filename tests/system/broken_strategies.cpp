#include "tests/system/broken_strategies.h"

#include "tests/system/forwarding_cpu.h"

namespace splinter::platforms::testing {
namespace {

using alloc::Cpu;
using alloc::FlushStrategy;

class PerPage : public FlushStrategy {
  public:
    using FlushStrategy::FlushStrategy;
    std::optional<Pfn> acquire(Cpu& cpu, const alloc::AllocRequest& request) override {
        return acquire_by_unmapping(cpu, request);
    }
    void release(Cpu& cpu, Pfn block, Order order) override { release_by_mapping(cpu, block, order); }
};

class SkipsOneCore : public PerPage {
  public:
    using PerPage::PerPage;

  protected:
    void before_reuse(Cpu& cpu, PfnRange range) override {
        CpuMask seen = cpu.online();
        seen.clear(CpuId{static_cast<std::uint32_t>(seen.count() - 1)});
        BlindCpu blind{cpu, seen};
        PerPage::before_reuse(blind, range);
    }
};

class SkipsLargeEntry : public PerPage {
  public:
    using PerPage::PerPage;

  protected:
    void before_reuse(Cpu& cpu, PfnRange range) override {
        if (range.count < x86::kPde.pages()) PerPage::before_reuse(cpu, range);
    }
};

class ForgetsSplitFlush : public PerPage {
  public:
    using PerPage::PerPage;
    std::optional<Pfn> acquire(Cpu& cpu, const alloc::AllocRequest& request) override {
        CpuMask self;
        self.set(cpu.id());
        BlindCpu alone{cpu, self};
        return PerPage::acquire(alone, request);
    }

  protected:
    void before_reuse(Cpu& cpu, PfnRange range) override { PerPage::before_reuse(dynamic_cast<BlindCpu&>(cpu).real(), range); }
};

class NeverUnmaps : public PerPage {
  public:
    using PerPage::PerPage;
    std::optional<Pfn> acquire(Cpu& cpu, const alloc::AllocRequest& request) override {
        const auto block = context().pages.alloc_pages(cpu, request);
        if (!block) return std::nullopt;
        const PfnRange range{*block, request.order.pages()};
        clear(cpu, range);
        narrowed(cpu, range);
        before_reuse(cpu, range);
        context().observer.handed_out(cpu, range);
        return block;
    }
};

class FlushesLate : public PerPage {
  public:
    using PerPage::PerPage;
    std::optional<Pfn> acquire(Cpu& cpu, const alloc::AllocRequest& request) override {
        const auto block = context().pages.alloc_pages(cpu, request);
        if (!block) return std::nullopt;
        const PfnRange range{*block, request.order.pages()};
        clear(cpu, range);
        if (unmap(cpu, range) != alloc::DirectMap::Outcome::done) {
            context().pages.free_pages(cpu, *block, request.order);
            return std::nullopt;
        }
        context().observer.handed_out(cpu, range);
        cpu.retire(alloc::Step::local_map, kLateFlushSteps);
        before_reuse(cpu, range);
        return block;
    }
};

template <class Strategy>
alloc::StrategyPtr make(const alloc::StrategyContext& context) {
    return std::make_unique<Strategy>(context);
}

alloc::StrategyPtr make_too_late(const alloc::StrategyContext& context) {
    alloc::StrategyContext late = context;
    late.params.deferred_deadline = context.params.deferred_deadline * 8;
    return alloc::make_batched_deferred(late);
}

}  // namespace

using alloc::Protection;
const alloc::StrategyInfo kSkipsOneCore{"skips-one-core", Protection::is_protected, make<SkipsOneCore>, ""};
const alloc::StrategyInfo kSkipsLargeEntry{"skips-large-entry", Protection::is_protected, make<SkipsLargeEntry>, ""};
const alloc::StrategyInfo kForgetsSplitFlush{"forgets-split-flush", Protection::is_protected, make<ForgetsSplitFlush>, ""};
const alloc::StrategyInfo kNeverUnmaps{"never-unmaps", Protection::is_protected, make<NeverUnmaps>, ""};
const alloc::StrategyInfo kFlushesLate{"flushes-late", Protection::is_protected, make<FlushesLate>, ""};
const alloc::StrategyInfo kExceedsItsBound{"exceeds-its-bound", Protection::deferred, make_too_late, "",
                                           [](const alloc::KernelParams& params) { return params.deferred_deadline; }};

}  // namespace splinter::platforms::testing
