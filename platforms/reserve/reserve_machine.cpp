#include "platforms/reserve/reserve_machine.h"

#include "alloc/buddy/flip_policy.h"

namespace splinter::platforms {
namespace {

constexpr std::size_t kEarlyTables = 8;
constexpr PageCount kOwnPages{std::uint64_t{64} << (20 - kPageShift)};
constexpr unsigned kLeavesPerChange = 2;

PfnRange behind(PfnRange range, PageCount count) { return {range.end(), count}; }

alloc::KernelParams kernel_params(const ReserveQuestion& question) {
    alloc::KernelParams params;
    params.page_tables = question.tables;
    return params;
}

alloc::LeafChange read_only() { return {0, x86::Pte::kWritable}; }

}  // namespace

ReserveMachine::ReserveMachine(const ReserveQuestion& question)
    : question_{question},
      // The first leaf is left out: boot maps the first GiB with 2 MiB leaves.
      managed_{Pfn{0}, PageCount{x86::kPdpte.pages().raw() + leaf_pages().raw() * 2 * question.operations}},
      changed_{
          behind(managed_, PageCount{leaf_pages().raw() * kLeavesPerChange * question.operations * (question.splitters + 1)})},
      own_{behind(changed_, kOwnPages)},
      memory_{own_.end().raw() * kPageBytes},
      frames_{managed_.count},
      table_frames_{own_},
      boot_tables_{memory_, table_frames_},
      pages_{frames_, zones(frames_, question, managed_), question.splitters + 1, alloc::pcp_limits(kernel_params(question)),
             alloc::layout::KernelData{alloc::layout::direct_map(own_.first)}},
      calls_{question.splitters + 1, alloc::layout::KernelData{alloc::layout::direct_map(own_.first)}},
      mechanism_{calls_},
      flush_{mechanism_, calls_.local(), PageCount{33}},
      keys_{alloc::find_table_policy(question.tables.policy).tables, alloc::KeyScope::entry, question.splitters + 1},
      mermap_{keys_, {}},
      flips_{pages_, mermap_, alloc::flip_policy(alloc::FreetypeParams{})},
      tables_{alloc::find_table_policy(question.tables.policy)
                  .make({pages_, direct_map_, flips_, observer_, question.tables, question.splitters + 1,
                         alloc::layout::KernelData{alloc::layout::direct_map(own_.first)}}),
              observer_, question.splitters + 1},
      direct_map_{boot_tables_.root(), tables_, keys_, flush_, question.splitters + 1},
      next_change_{changed_.first} {
    pages_.configure({.compaction = false});  // it would find nothing to move, in hundreds of GiB
    boot_tables_.map_direct({Pfn{0}, own_.end() - Pfn{0}}, question.leaf);
    for (unsigned i = 0; i <= question.splitters; ++i)
        cpus_.push_back(std::make_unique<InterleavingCpu>(CpuId{i}, memory_, locks_));
    if (question.tables.split_lock == "global") direct_map_.set_split_lock(alloc::DirectMap::SplitLock::global);
    std::vector<Pfn> early;
    for (std::size_t i = 0; i < kEarlyTables; ++i) early.push_back(table_frames_.take());
    tables_.policy().boot(*cpus_[0], std::move(early));
}

// One free block per leaf, in its middle.
std::vector<alloc::Zone> ReserveMachine::zones(alloc::FrameTable& frames, const ReserveQuestion& question, PfnRange span) {
    alloc::ZoneLayout layout;
    layout.name = "Normal";
    layout.span = span;
    layout.managed = span.count;
    std::vector<alloc::Zone> zones;
    zones.emplace_back(layout, frames, alloc::kLinux6_12, alloc::freetype_lists(kernel_params(question)));
    const PageCount leaf = x86::leaf_level(question.leaf).pages();
    const PageCount middle{leaf.raw() / 2 +
                           (leaf > alloc::kPageblockOrder.pages() ? alloc::kPageblockOrder.pages().raw() / 2 : 0)};
    for (Pfn at{x86::kPdpte.pages().raw()}; at < span.end(); at += leaf) {
        const std::uint64_t block = (at + middle).raw() & ~(question.lowest_order.pages().raw() - 1);
        zones.back().set_pageblock_migratetype(Pfn{block}, alloc::Migratetype::unmovable);
        zones.back().add_free_block(Pfn{block}, question.lowest_order, alloc::Migratetype::unmovable);
    }
    return zones;
}

bool ReserveMachine::allocate() { return tables_.allocate(*cpus_[0], alloc::TableUse::ordinary).has_value(); }

bool ReserveMachine::drain() {
    while (tables_.policy().idle_pages().raw() > question_.tables.reserve)
        if (!allocate()) return false;
    return true;
}

bool ReserveMachine::change(unsigned splitter) {
    const PageCount leaf = leaf_pages();
    const Pfn fresh = next_change_;
    next_change_ += PageCount{leaf.raw() * kLeavesPerChange};
    PfnRange range{fresh + PageCount{leaf.raw() / 2 + 1}, PageCount{1}};
    if (question_.change == ChangeShape::range) range.count = alloc::kPageblockOrder.pages();
    if (question_.change == ChangeShape::two_leaves) range.count = leaf;
    return direct_map_.change(*cpus_[splitter], range, read_only()) == alloc::DirectMap::Outcome::done;
}

std::uint64_t ReserveMachine::ready() const { return tables_.policy_ready().value_or(PageCount{0}).raw(); }

}  // namespace splinter::platforms
