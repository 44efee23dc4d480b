// Policy `pba`: the "pkeys block allocator" of kpkeys_hardened_pgtables v6 (mm/kpkeys_hardened_pgtables.c, patches 14 and 15):
// one global LIFO list of pages that have the key, under a spinlock; refills of order 9, 4 or 2 under a mutex; a reserve of 4
// pages that only splits of the direct map take from, so that a split never waits for a key to be set; a shrinker. Two details
// are the series': the block is allocated before the mutex is taken, and the list is not looked at again behind it. So CPUs
// that miss together each bring a block. Leaves out: memory cgroups, clearing at allocation (the caller's), GFP_ATOMIC, which
// the series refuses.
#pragma once

#include <map>
#include <vector>

#include "alloc/tables/table_policy.h"

namespace splinter::alloc {

class BlockPool : public TablePolicy, public Shrinker {
  public:
    explicit BlockPool(const TableContext& context);

    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override;
    void release(Cpu& cpu, Pfn table) override;
    [[nodiscard]] Ready prepare_split(Cpu& cpu) override;
    [[nodiscard]] bool ready_for_split(Cpu& cpu) override;
    PageCount shrink(Cpu& cpu) override;
    [[nodiscard]] std::optional<PageCount> ready_pages() const override { return PageCount{pages_.size()}; }

    [[nodiscard]] PageCount idle_pages() const override { return PageCount{pages_.size()}; }

    static constexpr std::uint64_t kUnshrinkable = 16;   // PBA_UNSHRINKABLE_PAGES
    static constexpr std::uint64_t kShrinkBatch = 512;   // shrinker->batch
    static constexpr std::uint64_t kFewestOfBlock = 64;  // an eighth of a block: fewer free pages of it are not worth a split

  protected:
    void fill(Cpu& cpu) override;
    // One page off the list, if it has more than `leave`.
    [[nodiscard]] std::optional<Pfn> pop(Cpu& cpu, std::uint64_t leave);
    // Up to `most` pages, as long as the list has more than the reserve.
    [[nodiscard]] std::vector<Pfn> pop_many(Cpu& cpu, std::uint64_t most);
    void push(Cpu& cpu, std::span<const Pfn> pages);
    // A block with the key onto the list, but for one page, the caller's. Nothing: no memory.
    [[nodiscard]] std::optional<Pfn> refill(Cpu& cpu);
    [[nodiscard]] std::uint64_t reserve() const { return context().params.reserve; }

  private:
    enum class Keep : std::uint8_t { nothing, one };
    // The refill: memory, then, under the mutex, its key, and its pages onto the list.
    [[nodiscard]] std::optional<Pfn> add_block(Cpu& cpu, Keep keep);
    [[nodiscard]] std::optional<PfnRange> take_block(Cpu& cpu);
    void split_page(Cpu& cpu, PfnRange block, Keep keep);
    void count_free(Pfn page, std::int64_t change);
    struct Victims {
        std::vector<Pfn> pages;
        std::optional<PfnRange> whole_block;
    };
    Victims choose_victims();
    PageCount free_victims(Cpu& cpu, const Victims& victims);
    void forget_block(Pfn block) { blocks_.erase(block); }

    std::vector<Order> orders_;            // of refills, in the order in which they are tried
    std::vector<Pfn> pages_;               // free ones; the last is handed out first
    std::map<Pfn, std::uint64_t> blocks_;  // whole pageblocks by first page: free pages of each (block_nr_free)
    std::optional<CpuId> refiller_;        // owner of the mutex
    std::vector<unsigned> shrinking_;      // by CPU: in the shrinker
};

}  // namespace splinter::alloc
