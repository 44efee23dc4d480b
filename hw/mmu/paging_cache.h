// Paging-structure caches: PML5E, PML4E, PDPTE and PDE caches, one per level or one for all levels, fully associative, true
// LRU, tagged with the PCID (SDM Vol. 3A 4.10.3). Each entry points to a table, with the rights gathered so far; a hit starts
// the walk at that table. Pure.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "hw/machine_params.h"
#include "hw/mmu/digest_search.h"
#include "hw/x86/canonical.h"
#include "hw/x86/pcid.h"
#include "hw/x86/walk.h"

namespace splinter::hw {

class PagingCache {
  public:
    // REQUIRES: params.check() passes.
    explicit PagingCache(const MmuParams& params);
    PagingCache(const PagingCache&) = delete;
    PagingCache& operator=(const PagingCache&) = delete;
    // The deepest cached point on the way to `va`; walks start at the root if there is none.
    [[nodiscard]] const x86::WalkPoint* lookup(VirtAddr va, Pcid pcid);
    // A walk has reached `point` for `va`. REQUIRES: point is not the root.
    void insert(VirtAddr va, Pcid pcid, const x86::WalkPoint& point) {
        insert(va, pcid, point.level, point.rights, point.table);
    }
    void drop_address(VirtAddr va, Pcid pcid);  // every entry that a walk for `va` could use
    void drop_pcid(Pcid pcid) {
        if (holds_any_) drop_pcid_entries(pcid);
    }
    // False: all entries are invalid.
    [[nodiscard]] bool holds_any() const { return holds_any_; }
    void drop_all();
    // visit(VirtAddr first covered, Pcid, WalkPoint), for audits.
    template <class Visitor>
    void for_each(Visitor&& visit) const;

  private:
    [[gnu::noinline]] void drop_pcid_entries(Pcid pcid);
    // One by one: two bytes that the walk has just stored would come back together, which the host's store buffer cannot
    // forward.
    void insert(VirtAddr va, Pcid pcid, x86::Level level, x86::PathRights rights, Pfn table);

    static constexpr unsigned kLevels = 4;  // cached tables: of PTEs (level 1) to of PML4Es (level 4, with 5-level paging)
    static constexpr unsigned kPrefixShift = 16;
    static constexpr unsigned kPcidShift = 4;
    // Tag: the upper part of the address (bits 63:16), PCID (15:4), level of the cached table (3:1), Valid.
    static std::uint64_t prefix_of(VirtAddr va, x86::Level table) { return x86::linear_bits_of(va) >> (table.shift() + 9); }
    static std::uint64_t tag(VirtAddr va, x86::Level table, Pcid pcid) {
        return prefix_of(va, table) << kPrefixShift | std::uint64_t{pcid.raw()} << kPcidShift | table.number() << 1 | 1U;
    }
    static Pcid pcid_of(std::uint64_t tag) { return Pcid{static_cast<std::uint16_t>(tag >> kPcidShift & 0xfff)}; }
    class Bank {
      public:
        explicit Bank(std::uint64_t entries);
        [[nodiscard, gnu::always_inline]] std::size_t find(std::uint64_t tag) const { return find(tag, digest_of(tag)); }
        [[nodiscard, gnu::always_inline]] std::size_t find(std::uint64_t tag, std::uint8_t digest) const {
            const std::uint64_t* const known = tags.data();
            return find_digest(digests_.data(), entries, all_of(digest), [=](std::size_t slot) { return known[slot] == tag; });
        }
        void fill(std::size_t slot, std::uint64_t tag, std::uint8_t digest, x86::WalkPoint point) {
            tags[slot] = tag;
            points[slot] = point;
            use(slot);
            digests_[slot] = digest;
        }
        [[nodiscard]] std::size_t oldest() const { return order_[entries].newer; }
        void use(std::size_t slot) {
            if (order_[entries].older != slot) move_between(slot, order_[entries].older, entries);
        }
        void drop(std::size_t slot) {
            tags[slot] = 0;
            if (order_[entries].newer != slot) move_between(slot, entries, order_[entries].newer);
        }
        std::vector<std::uint64_t> tags;  // 0: invalid
        std::vector<x86::WalkPoint> points;
        std::size_t entries;

      private:
        std::vector<std::uint8_t> digests_;  // of the tags; a slot that was dropped keeps its own
        void move_between(std::size_t slot, std::size_t older, std::size_t newer) {
            Neighbours* const order = order_.data();
            const Neighbours mine = order[slot];
            order[mine.older].newer = mine.newer;
            order[mine.newer].older = mine.older;
            order[slot] = {static_cast<std::uint32_t>(older), static_cast<std::uint32_t>(newer)};
            order[older].newer = order[newer].older = static_cast<std::uint32_t>(slot);
        }
        // True LRU in constant time: a ring of the slots by last use, invalid ones first; the last element closes it.
        struct Neighbours {
            std::uint32_t older;
            std::uint32_t newer;
        };
        std::vector<Neighbours> order_;
    };
    [[nodiscard]] Bank& bank_of(x86::Level table) { return *bank_of_[table.number() - 1]; }
    template <unsigned kTable>
    [[nodiscard, gnu::always_inline]] const x86::WalkPoint* look_for(VirtAddr va, Pcid pcid);

    bool holds_any_ = false;
    std::vector<Bank> banks_;
    std::array<Bank*, kLevels> bank_of_{};
    struct Absent {
        std::uint64_t tag = 0;
        std::uint8_t digest = kNoDigest;
    };
    std::array<Absent, kLevels> absent_{};  // by level: a tag that a look-up has missed and nothing has inserted since
};

template <class Visitor>
void PagingCache::for_each(Visitor&& visit) const {
    for (const Bank& bank : banks_)
        for (std::size_t i = 0; i < bank.entries; ++i) {
            if (bank.tags[i] == 0) continue;
            const x86::WalkPoint& point = bank.points[i];
            const std::uint64_t first = bank.tags[i] >> kPrefixShift << (point.level.shift() + 9);
            visit(x86::canonical_from(first), pcid_of(bank.tags[i]), point);
        }
}

}  // namespace splinter::hw
