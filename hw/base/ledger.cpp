#include "hw/base/ledger.h"

#include <numeric>
#include <utility>

namespace splinter {

AccountTree::AccountTree() { nodes_.push_back({kRoot, nullptr, {}}); }

AccountTree::Id AccountTree::child(Id parent, const Label& label) {
    for (const auto& [known, account] : nodes_[parent].children)
        if (known == &label) return account;
    const Id account = static_cast<Id>(nodes_.size());
    nodes_.push_back({parent, &label, {}});
    nodes_[parent].children.emplace_back(&label, account);
    return account;
}

std::string AccountTree::path(Id account) const {
    if (account == kRoot) return "";
    const std::string above = path(nodes_[account].parent);
    return (above.empty() ? "" : above + "/") + std::string{nodes_[account].label->name};
}

void Ledger::enter(const Label& label) { make_current(tree_->child(current_, label)); }

AccountTree::Id Ledger::interrupt(const Label& label) {
    const AccountTree::Id interrupted = current_;
    make_current(tree_->child(AccountTree::kRoot, label));
    return interrupted;
}

AccountTree::Id Ledger::open(const Label& label) {
    const AccountTree::Id before = current_;
    enter(label);
    return std::exchange(current_, before);
}

void Ledger::make_current(AccountTree::Id account) {
    current_ = account;
    if (cycles_.size() <= account) cycles_.resize(account + 1, 0);
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
