// The shortcut for known L1 TLB hits (hw/mmu/hit_memo.h) cannot be seen: of two MMUs that do the same, one uses it and one does
// not, and outcomes, cycles, counters and what is cached are equal. Whoever forgets to forget a hit is caught here.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/hw/plain_tables.h"
#include "tests/properties/any_tlb.h"

namespace splinter::hw {
namespace {

using testing::PlainTables;
using testing::PlainUnit;
using x86::Invalidation;
using x86::PageSize;
using Cr3Flush = TranslationUnit::Cr3Flush;

constexpr VirtAddr kHitWindow{0xffff888000000000U};
// Few pages, often used; those of different 2 MiB share a place in the memo.
VirtAddr any_hit_address() { return kHitWindow + (up_to(1) << 21 | up_to(1) << kPageShift | up_to(1) * 0xff8); }
Pcid either_pcid() { return Pcid{static_cast<std::uint16_t>(up_to(1))}; }

std::string text_of(const TranslationUnit::Outcome& outcome) {
    const x86::AccessOutcome& result = outcome.result;
    return std::to_string(static_cast<int>(result.kind)) + " " + std::to_string(result.address.raw()) + " " +
           std::to_string(static_cast<int>(result.size)) + " " + std::to_string(result.fault.error_code) + " " +
           std::to_string(outcome.latency.raw());
}

std::string state_of(const TranslationUnit& unit) {
    const MmuStats& stats = unit.stats();
    std::string text;
    for (std::uint64_t count : {stats.accesses, stats.l1_misses, stats.l2_misses, stats.walk_reads, stats.walk_cycles,
                                stats.faults, stats.invlpg, stats.full_flushes})
        text += std::to_string(count) + " ";
    unit.for_each_translation([&](const CachedTranslation& cached) {
        text += std::to_string(cached.page.raw()) + "@" + std::to_string(cached.pcid.raw()) + ">" +
                std::to_string(cached.translation.frame.raw()) + " ";
    });
    return text;
}

class Twins {
  public:
    explicit Twins(const MmuParams& mmu) : plain_{mmu}, quick_{mmu} {
        write_state();
        for (int i = 0; i < 10; ++i) map();
    }

    void access() {
        const VirtAddr va = up_to(30) == 0 ? VirtAddr{any_hit_address().raw() & ~(std::uint64_t{1} << 60)} : any_hit_address();
        const x86::Access access{static_cast<x86::AccessKind>(up_to(3) == 0 ? up_to(2) : 0),
                                 static_cast<x86::Mode>(up_to(4) == 0 ? 0 : 1),
                                 static_cast<x86::Origin>(up_to(4) == 0 ? 1 : 0)};
        const TranslationUnit::Outcome expected = plain_.unit.access(va, access);
        if (const CachedEntry* entry = quick_.unit.access_known_hit(va, access)) {
            ++known_;
            RC_ASSERT(text_of({x86::AccessOutcome::ok(entry->address_of(va), entry->size()), Cycles{0}}) == text_of(expected));
        } else {
            RC_ASSERT(text_of(quick_.unit.access(va, access)) == text_of(expected));
        }
    }
    void change() {
        switch (up_to(5)) {
            case 0:
                return map();
            case 1:
                return write_state();
            case 2:
                return write_cr3();
            case 3:
                return broadcast();
            default:
                return invalidate();
        }
    }
    void expect_equal() const { RC_ASSERT(state_of(plain_.unit) == state_of(quick_.unit)); }
    [[nodiscard]] std::uint64_t known() const { return known_; }

  private:
    template <class Operation>
    void both(Operation&& operation) {
        operation(plain_);
        operation(quick_);
    }
    void map() {
        const VirtAddr va = any_hit_address();
        const auto size = static_cast<PageSize>(up_to(1));
        std::uint64_t flags = PlainTables::kUsed;
        for (std::uint64_t flag : {x86::Pte::kUser, x86::Pte::kGlobal, x86::Pte::kNoExecute})
            if (up_to(1) != 0) flags |= flag;
        if (up_to(3) == 0) flags &= ~x86::Pte::kDirty;
        if (up_to(3) == 0) flags &= ~x86::Pte::kWritable;
        flags |= up_to(1) << x86::Pte::kKeyShift;
        const Pfn frame{(1 + up_to(7)) * x86::kPde.pages().raw()};
        both([&](PlainUnit& mmu) {
            // A large leaf takes the table's place; a small page goes under a table where there is none.
            x86::Pte& above = mmu.tables.entry(va, x86::kPde);
            if (size == PageSize::k4 && above.present() && above.is_leaf(x86::kPde)) above = x86::Pte{};
            mmu.tables.map(va, frame, flags, size);
        });
    }
    void write_state() {
        x86::PagingState state;
        state.wp = up_to(1) != 0;
        state.smap = up_to(3) == 0;
        state.smep = up_to(3) == 0;
        state.pge = up_to(3) != 0;
        state.pkru = x86::KeyRights{static_cast<std::uint32_t>(up_to(3) == 0 ? up_to(15) : 0)};
        both([&](PlainUnit& mmu) { mmu.unit.write_state(state); });
    }
    void write_cr3() {
        const Pcid pcid = either_pcid();
        const Cr3Flush flush = up_to(1) == 0 ? Cr3Flush::flush : Cr3Flush::no_flush;
        both([&](PlainUnit& mmu) { mmu.switch_to(pcid, flush); });
    }
    void broadcast() {
        using x86::Invlpgb;
        Invlpgb invalidation;
        invalidation.addresses = static_cast<Invlpgb::Addresses>(up_to(1));
        invalidation.contexts = static_cast<Invlpgb::Contexts>(up_to(1));
        invalidation.global = static_cast<Invlpgb::Global>(up_to(1));
        invalidation.first = any_hit_address();
        invalidation.pcid = either_pcid();
        both([&](PlainUnit& mmu) { mmu.unit.apply(invalidation); });
    }
    void invalidate() {
        const Invalidation invalidation{static_cast<Invalidation::Kind>(up_to(6)), any_hit_address(), either_pcid()};
        both([&](PlainUnit& mmu) { (void)mmu.unit.invalidate(invalidation); });
    }

    PlainUnit plain_;
    PlainUnit quick_;
    std::uint64_t known_ = 0;
};

RC_GTEST_PROP(KnownHits, CannotBeSeen, ()) {
    Twins twins{any_mmu()};
    for (int change = 0; change < 20; ++change) {
        for (int i = 0; i < 30; ++i) twins.access();
        twins.change();
        twins.expect_equal();
    }
    RC_CLASSIFY(twins.known() > 60, "a tenth of the accesses was known");
}

}  // namespace
}  // namespace splinter::hw
