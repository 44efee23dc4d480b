// The users of page-table pages in one kernel: what processes map, and vmalloc.
#pragma once

#include "alloc/mm/address_space.h"
#include "alloc/mm/vmalloc.h"

namespace splinter::alloc {

class Mm {
  public:
    Mm(PageAllocator& pages, PageTablePages& tables, KeyRegister& keys, TlbFlush& flush, UserFlush& user_flush, Pfn root,
       const KernelHalf& kernel_half, std::size_t cpus)
        : pages_{pages},
          user_flush_{user_flush},
          pgalloc_{tables, keys, kernel_half, cpus},
          vmalloc_{pages, pgalloc_, flush, root, cpus} {}

    // Nothing if memory is short.
    [[nodiscard]] std::unique_ptr<AddressSpace> new_space(Cpu& cpu, MmUse use = MmUse::one_cpu) {
        return AddressSpace::create(cpu, {pages_, pgalloc_, folios_, user_flush_}, use);
    }
    [[nodiscard]] Vmalloc& vmalloc() { return vmalloc_; }
    [[nodiscard]] PgAlloc& pgalloc() { return pgalloc_; }

  private:
    PageAllocator& pages_;
    UserFlush& user_flush_;
    PgAlloc pgalloc_;
    Folios folios_;
    Vmalloc vmalloc_;
};

}  // namespace splinter::alloc
