#include "platforms/reserve/closed_form.h"

namespace splinter::platforms {
namespace {

// Levels between the leaf and a 4 KiB one: each is a split.
unsigned levels_below(x86::PageSize leaf) {
    if (leaf == x86::PageSize::k4) return 0;
    return leaf == x86::PageSize::m2 ? 1 : 2;
}

unsigned per_change(const ReserveQuestion& question) {
    const unsigned one_end = levels_below(question.leaf);
    if (question.change == ChangeShape::page || one_end == 0) return one_end;
    // Two ends: under a 1 GiB leaf of both they share its split; a 2 MiB range from a 2 MiB leaf lies in two such leaves.
    if (question.change == ChangeShape::two_leaves) return 2 * one_end;
    return one_end + 1;
}

unsigned per_refill(const ReserveQuestion& question) {
    const unsigned levels = levels_below(question.leaf);
    return question.lowest_order >= alloc::kPageblockOrder && levels > 0 ? levels - 1 : levels;
}

}  // namespace

std::optional<unsigned> closed_form(const ReserveQuestion& question) {
    const unsigned splitters = question.tables.split_lock == "global" ? 1 : question.splitters;
    const unsigned refill = per_refill(question);
    if (question.lowest_order.pages().raw() - 1 < refill) return std::nullopt;
    // Without a lock the changes and the one CPU that allocates may each flip a pageblock at the same time.
    const bool serialised = question.tables.policy != "freetype-key" || question.tables.flip_lock == "mutex";
    const unsigned refills = serialised ? 1 : splitters + 1;
    return splitters * per_change(question) + refills * refill;
}

}  // namespace splinter::platforms
