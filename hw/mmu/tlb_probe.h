// What a TLB array is asked for: a page under a PCID. Made once for all arrays that an access looks into, for tag and digest
// are the same in each. Pure.
#pragma once

#include "hw/mmu/digest_search.h"
#include "hw/x86/canonical.h"
#include "hw/x86/pcid.h"

namespace splinter::hw {

class TlbProbe {
  public:
    TlbProbe(VirtAddr va, x86::PageSize size, Pcid pcid)
        : size_{size},
          page_{x86::linear_bits_of(va) >> x86::leaf_level(size).shift()},
          tag_{page_ << kPageShiftInTag | std::uint64_t{pcid.raw()} << kPcidShift | std::uint64_t(size) << kSizeShift | kValid},
          digest_{digest_of(page_)},
          all_digests_{all_of(digest_)} {}

  private:
    friend class TlbArray;
    explicit TlbProbe(std::uint64_t tag)
        : size_{static_cast<x86::PageSize>(tag >> kSizeShift & 3)},
          page_{tag >> kPageShiftInTag},
          tag_{tag},
          digest_{digest_of(page_)},
          all_digests_{all_of(digest_)} {}
    // Tag: page number (bits 60:16), PCID (15:4), page size (3:2), Global, Valid.
    static constexpr std::uint64_t kValid = 1;
    static constexpr std::uint64_t kGlobal = 2;
    static constexpr unsigned kSizeShift = 2;
    static constexpr unsigned kPcidShift = 4;
    static constexpr unsigned kPageShiftInTag = 16;
    [[nodiscard]] std::uint64_t global_tag() const { return (tag_ & ~(std::uint64_t{0xfff} << kPcidShift)) | kGlobal; }

    x86::PageSize size_;
    std::uint64_t page_;
    std::uint64_t tag_;
    std::uint8_t digest_;  // of the page number, which tag and global tag have in common
    __m128i all_digests_;
};

}  // namespace splinter::hw
