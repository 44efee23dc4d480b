// The whole MMU against walks of memory as it is: page tables change under it, software makes one of the invalidations that the
// manual requires (SDM Vol. 3A 4.10.4), and nothing stale is used, by TLBs or paging-structure caches of any shape.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "hw/mmu/translation_unit.h"
#include "hw/x86/phys_mem.h"
#include "tests/properties/any_tlb.h"

namespace splinter::hw {
namespace {

using x86::Invalidation;
using x86::Level;
using x86::PageSize;
using x86::Pte;
using Cr3Flush = TranslationUnit::Cr3Flush;

constexpr std::uint16_t kPcids = 3;
constexpr VirtAddr kMappedWindow{0xffff888000000000U};

// A window of page tables: two PDPTEs, three PDEs below each, four PTEs below each of these.
constexpr std::uint64_t entries_of(Level level) { return level == x86::kPdpte ? 2 : level == x86::kPde ? 3 : 4; }
VirtAddr any_mapped_address() {
    return kMappedWindow + (up_to(1) << 30 | up_to(2) << 21 | up_to(3) << kPageShift | up_to(1) * 0xff8);
}

struct ReadOnly {  // for walks that must leave no trace
    const x86::PhysMem& memory;
    [[nodiscard]] Pte load(PhysAddr address) const { return memory.load(address); }
    void store(PhysAddr, Pte) const {}
};

// An MMU of any shape, with page tables of the window in its memory.
class Model : public PageTablePort {
  public:
    enum class Leaves : std::uint8_t { local_only, local_and_global };
    explicit Model(Leaves leaves) : leaves_{leaves} {
        x86::PagingState state;
        state.la57 = up_to(1) != 0;
        state.pks = true;
        unit_.write_state(state);
        root_ = new_table();
        Pfn table = root_;
        for (Level level{state.levels()}; level > x86::kPdpte; level = level.below()) table = link(table, level);
        pdpt_ = table;
        for (std::uint64_t i = 0; i < entries_of(x86::kPdpte); ++i) set(pdpt_, i, any_entry(x86::kPdpte));
        switch_to(Pcid{0}, Cr3Flush::flush);
    }

    Pte read(PhysAddr address, Cycles&) override { return memory_.load(address); }
    Pte set_flags(PhysAddr address, Pte seen, std::uint64_t flags) override {
        RC_ASSERT(memory_.load(address) == seen);
        memory_.store(address, seen.with(flags));
        return seen.with(flags);
    }

    void switch_to(Pcid pcid, Cr3Flush flush) { (void)unit_.write_cr3(root_, pcid, flush); }
    [[nodiscard]] TranslationUnit& unit() { return unit_; }
    [[nodiscard]] Leaves leaves() const { return leaves_; }

    void expect_fresh(VirtAddr va, x86::Access access) {
        ReadOnly memory{memory_};
        const x86::AccessOutcome fresh = translate(memory, root_, unit_.state(), va, access);
        RC_ASSERT(unit_.access(va, access).result == fresh);
    }
    // Stores a new entry at some level of the way to `va`; returns the level.
    Level change(VirtAddr va) {
        Pfn table = pdpt_;
        Level level = x86::kPdpte;
        while (level > x86::kPte && up_to(2) != 0) {
            const Pte entry = memory_.load(base_of(table) + level.index(va) * 8);
            if (!entry.present() || entry.is_leaf(level)) break;
            table = entry.next_table();
            level = level.below();
        }
        set(table, level.index(va), any_entry(level));
        return level;
    }
    // The entry of the leaf that holds `va`, of this size, becomes a table of the next smaller leaves.
    void map_large(VirtAddr va, PageSize size) {
        const PhysAddr address = entry_address(va, x86::leaf_level(size));
        memory_.store(address, any_leaf(x86::leaf_level(size)));
    }
    void split(VirtAddr va, PageSize size) {
        const Level level = x86::leaf_level(size);
        const PhysAddr address = entry_address(va, level);
        memory_.store(address, Pte::table(any_table(level.below()), kTable));
    }

