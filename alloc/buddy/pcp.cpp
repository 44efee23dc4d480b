#include "alloc/buddy/pcp.h"

#include <algorithm>

namespace splinter::alloc {

PerCpuPages::PerCpuPages(const FreetypeIndex& freetypes) : lists_(kPlainLists + freetypes.flagged() * kBankLists) {
    for (std::size_t i = kMigratetypes; i < freetypes.size(); ++i) banks_.push_back(freetypes.type_of(i));
}

Migratetype PerCpuPages::type_of(std::size_t list) {
    if (list < kLowLists) return static_cast<Migratetype>(list % kPcpMigratetypes);
    return list == kLowLists + 1 ? Migratetype::movable : Migratetype::unmovable;
}

void PerCpuPages::configure(const PcpState& limits) {
    const PageCount count = state_.count;
    state_ = limits;
    state_.count = count;
}

PageCount PerCpuPages::count_with(FreetypeFlag flag) const {
    std::uint64_t pages = 0;
    for (std::size_t list = kPlainLists; list < lists_.size(); ++list)
        if (banks_[(list - kPlainLists) / kBankLists].flags.has(flag))
            pages += lists_[list].size() * order_of(list).pages().raw();
    return PageCount{pages};
}

void PerCpuPages::push_cold(FrameTable& frames, std::size_t list, Pfn block, Migratetype type) {
    lists_[list].push_back(frames, block, FrameState::pcp(type), order_of(list));
    state_.count += order_of(list).pages();
}

std::optional<PerCpuPages::Cold> PerCpuPages::pop_cold(FrameTable& frames, std::size_t& list) {
    for (std::size_t tried = 0; tried < lists_.size(); ++tried, list = (list + 1) % lists_.size()) {
        const auto block = lists_[list].back();
        if (!block) continue;
        const Cold cold{*block, order_of(list), frames.state(*block).pcp_type()};
        remove(frames, list, *block);
        return cold;
    }
    return std::nullopt;
}

}  // namespace splinter::alloc
