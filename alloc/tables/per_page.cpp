// Policy `per-page`: kpkeys_hardened_pgtables v7 (and v6's "noblock" back end): the buddy allocator's page, its key set at each
// allocation and reset at each free, a change of the direct map with its flush each time. Made for a direct map of 4 KiB
// leaves. With larger ones the naive variant: the change splits a leaf, and the split's table is such a page as well. Protected
// before it is linked (`page_tables.protect_split` = before-link, the constructor of v5), a table in the leaf that is being
// split needs that very split, and so on without end. Protected once it is linked (after-link), each step splits another leaf,
// until one is small already; meanwhile a table in use is unprotected.
#include <set>

#include "alloc/tables/policies.h"

namespace splinter::alloc {
namespace {

class PerPageTables : public TablePolicy {
  public:
    using TablePolicy::TablePolicy;

    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
        const auto page = context().pages.alloc_pages(cpu, AllocRequest{});
        if (!page) return std::nullopt;
        if (use == TableUse::split && protects_linked_splits()) {
            unlinked_.insert(*page);
            return page;
        }
        if (protect(cpu, {*page, PageCount{1}}) == Changed::done) return page;
        context().pages.free_pages(cpu, *page, Order{0U});
        return std::nullopt;
    }

    [[nodiscard]] bool protects_linked_splits() const override { return context().params.protect_split == "after-link"; }
    Ready linked(Cpu& cpu, Pfn table) override {
        if (protect(cpu, {table, PageCount{1}}) != Changed::done) return Ready::no_memory;  // released as unprotected
        unlinked_.erase(table);
        return Ready::yes;
    }

    // The entry is there since the key was set: the leaf is a 4 KiB one.
    void release(Cpu& cpu, Pfn table) override {
        if (unlinked_.erase(table) > 0) return context().pages.free_pages(cpu, table, Order{0U});
        const PfnRange page{table, PageCount{1}};
        SPLINTER_CHECK(unprotect(cpu, page) == Changed::done, "resetting the key of a 4 KiB leaf needs no page-table page");
        free_unprotected(cpu, page, Order{0U});
    }

  private:
    std::set<Pfn> unlinked_;  // tables of splits that are under way, without the key
};

}  // namespace

TablePolicyPtr make_per_page_tables(const TableContext& context) { return std::make_unique<PerPageTables>(context); }

}  // namespace splinter::alloc
