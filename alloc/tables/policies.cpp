#include "alloc/tables/policies.h"

#include <array>
#include <string>

#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

// Policy `plain`: pagetable_alloc() of today, an order-0 GFP_KERNEL page that anybody may write to.
class PlainTables : public TablePolicy {
  public:
    explicit PlainTables(const TableContext& context) : TablePolicy{context}, plain_{context.pages} {}
    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override { return plain_.allocate(cpu, use); }
    void release(Cpu& cpu, Pfn table) override { plain_.release(cpu, table); }

  private:
    PlainPageTablePages plain_;
};

using Tables = KeyRegister::Tables;
constexpr std::array kPolicies{
    TablePolicyInfo{"plain", Tables::have_no_key, make_plain_tables, "ordinary pages, not protected: the baseline"},
    TablePolicyInfo{"per-page", Tables::have_a_key, make_per_page_tables,
                    "kpkeys v7: key set and reset at each allocation, one flush each; on large leaves it recurses"},
    TablePolicyInfo{"pba", Tables::have_a_key, make_block_pool,
                    "kpkeys v6: one list of keyed pages, refilled by blocks, with a reserve for splits and a shrinker"},
    TablePolicyInfo{"pba-percpu", Tables::have_a_key, make_percpu_pool,
                    "pba with a few keyed pages per CPU in front of its list"},
    TablePolicyInfo{"freetype-key", Tables::have_a_key, make_freetype_key,
                    "the buddy allocator keeps keyed pageblocks and flips a whole free one with one flush"},
};

}  // namespace

TablePolicyPtr make_plain_tables(const TableContext& context) { return std::make_unique<PlainTables>(context); }

std::span<const TablePolicyInfo> table_policies() { return kPolicies; }

const TablePolicyInfo& find_table_policy(std::string_view name) {
    std::string known;
    for (const TablePolicyInfo& info : kPolicies) {
        if (info.name == name) return info;
        known += (known.empty() ? "" : ", ") + std::string{info.name};
    }
    throw UserError("kernel.page_tables.policy", "found \"" + std::string{name} + "\", allowed: " + known);
}

}  // namespace splinter::alloc
