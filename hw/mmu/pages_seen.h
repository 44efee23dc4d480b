// Which pages have ever been put into a TLB, by a digest: a shootdown asks a thousand TLBs for a page that most of them have
// never seen, and each should answer from one line of the host's cache. The halves of the address space have one each, for a
// shootdown of the kernel's half is asked for amid a program's many pages. Never wrong when it says no. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include "hw/x86/canonical.h"
#include "hw/x86/page_size.h"

namespace splinter::hw {

class PagesSeen {
  public:
    void note(VirtAddr va, x86::PageSize size) { bits_[index_of(va, size)] |= std::uint64_t{1} << place_of(va, size); }
    // False: no page of any size that holds `va` was noted since the last clear().
    [[nodiscard]] bool may_have(VirtAddr va) const {
        const auto seen = [&](x86::PageSize size) { return bits_[index_of(va, size)] >> place_of(va, size); };
        return ((seen(x86::PageSize::k4) | seen(x86::PageSize::m2) | seen(x86::PageSize::g1)) & 1) != 0;
    }
    // The same for any page of the range; of a long one it does not say no.
    [[nodiscard]] bool may_have_any(VirtAddr begin, std::uint64_t bytes) const {
        if (bytes > kFewPages * kPageBytes) return true;
        for (std::uint64_t offset = 0; offset < bytes; offset += kPageBytes)
            if (may_have(begin + offset)) return true;
        return bytes > 0 && may_have(begin + (bytes - 1));
    }
    void clear() { bits_.fill(0); }

  private:
    // The bit of a page in its word: Fibonacci hashing.
    static unsigned place_of(VirtAddr va, x86::PageSize size) {
        const std::uint64_t page = x86::linear_bits_of(va) >> x86::leaf_level(size).shift();
        return static_cast<unsigned>(page * 0x9e3779b97f4a7c15U >> 58);
    }
    static constexpr std::uint64_t kFewPages = 8;
    static std::size_t index_of(VirtAddr va, x86::PageSize size) {
        return (va.raw() >> 63) * std::size(x86::kPageSizes) + static_cast<std::size_t>(size);
    }
    std::array<std::uint64_t, 2 * std::size(x86::kPageSizes)> bits_{};  // by half, by page size
};

}  // namespace splinter::hw
