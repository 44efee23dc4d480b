// The tables and folios of a gather, to be freed when the flush has reached all CPUs: the second half of tlb_flush_mmu(),
// tlb_batch_pages_flush() of mm/mmu_gather.c, Linux 6.12. Knows nothing of the space they were mapped in, which may have ended.
#pragma once

#include "alloc/mm/mm_parts.h"
#include "alloc/mm/mmu_gather.h"
#include "alloc/smp/unmapped_memory.h"

namespace splinter::alloc {

class GatheredMemory : public UnmappedMemory {
  public:
    // Takes the gather's tables and pieces.
    GatheredMemory(const MmParts& parts, MmuGather& gather)
        : parts_{parts}, tables_{gather.take_tables()}, pieces_{gather.take_pieces()} {}
    // The tables, then the pages.
    void free(Cpu& cpu) override;
    [[nodiscard]] PageCount pages() const override;

  private:
    void free_pieces(Cpu& cpu);
    MmParts parts_;
    std::vector<Pfn> tables_;
    std::vector<MmuGather::Piece> pieces_;
};

}  // namespace splinter::alloc
