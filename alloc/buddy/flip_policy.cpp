#include "alloc/buddy/flip_policy.h"

#include <array>
#include <utility>

#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

constexpr std::array<std::pair<std::string_view, PageCount>, 3> kUnits{{
    {"64KiB", PageCount{16}},
    {"2MiB", PageCount{512}},
    {"1GiB", PageCount{262'144}},
}};

Scrub scrub_of(const FreetypeParams& params, const GenerationRules& generation) {
    if (params.scrub == "on-remap") return Scrub::on_remap;
    if (params.scrub == "on-free") return Scrub::on_free;
    if (params.scrub == "on-alloc") return Scrub::on_alloc;
    SPLINTER_CHECK(params.scrub == "generation", "a known value of freetype.scrub");
    return generation.scrub;
}

}  // namespace

Order FlipPolicy::order() const {
    if (exceeds_the_largest_block()) return kPageblockOrder;
    Order order{0U};
    while (order.pages() < unit) order = order.next();
    return order;
}

FlipPolicy flip_policy(const FreetypeParams& params) {
    FlipPolicy policy;
    policy.generation = find_generation(params.generation);
    SPLINTER_CHECK(policy.generation != nullptr, "a known value of freetype.generation");
    for (const auto& [name, pages] : kUnits)
        if (name == params.flip_unit) policy.unit = pages;
    policy.refill = params.refill_flips ? EmptyRefill::flips_a_block : EmptyRefill::leaves_it;
    policy.scrub = scrub_of(params, *policy.generation);
    return policy;
}

FreetypeLists freetype_lists(const KernelParams& params) {
    if (find_kernel_rules(params.version) == &kLinux6_1) return {FreetypeIndex{}, kPageblockOrder};
    FreetypeIndex index = FreetypeIndex::parse(params.freetypes);
    if (params.page_tables.policy == "freetype-key") index = index.with({Migratetype::unmovable, FreetypeFlag::pgtable_key});
    return {index, std::min(flip_policy(params.freetype).order(), kPageblockOrder)};
}

}  // namespace splinter::alloc
