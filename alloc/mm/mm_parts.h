// What all address spaces of a kernel work with.
#pragma once

#include "alloc/buddy/page_allocator.h"
#include "alloc/mm/folios.h"
#include "alloc/mm/pgalloc.h"
#include "alloc/smp/user_flush.h"

namespace splinter::alloc {

struct MmParts {
    PageAllocator& pages;
    PgAlloc& pgalloc;
    Folios& folios;
    UserFlush& flush;
};

}  // namespace splinter::alloc
