// What an unmapping collects until it has flushed: struct mmu_gather of include/asm-generic/tlb.h, mm/mmu_gather.c, Linux 6.12.
// The bounds decide how often zap_pte_range() has to stop in the middle of a table.
// Leaves out: the pages that hold the batches, RCU between the flush and the free of tables.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "hw/base/types.h"

namespace splinter::alloc {

class MmuGather {
  public:
    struct Piece {
        Pfn head;  // of a folio
        std::uint32_t entries;
    };
    // __tlb_remove_folio_pages(). True: full, flush now.
    [[nodiscard]] bool add(Pfn head, std::uint32_t entries) {
        pieces_.push_back({head, entries});
        filled_ += entries == 1 ? 1 : 2;  // a page and its number of pages
        if (filled_ < (batches_ == 0 ? kBundle : kBatch) - 1) return false;
        if (batches_ == kBatches) return true;
        ++batches_;
        filled_ = 0;
        return false;
    }
    // tlb_remove_tlb_entry(), tlb_flush_pte_range(): translations of [start, start + bytes), by leaves of `leaf` pages, must
    // go.
    void cover(VirtAddr start, std::uint64_t bytes, PageCount leaf) {
        if (!stride_ || leaf < *stride_) stride_ = leaf;
        if (end_ == VirtAddr{0} || start < start_) start_ = start;
        end_ = std::max(end_, start + bytes);
    }
    // pte_free_tlb() and its like: `table` covered the address `at`, as one of the entries of `entry` pages above it.
    void add_table(Pfn table, VirtAddr at, PageCount entry) {
        cover(at, kPageBytes, entry);
        tables_.push_back(table);
    }
    // Whether there is anything to flush; what, and with which stride (tlb_get_unmap_shift()).
    [[nodiscard]] bool needs_flush() const { return stride_.has_value(); }
    [[nodiscard]] VirtAddr start() const { return start_; }
    [[nodiscard]] std::uint64_t bytes() const { return end_ - start_; }
    [[nodiscard]] PageCount stride() const { return *stride_; }
    [[nodiscard]] const std::vector<Pfn>& tables() const { return tables_; }
    // What is to be freed: to be taken before the flush.
    [[nodiscard]] std::vector<Pfn> take_tables() { return std::exchange(tables_, {}); }
    [[nodiscard]] std::vector<Piece> take_pieces() { return std::exchange(pieces_, {}); }
    // After the flush. The batches stay (tlb_batch_pages_flush()), but are filled again from the first on.
    void clear() {
        pieces_.clear();
        tables_.clear();
        stride_.reset();
        start_ = end_ = VirtAddr{0};
        filled_ = 0;
        batches_ = 0;
    }

  private:
    static constexpr unsigned kBundle = 8;                // MMU_GATHER_BUNDLE
    static constexpr unsigned kBatch = (4096 - 16) / 8;   // MAX_GATHER_BATCH
    static constexpr unsigned kBatches = 10000 / kBatch;  // MAX_GATHER_BATCH_COUNT
    std::vector<Piece> pieces_;
    std::vector<Pfn> tables_;
    std::optional<PageCount> stride_;  // pages of the smallest leaf or entry that went
    VirtAddr start_{0};
    VirtAddr end_{0};
    unsigned filled_ = 0;   // of the current batch
    unsigned batches_ = 0;  // beyond the bundle
};

}  // namespace splinter::alloc
