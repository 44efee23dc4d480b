// Policy `freetype-key`: page tables from keyed pageblocks of the buddy allocator, the open question of the freetype series:
// "does it serve page-table pages too?" Flags per pageblock and lists per freetype take the place of a cache beside the
// allocator, the per-CPU lists of the flagged freetype that of a per-CPU cache, and the flip of a whole free block that of
// refill and shrinker. What the series can do without, and this cannot: a flip under a 1 GiB leaf splits it, and the split's
// table must be a keyed page as well. So `page_tables.reserve` free keyed pages are kept on the buddy lists for splits, which
// take them without blocking and without a flip; a change of the direct map by others makes sure of them beforehand, as in v6.
// Flips take a mutex, as v6's refills do: else each CPU that flips could take a page of the reserve at the same time.
// With kernel.direct_map.largest_leaf = 2MiB a flip splits nothing. No kernel has this policy [I].
#include "alloc/tables/policies.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kKeyed{Migratetype::unmovable, FreetypeFlag::pgtable_key};

class FreetypeKey : public TablePolicy, private PageblockFlipper {
  public:
    explicit FreetypeKey(const TableContext& context) : TablePolicy{context}, converting_(context.cpus, 0) {
        context.flips.set_tables(FreetypeFlag::pgtable_key, *this);
        context.pages.set_flips(context.flips);
        context.pages.keep(FreetypeFlag::pgtable_key, reserve());
    }

    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
        AllocRequest request;
        request.freetype = kKeyed;
        if (use == TableUse::ordinary) return context().pages.alloc_pages(cpu, request);
        request.blocking = Blocking::may_not_block;
        request.kept = KeptPages::may_use;
        if (const auto page = context().pages.alloc_pages(cpu, request)) return page;
        return take_early();
    }
    void release(Cpu& cpu, Pfn table) override { context().pages.free_pages(cpu, table, Order{0U}); }

    Ready prepare_split(Cpu& cpu) override {
        while (!ready_for_split(cpu))
            if (!flip_ahead(cpu)) return Ready::no_memory;
        return Ready::yes;
    }
    // A flip's own split takes what there is: nobody can make sure of more for it.
    bool ready_for_split(Cpu& cpu) override {
        cpu.order();
        return converting_[cpu.id().index()] > 0 || ready() >= reserve();
    }
    std::optional<PageCount> ready_pages() const override { return ready(); }

    // Free memory to the page allocator, but not to requests without the flag.
    PageCount idle_pages() const override { return context().pages.free_pages_with(FreetypeFlag::pgtable_key); }

  private:
    void fill(Cpu& cpu) override { (void)flip_ahead(cpu); }
    [[nodiscard]] PageCount reserve() const { return PageCount{context().params.reserve}; }
    [[nodiscard]] PageCount ready() const { return context().pages.buddy_pages_with(FreetypeFlag::pgtable_key); }

    bool flip_ahead(Cpu& cpu) {
        for (const std::size_t zone : context().pages.zonelist(cpu.id()))
            if (context().flips.ahead(cpu, context().pages.zones()[zone], kKeyed) == Flips::Ahead::done) return true;
        return false;
    }

    template <class Change>
    Changed convert(Cpu& cpu, Change&& change) {
        ++converting_[cpu.id().index()];
        const Changed changed = change();
        --converting_[cpu.id().index()];
        return changed;
    }

    PageblockFlipper::Outcome apply(Cpu& cpu, PfnRange block) override {
        const Changed changed = convert(cpu, [&] { return protect(cpu, block); });
        if (changed != Changed::done) return PageblockFlipper::Outcome::no_memory;
        ++counters(cpu).table_refills;
        counters(cpu).table_refill_pages += block.count.raw();
        return PageblockFlipper::Outcome::done;
    }
    PageblockFlipper::Outcome revert(Cpu& cpu, PfnRange block) override {
        const Changed changed = convert(cpu, [&] { return unprotect(cpu, block); });
        if (changed != Changed::done) return PageblockFlipper::Outcome::no_memory;
        context().observer.unkeyed_freed(cpu, block);
        return PageblockFlipper::Outcome::done;
    }
    std::optional<LockId> lock() const override {
        return context().params.flip_lock == "mutex" ? std::optional{kTableRefillMutex} : std::nullopt;
    }
    // protect() and unprotect() leave nothing half done.
    void undo_apply(Cpu& /*cpu*/, PfnRange /*block*/) override {}
    void undo_revert(Cpu& /*cpu*/, PfnRange /*block*/) override {}

    std::vector<unsigned> converting_;  // by CPU: flips that it is in
};

}  // namespace

TablePolicyPtr make_freetype_key(const TableContext& context) { return std::make_unique<FreetypeKey>(context); }

}  // namespace splinter::alloc
