#include "alloc/buddy/generation.h"

namespace splinter::alloc {

const GenerationRules kLate{
    .name = "late",
    .search = BlockSearch::claim_tried_again,
    .missing_list = MissingList::refuses,
    .failed_flip = FailedFlip::rolled_back,
    .remainder = Remainder::expanded,
    .zeroed_unmapped = ZeroedUnmapped::refused,
    .compaction = CompactionFor::flip_unit_if_unmapped,
    .scrub = Scrub::on_remap,
};

const GenerationRules kEarly{
    .name = "early",
    .search = BlockSearch::one_call,
    .missing_list = MissingList::searches_fallback,
    .failed_flip = FailedFlip::leaked,
    .remainder = Remainder::freed_lowest_first,
    .zeroed_unmapped = ZeroedUnmapped::cleared_by_the_allocator,
    .compaction = CompactionFor::the_request,
    .scrub = Scrub::never,
};

const GenerationRules* find_generation(std::string_view name) {
    for (const GenerationRules* rules : {&kLate, &kEarly})
        if (rules->name == name) return rules;
    return nullptr;
}

}  // namespace splinter::alloc
