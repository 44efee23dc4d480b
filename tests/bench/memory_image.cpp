#include "tests/bench/memory_image.h"

#include "tests/bench/access_stream.h"

namespace splinter::bench {
namespace {

// Of one core: PTE pages, and a few above them per GiB.
std::uint64_t table_pages(std::uint64_t pages) { return pages / x86::kEntriesPerTable + (pages >> 18) + 16; }
std::uint64_t all_tables(std::uint64_t cores, std::uint64_t pages) { return (cores + 1) * table_pages(pages); }

}  // namespace

MemoryImage::MemoryImage(std::uint64_t cores, std::uint64_t pages)
    : memory_{(all_tables(cores, pages) + cores * pages) << kPageShift},
      frames_{PfnRange{Pfn{0}, PageCount{all_tables(cores, pages)}}} {
    alloc::BootTables kernel{memory_, frames_};
    Pfn data{all_tables(cores, pages)};
    for (std::uint64_t core = 0; core < cores; ++core) {
        alloc::BootTables space = kernel.new_address_space();
        space.map(kUserBase, data, pages << kPageShift, x86::PageSize::k4, alloc::kUserTable, alloc::kUserLeaf);
        data += PageCount{pages};
        roots_.push_back(space.root());
    }
}

}  // namespace splinter::bench
