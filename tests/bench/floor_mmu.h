// The floor: what the same accesses cost in a plain loop that somebody would write for this one purpose. One core, every size a
// constant, true LRU, 4 KiB pages and 4-level paging only; no SystemC, no other cores, no interrupts, no faults, no
// invalidations. It shares no code with hw/mmu, so that a change there moves one side of the ratio only.
//
// Sizes are those of the default platform: L1 64 entries in 4 ways, second level 1536 entries in 12 ways, paging-structure
// caches of 32 PDEs, 4 PDPTEs, 4 PML4Es.
#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>

#include "hw/x86/phys_mem.h"

namespace splinter::bench {

// Set-associative, true LRU: per set the tags, the entries, the times of last use.
template <std::size_t kSets, std::size_t kWays>
class FloorArray {
  public:
    // The entry of `key` (not 0), now the most recently used; nullptr on a miss.
    [[nodiscard]] std::uint64_t* find(std::uint64_t key) {
        Set& set = sets_[key & (kSets - 1)];
        const __m128i wanted = _mm_set1_epi64x(static_cast<long long>(key));
        unsigned hits = 0;
        for (std::size_t way = 0; way < kWays; way += 2) {
            const __m128i same = _mm_cmpeq_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(&set.tags[way])), wanted);
            const __m128i both = _mm_and_si128(same, _mm_shuffle_epi32(same, _MM_SHUFFLE(2, 3, 0, 1)));
            hits |= static_cast<unsigned>(_mm_movemask_pd(_mm_castsi128_pd(both))) << way;
        }
        if (hits == 0) return nullptr;
        const auto way = static_cast<std::size_t>(std::countr_zero(hits));
        set.ages[way] = ++clock_;
        return &set.entries[way];
    }
    // REQUIRES: find(key) has missed.
    void insert(std::uint64_t key, std::uint64_t entry) {
        Set& set = sets_[key & (kSets - 1)];
        const std::size_t victim = oldest(set);
        set.tags[victim] = key;
        set.entries[victim] = entry;
        set.ages[victim] = ++clock_;
    }

  private:
    struct alignas(64) Set {
        std::array<std::uint64_t, kWays> tags{};
        std::array<std::uint64_t, kWays> entries{};
        std::array<std::uint64_t, kWays> ages{};
    };
    // Without branches, and in four chains at once: which way is the oldest is not predictable.
    static std::size_t oldest(const Set& set) {
        static_assert(kWays % 4 == 0 && kWays <= 256);
        const auto aged = [&set](std::size_t way) { return set.ages[way] << 8 | way; };
        std::uint64_t a = aged(0);
        std::uint64_t b = aged(1);
        std::uint64_t c = aged(2);
        std::uint64_t d = aged(3);
        for (std::size_t way = 4; way < kWays; way += 4) {
            a = std::min(a, aged(way));
            b = std::min(b, aged(way + 1));
            c = std::min(c, aged(way + 2));
            d = std::min(d, aged(way + 3));
        }
        return std::min(std::min(a, b), std::min(c, d)) & 255;
    }
    std::array<Set, kSets> sets_{};
    std::uint64_t clock_ = 0;
};

class FloorMmu {
  public:
    FloorMmu(x86::PhysMem& memory, Pfn root, std::uint32_t pkru)
        : memory_{memory.data()}, root_{base_of(root).raw()}, pkru_{pkru} {}

    // A write in user mode. Its physical address; 0 if it is not permitted.
    [[nodiscard]] std::uint64_t write(VirtAddr va) {
        ++accesses_;
        const std::uint64_t page = va.raw() >> kPageShift;
        std::uint64_t entry = 0;
        if (const std::uint64_t* hit = l1_.find(key_of(page))) [[likely]]
            entry = *hit;
        else
            entry = miss(page);
        cycles_ += kHit;
        constexpr std::uint64_t kNeeded = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kUser | x86::Pte::kDirty;
        const unsigned key = static_cast<unsigned>(entry >> x86::Pte::kKeyShift & 15);
        if ((entry & kNeeded) != kNeeded || (pkru_ >> (2 * key) & 3) != 0) [[unlikely]]
            return 0;
        return (entry & x86::Pte::kAddressMask) | (va.raw() & (kPageBytes - 1));
    }

    [[nodiscard]] std::uint64_t accesses() const { return accesses_; }
    [[nodiscard]] std::uint64_t l1_misses() const { return l1_misses_; }
    [[nodiscard]] std::uint64_t walks() const { return walks_; }
    [[nodiscard]] std::uint64_t cycles() const { return cycles_; }

  private:
    static constexpr std::uint64_t kHit = 4;
    static constexpr std::uint64_t kSecondLevel = 9;
    static constexpr std::uint64_t kEntryRead = 16;
    // Valid in the top bit: the low ones are the set index.
    static constexpr std::uint64_t key_of(std::uint64_t prefix) { return prefix | std::uint64_t{1} << 63; }

    [[nodiscard]] std::uint64_t miss(std::uint64_t page) {
        ++l1_misses_;
        cycles_ += kSecondLevel;
        std::uint64_t entry = 0;
        if (const std::uint64_t* hit = l2_.find(key_of(page)))
            entry = *hit;
        else
            l2_.insert(key_of(page), entry = walk(page));
        l1_.insert(key_of(page), entry);
        return entry;
    }
    [[nodiscard]] std::uint64_t walk(std::uint64_t page) {
        ++walks_;
        std::uint64_t* hit = nullptr;
        if ((hit = pde_cache_.find(key_of(page >> 9)))) return read(*hit, page);
        std::uint64_t pde = 0;
        if ((hit = pdpte_cache_.find(key_of(page >> 18)))) {
            pde = read(*hit, page >> 9);
        } else {
            std::uint64_t pdpte = 0;
            if ((hit = pml4e_cache_.find(key_of(page >> 27)))) {
                pdpte = read(*hit, page >> 18);
            } else {
                const std::uint64_t pml4e = read(root_, page >> 27);
                pml4e_cache_.insert(key_of(page >> 27), pml4e);
                pdpte = read(pml4e, page >> 18);
            }
            pdpte_cache_.insert(key_of(page >> 18), pdpte);
            pde = read(pdpte, page >> 9);
        }
        pde_cache_.insert(key_of(page >> 9), pde);
        return read(pde, page);
    }
    [[nodiscard]] std::uint64_t read(std::uint64_t table, std::uint64_t index) {
        cycles_ += kEntryRead;
        return *reinterpret_cast<const std::uint64_t*>(memory_ + (table & x86::Pte::kAddressMask) + (index & 511) * 8);
    }

    const std::byte* memory_;
    std::uint64_t root_;
    std::uint32_t pkru_;
    FloorArray<16, 4> l1_;
    FloorArray<128, 12> l2_;
    FloorArray<1, 32> pde_cache_;
    FloorArray<1, 4> pdpte_cache_;
    FloorArray<1, 4> pml4e_cache_;
    std::uint64_t accesses_ = 0;
    std::uint64_t l1_misses_ = 0;
    std::uint64_t walks_ = 0;
    std::uint64_t cycles_ = 0;
};

}  // namespace splinter::bench
