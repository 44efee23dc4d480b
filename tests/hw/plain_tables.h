// Page tables in a plain map and a TranslationUnit on them: what hw/mmu does without time and SystemC.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>

#include "hw/mmu/translation_unit.h"

namespace splinter::hw::testing {

// The page of most tests and the one behind it, and the frames before and after a change; kPage and both frames suit a 1 GiB
// leaf.
inline constexpr VirtAddr kPage{0xffff888000000000U};
inline constexpr VirtAddr kNext = kPage + kPageBytes;
inline constexpr Pfn kOld{0x40000};
inline constexpr Pfn kNew{0x80000};
inline constexpr Pcid kOtherPcid{7};  // most tests run under PCID 0

class PlainTables : public PageTablePort {
  public:
    static constexpr std::uint64_t kTableFlags = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kUser;
    static constexpr std::uint64_t kUsed = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kAccessed | x86::Pte::kDirty;
    static constexpr std::uint64_t kGlobal = kUsed | x86::Pte::kGlobal;

    explicit PlainTables(x86::Level root = x86::kPml4e) : root_level_{root} {}

    x86::Pte read(PhysAddr address, Cycles&) override {
        if (on_read) on_read(address);
        return words_[address];
    }
    x86::Pte set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) override {
        if (on_set_flags) on_set_flags(address);
        x86::Pte& word = words_[address];
        if (word == seen) word = word.with(flags);
        return word;
    }

    // The entry of `level` for `va` below `root`, with the tables above it where there are none.
    x86::Pte& entry(VirtAddr va, x86::Level level = x86::kPte, Pfn root = kRoot) {
        Pfn table = root;
        for (x86::Level at = root_level_; at > level; at = at.below()) {
            x86::Pte& upper = words_[base_of(table) + at.index(va) * 8];
            if (!upper.present()) upper = x86::Pte::table(new_table(), kTableFlags);
            table = upper.next_table();
        }
        return words_[base_of(table) + level.index(va) * 8];
    }
    void map(VirtAddr va, Pfn frame, std::uint64_t flags = kUsed, x86::PageSize size = x86::PageSize::k4, Pfn root = kRoot) {
        entry(va, x86::leaf_level(size), root) = x86::Pte::leaf(frame, size, flags);
    }
    Pfn new_table() { return next_ += PageCount{1}; }

    static constexpr Pfn kRoot{1};
    std::function<void(PhysAddr)> on_read;       // before it
    std::function<void(PhysAddr)> on_set_flags;  // before it

  private:
    x86::Level root_level_;
    Pfn next_{100};
    std::map<PhysAddr, x86::Pte> words_;
};

struct PlainUnit {
    static constexpr x86::Access kRead{x86::AccessKind::read, x86::Mode::supervisor};
    static constexpr x86::Access kWrite{x86::AccessKind::write, x86::Mode::supervisor};
    static constexpr x86::Access kFetch{x86::AccessKind::fetch, x86::Mode::supervisor};

    explicit PlainUnit(const MmuParams& mmu = {}, x86::Level root = x86::kPml4e)
        : tables{root}, unit{mmu, CoreParams{}, tables} {
        x86::PagingState state;
        state.la57 = root == x86::kPml5e;
        unit.write_state(state);
        switch_to(Pcid{0});
    }

    void switch_to(Pcid pcid, TranslationUnit::Cr3Flush flush = TranslationUnit::Cr3Flush::no_flush,
                   Pfn root = PlainTables::kRoot) {
        (void)unit.write_cr3(root, pcid, flush);
    }
    // The frame that an access reaches; nothing if it faults.
    std::optional<Pfn> frame(VirtAddr va, x86::Access access = kRead) {
        const x86::AccessOutcome outcome = unit.access(va, access).result;
        if (outcome.kind != x86::AccessOutcome::Kind::ok) return std::nullopt;
        return pfn_of(outcome.address);
    }
    // Page-table entries that an access has read.
    std::uint64_t reads(VirtAddr va, x86::Access access = kRead) {
        const std::uint64_t before = unit.stats().walk_reads;
        (void)unit.access(va, access);
        return unit.stats().walk_reads - before;
    }
    // Changes registers.
    void write(const std::function<void(x86::PagingState&)>& change) {
        x86::PagingState state = unit.state();
        change(state);
        unit.write_state(state);
    }

    PlainTables tables;
    TranslationUnit unit;
};

}  // namespace splinter::hw::testing
