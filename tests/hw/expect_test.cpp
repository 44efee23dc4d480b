// Core::expect() is a hint to the host: what is simulated does not show whether it was given.
#include <gtest/gtest.h>

#include "hw/base/rng.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

constexpr std::uint64_t kPages = 3000;  // more than the TLBs hold
constexpr VirtAddr kFirst{0xffff888000000000U};
constexpr VirtAddr kLarge{0xffff888080000000U};  // a 2 MiB page
constexpr VirtAddr kHuge{0xffff8880c0000000U};   // a 1 GiB page

// Addresses of pages, mapped small and large, that walk most of the time.
VirtAddr draw(Rng& rng) {
    const std::uint64_t dice = rng.below(16);
    if (dice == 0) return kLarge + rng.below(std::uint64_t{2} << 20);
    if (dice == 1) return kHuge + rng.below(std::uint64_t{1} << 30);
    return kFirst + rng.below(kPages << kPageShift);
}

// What a run shows in which expect(core, va) hears of every access before it is made.
template <class Expect>
std::string run(Expect&& expect) {
    MachineParams params;
    params.cores = 1;
    TestMachine test{params};
    for (std::uint64_t page = 0; page < kPages; ++page)
        test.map(kFirst + page * kPageBytes, Pfn{0x1000 + page}, page % 2 == 0 ? kUsedLeaf : kCleanLeaf);
    test.map(kLarge, Pfn{0x2000}, kUsedLeaf, x86::PageSize::m2);
    test.map(kHuge, Pfn{0}, kUsedLeaf, x86::PageSize::g1);
    test.program(0).body = [&](Core& core) {
        Rng rng{1, "expect"};
        for (int i = 0; i < 20'000; ++i) {
            const VirtAddr va = draw(rng);
            expect(core, va);
            core.access(va, rng.below(2) == 0 ? kRead : kWrite);
            if (i % 1000 == 0) (void)core.mmu().unit().invalidate({x86::Invalidation::Kind::invlpg, va, Pcid{}});
        }
    };
    test.run();
    return fingerprint(test);
}

const std::string& without_hints() {
    static const std::string text = run([](Core&, VirtAddr) {});
    return text;
}

TEST(Expect, ChangesNothingThatIsSimulated) {
    EXPECT_EQ(run([](Core& core, VirtAddr va) { core.expect(va); }), without_hints());
}

TEST(Expect, MayBeWrong) {
    EXPECT_EQ(run([](Core& core, VirtAddr va) { core.expect(va + (std::uint64_t{1} << 39)); }), without_hints());  // not mapped
    EXPECT_EQ(run([](Core& core, VirtAddr va) { core.expect(VirtAddr{va.raw() << 16}); }), without_hints());  // not canonical
}

// The hint follows tables as they were; what stands there now may be anything.
TEST(Expect, LooksAtNoMemoryOutsideTheMachine) {
    MachineParams params;
    params.cores = 1;
    TestMachine test{params};
    for (std::uint64_t page = 0; page < 4; ++page) test.map(kFirst + page * kPageBytes, Pfn{0x1000 + page}, kUsedLeaf);
    test.program(0).body = [&](Core& core) {
        core.access(kFirst, kRead);
        core.expect(kFirst + kPageBytes);
        const std::uint64_t far_away = TestMachine::kMemoryBytes;
        test.memory().store(test.entry(kFirst, x86::kPde), x86::Pte::table(pfn_of(PhysAddr{far_away}), kTableFlags));
        core.expect(kFirst + 2 * kPageBytes);
        test.memory().store(test.entry(kFirst, x86::kPml4e), x86::Pte::table(pfn_of(PhysAddr{far_away}), kTableFlags));
        core.expect(kFirst + (std::uint64_t{1} << 30));
        EXPECT_EQ(core.mmu().unit().stats().accesses, 1U);
    };
    test.run();
}

}  // namespace
}  // namespace splinter::hw
