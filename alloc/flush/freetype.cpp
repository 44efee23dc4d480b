// Strategy `freetype`: the ALLOC_UNMAPPED series (B. Jackman; bjackman/linux, generations `late` @ 42fa552a0a5f and `early`
// @ a3c87cc761be, buddy/generation.h). A request takes from unmapped blocks; if there are none, the allocator flips a whole
// free block (buddy/flip.h), and this class does the page tables and the one flush. Free does no page-table work and no flush
// [C]. Pages are cleared through a temporary per-CPU mapping (mermap): by the caller, as the page cache does [M late], or by
// the allocator for __GFP_UNMAPPED|__GFP_ZERO [C early]. `early` had the public flag __GFP_UNMAPPED, `late` has ALLOC_UNMAPPED
// inside mm; here both are the request's freetype. No kernel has checked these policies.
#include "alloc/buddy/clearing.h"
#include "alloc/flush/strategies.h"
#include "alloc/flush/unmapped_pool.h"
#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

class Freetype : public FlushStrategy, private PageblockFlipper {
  public:
    explicit Freetype(const StrategyContext& context)
        : FlushStrategy{context}, flips_{context.flips}, pool_{context.pages,           flips_,       context.work,
                                                               context.params.freetype, context.data, context.cpus} {
        for (const Zone& zone : context.pages.zones())
            if (!zone.freetypes().has_list(kUnmovableUnmapped))
                throw UserError("kernel.freetypes", "found \"" + zone.freetypes().text() +
                                                        "\", but strategy freetype takes from unmapped:unmovable");
        flips_.set_tables(FreetypeFlag::unmapped, *this);
        context.pages.set_flips(flips_);
    }

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        AllocRequest unmapped = request.with(kUnmovableUnmapped);
        const bool allocator_clears = flips_.policy().generation->zeroed_unmapped == ZeroedUnmapped::cleared_by_the_allocator;
        if (allocator_clears) unmapped.contents = Contents::zeroed;
        const auto block = context().pages.alloc_pages(cpu, unmapped);
        if (!block) return std::nullopt;
        const PfnRange range{*block, request.order.pages()};
        if (!allocator_clears) context().mermap.clear(cpu, context().pages.counters(cpu.id()), range);
        context().observer.handed_out(cpu, range);
        pool_.remove(cpu, range.count);
        return block;
    }

    void release(Cpu& cpu, Pfn block, Order order) override {
        context().observer.released(cpu, {block, order.pages()});
        context().pages.free_pages(cpu, block, order);
        pool_.add(cpu, order.pages());
    }

    void start(Cpu& cpu) override { pool_.start(cpu); }

  private:
    PageblockFlipper::Outcome apply(Cpu& cpu, PfnRange block) override {
        if (context().direct_map.set_mapping(cpu, block, Mapping::unmapped) != DirectMap::Outcome::done)
            return PageblockFlipper::Outcome::no_memory;
        narrowed(cpu, block);
        before_reuse(cpu, block);
        pool_.add(cpu, block.count);
        return PageblockFlipper::Outcome::done;
    }
    PageblockFlipper::Outcome revert(Cpu& cpu, PfnRange block) override {
        if (context().direct_map.set_mapping(cpu, block, Mapping::mapped) != DirectMap::Outcome::done)
            return PageblockFlipper::Outcome::no_memory;
        widened(cpu, block);
        pool_.remove(cpu, block.count);
        return PageblockFlipper::Outcome::done;
    }
    void undo_apply(Cpu& cpu, PfnRange block) override {
        const auto undone = context().direct_map.set_mapping(cpu, block, Mapping::mapped);
        SPLINTER_CHECK(undone == DirectMap::Outcome::done, "undoing a partial unmap needs no page-table page");
    }
    // Whoever speculated may have loaded entries of what was present for a while.
    void undo_revert(Cpu& cpu, PfnRange block) override {
        const auto undone = context().direct_map.set_mapping(cpu, block, Mapping::unmapped);
        SPLINTER_CHECK(undone == DirectMap::Outcome::done, "undoing a partial mapping needs no page-table page");
        narrowed(cpu, block);
        before_reuse(cpu, block);
    }

    Flips& flips_;
    UnmappedPool pool_;
};

}  // namespace

StrategyPtr make_freetype(const StrategyContext& context) { return std::make_unique<Freetype>(context); }

}  // namespace splinter::alloc
