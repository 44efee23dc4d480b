// What an unmapping collects until it has flushed: struct mmu_gather of include/asm-generic/tlb.h, mm/mmu_gather.c, Linux 6.12.
// The bounds decide how often zap_pte_range() has to stop in the middle of a table.
// Leaves out: the pages that hold the batches, RCU between the flush and the free of tables.
#pragma once

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
    void add_table(Pfn table) { tables_.push_back(table); }
    [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
    [[nodiscard]] const std::vector<Pfn>& tables() const { return tables_; }
    // After the flush. The batches stay (tlb_batch_pages_flush()), but are filled again from the first on.
    void clear() {
        pieces_.clear();
        tables_.clear();
        filled_ = 0;
        batches_ = 0;
    }

  private:
    static constexpr unsigned kBundle = 8;                // MMU_GATHER_BUNDLE
    static constexpr unsigned kBatch = (4096 - 16) / 8;   // MAX_GATHER_BATCH
    static constexpr unsigned kBatches = 10000 / kBatch;  // MAX_GATHER_BATCH_COUNT
    std::vector<Piece> pieces_;
    std::vector<Pfn> tables_;
    unsigned filled_ = 0;   // of the current batch
    unsigned batches_ = 0;  // beyond the bundle
};

}  // namespace splinter::alloc
