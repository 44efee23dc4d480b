// Who owns each cycle. Every cycle of every core belongs to exactly one account, a path such as
// "secretmem/alloc/flip/flush/ack-wait"; the sum over the accounts of a core equals its elapsed time, checked in every run.
//
// Labels are compared by address: declare each once as `inline constexpr Label kFlush{"flush"};`. Account numbers are internal
// (they depend on the order of first use); only paths are reported.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hw/base/types.h"

namespace splinter {

struct Label {
    std::string_view name;
};

// The tree of accounts of one machine, shared by its cores' ledgers.
class AccountTree {
  public:
    using Id = std::uint32_t;
    static constexpr Id kRoot = 0;

    AccountTree();
    // The account `label` below `parent`, made at first use.
    Id child(Id parent, const Label& label) {
        const Memo& memo = memos_[memo_of(parent, label)];
        return memo.parent == parent && memo.label == &label ? memo.child : find_child(parent, label);
    }
    [[nodiscard]] Id parent(Id account) const { return nodes_[account].parent; }
    // "" for the root; labels joined by '/'.
    [[nodiscard]] std::string path(Id account) const;
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  private:
    struct Node {
        Id parent;
        const Label* label;
        std::vector<std::pair<const Label*, Id>> children;
    };
    Id find_child(Id parent, const Label& label);
    // What was asked for last, at a place by parent and label: interrupts and calls enter the same few accounts again and
    // again.
    struct Memo {
        Id parent = 0;
        Id child = 0;
        const Label* label = nullptr;
    };
    static constexpr std::size_t kMemos = 256;
    static std::size_t memo_of(Id parent, const Label& label) {
        return (reinterpret_cast<std::uintptr_t>(&label) / sizeof(Label) + parent * 37) % kMemos;
    }
    std::vector<Node> nodes_;
    std::array<Memo, kMemos> memos_{};
};

// The cycles of one core by account.
class Ledger {
  public:
    using Snapshot = std::vector<std::uint64_t>;  // indexed by account; may be shorter than the tree

    explicit Ledger(AccountTree& tree) : tree_{&tree}, cycles_(1, 0) {}
    void enter(const Label& label) { make_current(tree_->child(current_, label)); }
    void leave() { current_ = tree_->parent(current_); }
    // The fast way for a loop: accounts below the current one, resolved once, to switch between.
    AccountTree::Id open(const Label& label);
    [[nodiscard]] AccountTree::Id current() const { return current_; }
    void switch_to(AccountTree::Id account) { current_ = account; }
    // From here on cycles belong to the path that starts at the root (an interrupt); returns what resume() needs.
    AccountTree::Id interrupt(const Label& label) {
        const AccountTree::Id interrupted = current_;
        make_current(tree_->child(AccountTree::kRoot, label));
        return interrupted;
    }
    void resume(AccountTree::Id interrupted) { current_ = interrupted; }
    void charge(Cycles cycles) { cycles_[current_] += cycles.raw(); }

    void prefetch() const { __builtin_prefetch(&cycles_[current_], 1); }
    [[nodiscard]] std::string path() const { return tree_->path(current_); }
    [[nodiscard]] Cycles total() const;
    [[nodiscard]] Snapshot snapshot() const { return cycles_; }
    // Cycles since `begin`, by path.
    [[nodiscard]] std::map<std::string, std::uint64_t> since(const Snapshot& begin) const;

  private:
    void make_current(AccountTree::Id account) {
        current_ = account;
        if (cycles_.size() <= account) [[unlikely]]
            cycles_.resize(account + 1, 0);
    }
    AccountTree* tree_;
    Snapshot cycles_;
    AccountTree::Id current_ = AccountTree::kRoot;
};

}  // namespace splinter
