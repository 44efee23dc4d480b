// Small nodes with strategy freetype, for the tests of its flips.
#pragma once

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {

inline AllocRequest block_of(unsigned order, FreeType type, Blocking blocking = Blocking::may_block) {
    return {Order{order}, type, blocking, {}};
}

inline KernelParams with(const FreetypeParams& freetype) {
    KernelParams params;
    params.freetype = freetype;
    return params;
}

struct FlipNode : RecordedKernel {
    explicit FlipNode(const FreetypeParams& freetype = {}, PfnRange span = kInLargeLeaves)
        : RecordedKernel{span, "freetype", 2, with(freetype)}, pages{kernel.pages} {}
    FlipNode(const KernelParams& params, PfnRange span) : RecordedKernel{span, "freetype", 2, params}, pages{kernel.pages} {}

    std::optional<Pfn> take(const AllocRequest& request) { return pages.alloc_pages(cpu(), request); }
    void free(Pfn block, unsigned order) { pages.free_pages(cpu(), block, Order{order}); }
    [[nodiscard]] Flips& flips() { return *pages.flips(); }
    [[nodiscard]] PageCount free_pages() { return pages.free_pages(zone()); }
    // All of the zone, which is two largest blocks, unmapped and free.
    void unmap_all() {
        const Pfn first = take(block_of(10, kUnmovableUnmapped)).value();
        const Pfn second = take(block_of(10, kUnmovableUnmapped)).value();
        free(first, 10);
        free(second, 10);
        log().clear();
    }

    PageAllocator& pages;
};

}  // namespace splinter::alloc
