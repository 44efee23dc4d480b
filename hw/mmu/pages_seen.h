// Which pages have ever been put into a TLB, by a digest: a shootdown asks a thousand TLBs for a page that most of them have
// never seen, and each should answer from one line of the host's cache. Never wrong when it says no. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "hw/x86/canonical.h"
#include "hw/x86/page_size.h"

namespace splinter::hw {

class PagesSeen {
  public:
    void note(VirtAddr va, x86::PageSize size) { bits_[static_cast<std::size_t>(size)] |= bit_of(va, size); }
    // False: no page of any size that holds `va` was noted since the last clear().
    [[nodiscard]] bool may_have(VirtAddr va) const {
        std::uint64_t found = 0;
        for (const x86::PageSize size : x86::kPageSizes) found |= bits_[static_cast<std::size_t>(size)] & bit_of(va, size);
        return found != 0;
    }
    void clear() { bits_.fill(0); }

  private:
    static std::uint64_t bit_of(VirtAddr va, x86::PageSize size) {
        const std::uint64_t page = x86::linear_bits_of(va) >> x86::leaf_level(size).shift();
        return std::uint64_t{1} << (page * 0x9e3779b97f4a7c15U >> 58);
    }
    std::array<std::uint64_t, 3> bits_{};  // by page size
};

}  // namespace splinter::hw
