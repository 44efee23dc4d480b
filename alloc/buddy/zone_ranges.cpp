// Free ranges larger than the largest block, for a flip unit of 1 GiB: no kernel function has this (alloc_contig_range() moves
// pages out of the way, and knows no flags) [I]. The lowest range that will do is taken.
#include <algorithm>

#include "alloc/buddy/zone.h"

namespace splinter::alloc {
bool Zone::in_wilderness(Pfn block) const {
    return std::any_of(wilderness_.begin() + static_cast<std::ptrdiff_t>(wilderness_used_), wilderness_.end(),
                       [block](const PfnRange& range) { return range.contains(block); });
}

bool Zone::is_free_range(PfnRange range, FreetypeFlags flags) const {
    for (Pfn at = range.first; at < range.end();) {
        if (frames_->state(at).in_buddy()) {
            if (flags_of(at) != flags || !mergeable(frames_->state(at).list())) return false;
            at += frames_->order(at).pages();
        } else {
            if (!flags.none() || !in_wilderness(at)) return false;
            at += kMaxOrder.pages();
        }
    }
    return true;
}

// Takes the range out of the wilderness where it lies in it: what is left keeps its place in the order of the hand-out.
void Zone::carve_wilderness(PfnRange range) {
    std::vector<PfnRange> left;
    for (std::size_t i = wilderness_used_; i < wilderness_.size(); ++i) {
        const PfnRange whole = wilderness_[i];
        const Pfn begin = std::max(whole.first, range.first);
        const Pfn end = std::min(whole.end(), range.end());
        if (begin >= end) {
            left.push_back(whole);
            continue;
        }
        if (whole.first < begin) left.push_back({whole.first, begin - whole.first});
        if (end < whole.end()) left.push_back({end, whole.end() - end});
        now_.free -= end - begin;
        free_pages_blocks_[static_cast<std::size_t>(Mapping::mapped)] -= end - begin;
    }
    wilderness_ = std::move(left);
    wilderness_used_ = 0;
    see_list(kMaxOrder, *index_.of(kMovable));
}

std::optional<PfnRange> Zone::take_free_range(PageCount pages, FreetypeFlags flags, BuddyWork& work) {
    const std::uint64_t size = pages.raw();
    for (Pfn start{(layout_.span.first.raw() + size - 1) / size * size}; start + pages <= layout_.span.end(); start += pages) {
        const PfnRange range{start, pages};
        ++work.ranges_searched;
        if (!is_free_range(range, flags)) continue;
        for (Pfn at = start; at < range.end();) {
            if (!frames_->state(at).in_buddy()) {
                at += kMaxOrder.pages();
                continue;
            }
            const PageCount block = frames_->order(at).pages();
            unlink(at);
            at += block;
        }
        carve_wilderness(range);
        work.pageblocks_moved += static_cast<unsigned>(size / kPageblockOrder.pages().raw());
        return range;
    }
    return std::nullopt;
}

}  // namespace splinter::alloc
