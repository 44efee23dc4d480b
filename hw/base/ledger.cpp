#include "hw/base/ledger.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace splinter {

AccountTree::AccountTree() { nodes_.push_back({kRoot, nullptr, {}}); }

AccountTree::Id AccountTree::find_child(Id parent, const Label& label) {
    auto& children = nodes_[parent].children;
    auto found = std::find_if(children.begin(), children.end(), [&](const auto& child) { return child.first == &label; });
    const Id account = found != children.end() ? found->second : static_cast<Id>(nodes_.size());
    if (found == children.end()) {
        children.emplace_back(&label, account);
        nodes_.push_back({parent, &label, {}});
    }
    memos_[memo_of(parent, label)] = {parent, account, &label};
    return account;
}

std::string AccountTree::path(Id account) const {
    if (account == kRoot) return "";
    const std::string above = path(nodes_[account].parent);
    return (above.empty() ? "" : above + "/") + std::string{nodes_[account].label->name};
}

AccountTree::Id Ledger::open(const Label& label) {
    const AccountTree::Id before = current_;
    enter(label);
    return std::exchange(current_, before);
}

Cycles Ledger::total() const { return Cycles{std::accumulate(cycles_.begin(), cycles_.end(), std::uint64_t{0})}; }

std::map<std::string, std::uint64_t> Ledger::since(const Snapshot& begin) const {
    std::map<std::string, std::uint64_t> by_path;
    for (std::size_t i = 0; i < cycles_.size(); ++i) {
        const std::uint64_t before = i < begin.size() ? begin[i] : 0;
        if (cycles_[i] != before) by_path[tree_->path(static_cast<AccountTree::Id>(i))] += cycles_[i] - before;
    }
    return by_path;
}

}  // namespace splinter
