#include "alloc/buddy/kernel_rules.h"

namespace splinter::alloc {
const KernelRules kLinux6_1{
    .version = "6.1",
    .merged_pageblock = MergedPageblock::keeps_its_type,
    .large_free = LargeFree::whole,
    .edge_pageblock = EdgePageblock::moves_from_the_page_on,
    .drained_type = DrainedType::remembered,
    .fallback_trace = FallbackTrace::before_the_take,
    .highatomic = HighatomicReserve::by_pageblock,
    .bulk_free = BulkFree::in_clusters,
    .migrated_blocks = MigratedBlocks::single_pages,
    .migration_target = MigrationTarget::below_a_pageblock,
    .isolated_pageblock = IsolatedPageblock::changes_its_type,
    .take_block = take_block_6_1,
    .pcp_rules = pcp_rules_6_1(),
};

const KernelRules kLinux6_12{
    .version = "6.12",
    .merged_pageblock = MergedPageblock::takes_the_freed_type,
    .large_free = LargeFree::by_pageblocks,
    .edge_pageblock = EdgePageblock::is_left_alone,
    .drained_type = DrainedType::of_the_pageblock_now,
    .fallback_trace = FallbackTrace::after_the_take,
    .highatomic = HighatomicReserve::by_block,
    .bulk_free = BulkFree::at_once,
    .migrated_blocks = MigratedBlocks::smaller_than_the_goal,
    .migration_target = MigrationTarget::below_the_goal,
    .isolated_pageblock = IsolatedPageblock::moves_its_free_blocks,
    .take_block = take_block_6_12,
    .pcp_rules = pcp_rules_6_12(),
};

const KernelRules* find_kernel_rules(std::string_view version) {
    for (const KernelRules* rules : {&kLinux6_1, &kLinux6_12})
        if (version == rules->version ||
            (version.starts_with(rules->version) && version.substr(rules->version.size()).starts_with(".")))
            return rules;
    return nullptr;
}

}  // namespace splinter::alloc
