// INVLPGB as it reaches the TLBs of one core (AMD APM Vol. 3, INVLPGB).
#include "hw/mmu/translation_unit.h"

#include "tests/hw/plain_tables.h"

namespace splinter::hw {
namespace {

using namespace testing;

// kPage and kNext, each under PCID 0 with the flags, and kPage under kOtherPcid.
struct Broadcast : PlainUnit {
    explicit Broadcast(std::uint64_t flags = PlainTables::kUsed) {
        for (const VirtAddr va : {kPage, kNext}) tables.map(va, kOld, flags);
        switch_to(kOtherPcid);
        (void)frame(kPage);
        switch_to(Pcid{0});
        for (const VirtAddr va : {kPage, kNext}) {
            (void)frame(va);
            tables.map(va, kNew, flags);
        }
    }
    // Which of the three are fresh afterwards: "P" kPage, "N" kNext, "O" kPage under kOtherPcid.
    std::string fresh_after(const x86::Invlpgb& invalidation) {
        unit.apply(invalidation);
        std::string out;
        if (frame(kPage) == kNew) out += "P";
        if (frame(kNext) == kNew) out += "N";
        switch_to(kOtherPcid);
        if (frame(kPage) == kNew) out += "O";
        return out;
    }
};

TEST(TranslationUnitInvlpgb, InvlpgbReachesTheAddressesThatItNames) {
    x86::Invlpgb one;
    one.addresses = x86::Invlpgb::Addresses::range;
    one.first = kPage;
    EXPECT_EQ(Broadcast{}.fresh_after(one), "PO");
    x86::Invlpgb two = one;
    two.pages = 2;
    EXPECT_EQ(Broadcast{}.fresh_after(two), "PNO");
    two.stride = x86::Invlpgb::Stride::m2;
    EXPECT_EQ(Broadcast{}.fresh_after(two), "PO");
    EXPECT_EQ(Broadcast{}.fresh_after({}), "PNO");
}

TEST(TranslationUnitInvlpgb, InvlpgbReachesThePcidThatItNames) {
    x86::Invlpgb own;
    own.addresses = x86::Invlpgb::Addresses::range;
    own.contexts = x86::Invlpgb::Contexts::one;
    own.first = kPage;
    EXPECT_EQ(Broadcast{}.fresh_after(own), "P");
    own.pcid = kOtherPcid;
    EXPECT_EQ(Broadcast{}.fresh_after(own), "O");
    own.addresses = x86::Invlpgb::Addresses::all;
    own.pcid = Pcid{0};
    EXPECT_EQ(Broadcast{}.fresh_after(own), "PN");
}

TEST(TranslationUnitInvlpgb, InvlpgbSparesGlobalEntriesUnlessTheyAreIncluded) {
    for (const auto addresses : {x86::Invlpgb::Addresses::all, x86::Invlpgb::Addresses::range})
        for (const auto contexts : {x86::Invlpgb::Contexts::all, x86::Invlpgb::Contexts::one}) {
            x86::Invlpgb invalidation;
            invalidation.addresses = addresses;
            invalidation.contexts = contexts;
            invalidation.first = kPage;
            invalidation.pages = 2;
            EXPECT_EQ(Broadcast{PlainTables::kGlobal}.fresh_after(invalidation), "PNO");
            invalidation.global = x86::Invlpgb::Global::kept;
            EXPECT_EQ(Broadcast{PlainTables::kGlobal}.fresh_after(invalidation), "");
        }
}

TEST(TranslationUnitInvlpgb, InvlpgbOfFinalTranslationsKeepsThePagingStructureCaches) {
    x86::Invlpgb invalidation;
    invalidation.addresses = x86::Invlpgb::Addresses::range;
    invalidation.first = kPage;
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    (void)plain.frame(kPage);
    invalidation.structures = x86::Invlpgb::Structures::kept;
    plain.unit.apply(invalidation);
    EXPECT_EQ(plain.reads(kPage), 1U);
    invalidation.structures = x86::Invlpgb::Structures::dropped;
    plain.unit.apply(invalidation);
    EXPECT_EQ(plain.reads(kPage), 4U);
}

}  // namespace
}  // namespace splinter::hw
