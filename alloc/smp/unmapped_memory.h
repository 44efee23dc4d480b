// Memory that page tables no longer reach, and that is free once no CPU can use an old translation of it. What it consists of,
// and how it is freed, is known to whoever has unmapped it; when, to the mechanism that flushes.
#pragma once

#include <memory>

#include "alloc/cpu.h"

namespace splinter::alloc {

class UnmappedMemory {
  public:
    virtual ~UnmappedMemory() = default;
    // To the allocators that it came from. REQUIRES: once; process context, interrupts on.
    virtual void free(Cpu& cpu) = 0;
    // Pages that entries mapped, and page tables.
    [[nodiscard]] virtual PageCount pages() const = 0;
};

using UnmappedMemoryPtr = std::unique_ptr<UnmappedMemory>;

}  // namespace splinter::alloc
