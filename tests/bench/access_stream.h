// The addresses that one core accesses, drawn at random. The machine and the floor loop draw the same ones.
#pragma once

#include "hw/base/rng.h"
#include "hw/base/types.h"

namespace splinter::bench {

inline constexpr VirtAddr kUserBase{0x0000100000000000U};  // where each core's memory is mapped, as platforms/build/node.h does

// Three sets of pages, one behind the other. An access goes to a random page of the hot set; in `warm_per_1024` of 1024 cases
// to one of the warm set, in `cold_per_1024` to one of the cold set, both of which follow in the address space.
struct Mix {
    std::uint64_t hot_pages = 0;
    std::uint64_t warm_pages = 0;
    std::uint64_t cold_pages = 0;
    std::uint64_t warm_per_1024 = 0;
    std::uint64_t cold_per_1024 = 0;
    std::uint64_t same_page = 1;  // accesses in a row to a page of the hot set, which then go to the next one in order

    [[nodiscard]] std::uint64_t pages() const { return hot_pages + warm_pages + cold_pages; }
};

// Any page of the hot set.
class RandomStream {
  public:
    RandomStream(const Mix& mix, std::uint64_t seed) : pages_{mix.hot_pages}, rng_{seed, "bench"} {}
    VirtAddr next() {
        const std::uint64_t bits = rng_.next();
        const std::uint64_t page = (bits >> 32) * pages_ >> 32;
        return kUserBase + (page << kPageShift | (bits & (kPageBytes - 1)));
    }

  private:
    std::uint64_t pages_;
    Rng rng_;
};

// The hot set's pages in order, several accesses to each.
class StreamingStream {
  public:
    StreamingStream(const Mix& mix, std::uint64_t seed)
        : pages_{mix.hot_pages}, same_page_{mix.same_page}, rng_{seed, "bench"} {}
    VirtAddr next() {
        if (++on_page_ == same_page_) {
            on_page_ = 0;
            if (++page_ == pages_) page_ = 0;
        }
        return kUserBase + (page_ << kPageShift | (rng_.next() & (kPageBytes - 1)));
    }

  private:
    std::uint64_t pages_;
    std::uint64_t same_page_;
    std::uint64_t page_ = 0;
    std::uint64_t on_page_ = 0;
    Rng rng_;
};

// All three sets.
class MixedStream {
  public:
    MixedStream(const Mix& mix, std::uint64_t seed) : mix_{mix}, rng_{seed, "bench"} {}
    VirtAddr next() {
        const std::uint64_t bits = rng_.next();
        const std::uint64_t dice = bits >> kPageShift & 1023;
        std::uint64_t first = 0;
        std::uint64_t pages = mix_.hot_pages;
        if (dice < mix_.warm_per_1024) [[unlikely]] {
            first = mix_.hot_pages;
            pages = mix_.warm_pages;
        } else if (dice < mix_.warm_per_1024 + mix_.cold_per_1024) [[unlikely]] {
            first = mix_.hot_pages + mix_.warm_pages;
            pages = mix_.cold_pages;
        }
        const std::uint64_t page = first + ((bits >> 32) * pages >> 32);
        return kUserBase + (page << kPageShift | (bits & (kPageBytes - 1)));
    }

  private:
    Mix mix_;
    Rng rng_;
};

}  // namespace splinter::bench