  private:
    static constexpr std::uint64_t kTable = Pte::kPresent | Pte::kWritable | Pte::kUser;
    Pfn new_table() { return Pfn{next_++}; }
    void set(Pfn table, std::uint64_t index, Pte entry) { memory_.store(base_of(table) + index * 8, entry); }
    Pfn link(Pfn table, Level level) {
        const Pfn next = new_table();
        set(table, level.index(kMappedWindow), Pte::table(next, kTable));
        return next;
    }
    PhysAddr entry_address(VirtAddr va, Level level) {
        Pfn table = pdpt_;
        for (Level at = x86::kPdpte; at > level; at = at.below()) {
            const PhysAddr address = base_of(table) + at.index(va) * 8;
            const Pte entry = memory_.load(address);
            if (!entry.present() || entry.is_leaf(at)) memory_.store(address, Pte::table(any_table(at.below()), kTable));
            table = memory_.load(address).next_table();
        }
        return base_of(table) + level.index(va) * 8;
    }
    Pte any_leaf(Level level) {
        std::uint64_t flags = Pte::kPresent;
        for (std::uint64_t flag : {Pte::kWritable, Pte::kUser, Pte::kAccessed, Pte::kDirty, Pte::kNoExecute})
            if (up_to(1) != 0) flags |= flag;
        if (leaves_ == Leaves::local_and_global && up_to(1) != 0) flags |= Pte::kGlobal;
        flags |= up_to(3) << Pte::kKeyShift;
        return Pte::leaf(Pfn{(1 + up_to(7)) * level.pages().raw()}, x86::leaf_size(level), flags);
    }
    Pfn any_table(Level level) {
        const Pfn table = new_table();
        for (std::uint64_t i = 0; i < entries_of(level); ++i) set(table, i, any_entry(level));
        return table;
    }
    Pte any_entry(Level level) {
        const std::uint64_t choice = up_to(4);
        if (choice == 0) return Pte{};
        if (level == x86::kPte || choice <= 2) return any_leaf(level);
        return Pte::table(any_table(level.below()), up_to(3) == 0 ? kTable & ~Pte::kWritable : kTable);
    }

