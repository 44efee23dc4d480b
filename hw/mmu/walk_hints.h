// A hint to the host, without effect on what is simulated: the leaf entry of a walk to come is what the host's caches miss, and
// it is fetched meanwhile.
//
// Page directories are few: where they are is remembered, and a page directory that is none any more makes a useless hint, not
// a wrong one. What is on the way to it is read as it is now, whoever may see it.
#pragma once

#include <array>

#include "hw/x86/phys_mem.h"

namespace splinter::hw {

class WalkHints {
  public:
    // REQUIRES: memory outlives it.
    explicit WalkHints(const x86::PhysMem& memory) : memory_{&memory} {}

    // A walk for `va` from `root`, whose entries are of `level`, is likely to come.
    void expect_walk(VirtAddr va, Pfn root, x86::Level level) {
        const std::uint64_t gib = va.raw() >> x86::kPdpte.shift();
        Directory& directory = directories_[gib & (kDirectories - 1)];
        const std::uint64_t key = gib | root.raw() << (64 - x86::kPdpte.shift());
        if (directory.key != key) [[unlikely]]
            return find_directory(directory, key, va, root, level);
        const x86::Pte entry{directory.entries[x86::kPde.index(va)]};
        if ((entry.raw() & (x86::Pte::kPresent | x86::Pte::kPageSizeBit)) == x86::Pte::kPresent)
            memory_->prefetch(base_of(entry.next_table()) + x86::kPte.index(va) * 8);
    }

  private:
    // Where the page directory of a GiB was, by root and address.
    struct Directory {
        std::uint64_t key = ~std::uint64_t{0};
        const std::uint64_t* entries = nullptr;
    };
    // For the next walk: this one goes without a hint.
    void find_directory(Directory& directory, std::uint64_t key, VirtAddr va, Pfn root, x86::Level level) const;

    static constexpr std::size_t kDirectories = 64;
    const x86::PhysMem* memory_;
    std::array<Directory, kDirectories> directories_;
};

}  // namespace splinter::hw