    Leaves leaves_;
    x86::PhysMem memory_{std::uint64_t{1} << 30};
    std::uint64_t next_ = 1;
    Pfn root_;
    Pfn pdpt_;
    TranslationUnit unit_{any_mmu(), CoreParams{}, *this};
};

x86::Access any_access() {
    return {static_cast<x86::AccessKind>(up_to(2)), static_cast<x86::Mode>(up_to(1)), x86::Origin::instruction};
}
Pcid any_process() { return Pcid{static_cast<std::uint16_t>(up_to(kPcids - 1))}; }

// visit(first address) of every page of the window that the changed entry translates, at the smallest size.
template <class Visitor>
void for_each_page(VirtAddr va, Level level, Visitor&& visit) {
    const std::uint64_t bytes = level.bytes();
    for (std::uint64_t gib = 0; gib < 2; ++gib)
        for (std::uint64_t large = 0; large < 3; ++large)
            for (std::uint64_t page = 0; page < 4; ++page) {
                const VirtAddr at = kMappedWindow + (gib << 30 | large << 21 | page << kPageShift);
                if ((at.raw() & ~(bytes - 1)) == (va.raw() & ~(bytes - 1))) visit(at);
            }
}

// One of the ways in which software makes every PCID forget what the changed entry translated.
void invalidate_as_required(Model& model, VirtAddr va, Level level) {
    TranslationUnit& unit = model.unit();
    const Pcid current = unit.pcid();
    const std::uint64_t ways = model.leaves() == Model::Leaves::local_only ? 7 : 4;
    switch (up_to(ways)) {
        case 0:
            (void)unit.invalidate(Invalidation::all());
            return;
        case 1:
            (void)unit.invalidate(Invalidation::pge_toggle());
            return;
        case 2: {  // INVLPG for the own PCID and global entries, INVPCID for the others
            for_each_page(va, level, [&](VirtAddr page) {
                (void)unit.invalidate(Invalidation::page(page));
                for (std::uint16_t pcid = 0; pcid < kPcids; ++pcid)
                    if (Pcid{pcid} != current) (void)unit.invalidate(Invalidation::pcid_address(Pcid{pcid}, page));
            });
            return;
        }
        case 3:
            for_each_page(va, level, [&](VirtAddr page) {
                unit.apply(
                    {.addresses = x86::Invlpgb::Addresses::range, .first = page, .pages = 1 + static_cast<unsigned>(up_to(7))});
            });
            return;
        case 4:
            unit.apply({});
            return;
        // From here on global entries would survive.
        case 5:
            (void)unit.invalidate(Invalidation::all_non_global());
            return;
        case 6:
            for (std::uint16_t pcid = 0; pcid < kPcids; ++pcid) (void)unit.invalidate(Invalidation::pcid_context(Pcid{pcid}));
            return;
        default:
            for (std::uint16_t pcid = 0; pcid < kPcids; ++pcid) model.switch_to(Pcid{pcid}, Cr3Flush::flush);
            model.switch_to(current, Cr3Flush::no_flush);
    }
}

void write_random_state(TranslationUnit& unit) {
    x86::PagingState state = unit.state();
    state.pkru = x86::KeyRights{static_cast<std::uint32_t>(up_to(0xff))};
    state.pkrs = x86::KeyRights{static_cast<std::uint32_t>(up_to(0xff))};
    state.wp = up_to(1) != 0;
    state.ac = up_to(1) != 0;
    unit.write_state(state);
}

// Looks at every page under every PCID, which also fills the caches for the next change.
void expect_fresh_everywhere(Model& model) {
    const x86::Access access = any_access();
    for (std::uint16_t pcid = 0; pcid < kPcids; ++pcid) {
        model.switch_to(Pcid{pcid}, Cr3Flush::no_flush);
        for_each_page(kMappedWindow, x86::kPml4e, [&](VirtAddr page) { model.expect_fresh(page, access); });
    }
}

RC_GTEST_PROP(TranslationProperty, AfterARequiredInvalidationNothingStaleIsUsed, ()) {
    Model model{up_to(1) == 0 ? Model::Leaves::local_only : Model::Leaves::local_and_global};
    expect_fresh_everywhere(model);
    for (std::uint64_t round = up_to(8); round > 0; --round) {
        for (std::uint64_t access = up_to(8); access > 0; --access) {
            if (up_to(3) == 0) write_random_state(model.unit());
            model.switch_to(any_process(), up_to(3) == 0 ? Cr3Flush::flush : Cr3Flush::no_flush);
            model.expect_fresh(any_mapped_address(), any_access());
        }
        const VirtAddr va = any_mapped_address();
        const Level level = model.change(va);
        invalidate_as_required(model, va, level);
        expect_fresh_everywhere(model);
    }
}

// Two public emulators kept parts of the old leaf here.
RC_GTEST_PROP(TranslationProperty, InvlpgOfAnyAddressOfASplitPageLeavesNothingOfTheOldLeaf, ()) {
    Model model{Model::Leaves::local_and_global};
    const PageSize size = *rc::gen::element(PageSize::m2, PageSize::g1);
    const std::uint64_t bytes = x86::leaf_level(size).bytes();
    const VirtAddr va = any_mapped_address();
    const VirtAddr first{va.raw() & ~(bytes - 1)};
    model.map_large(va, size);
    (void)model.unit().invalidate(Invalidation::all());
    const auto anywhere = [&] { return first + (up_to(bytes - 8) & ~std::uint64_t{7}); };
    for (std::uint64_t accesses = up_to(20); accesses > 0; --accesses) {
        model.switch_to(any_process(), Cr3Flush::no_flush);
        model.expect_fresh(anywhere(), any_access());
    }
    model.split(va, size);
    (void)model.unit().invalidate(Invalidation::page(anywhere()));
    model.unit().for_each_translation([&](const CachedTranslation& cached) {
        const bool seen_here = cached.translation.rights.global || cached.pcid == model.unit().pcid();
        RC_ASSERT(!seen_here || cached.size != size || cached.page != first);
    });
    for (int i = 0; i < 12; ++i) model.expect_fresh(first + (any_mapped_address() - kMappedWindow) % bytes, any_access());
}

}  // namespace
}  // namespace splinter::hw
