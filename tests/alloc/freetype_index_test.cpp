// Which freetypes have lists: the index that kernel.freetypes describes.
#include "alloc/buddy/freetype_index.h"

#include <gtest/gtest.h>

#include "alloc/buddy/flip_policy.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kKeyedMapped{Migratetype::unmovable, FreetypeFlag::pgtable_key};
constexpr FreeType kKeyedUnmapped{Migratetype::unmovable,
                                  FreetypeFlags{FreetypeFlag::pgtable_key}.with(FreetypeFlag::unmapped)};

std::string refusal(std::string_view text) {
    try {
        (void)FreetypeIndex::parse(text);
    } catch (const UserError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(FreetypeIndex, OfTheSeriesHasOneListBehindThoseOfTheMigratetypes) {
    const FreetypeIndex index = FreetypeIndex::parse("unmapped:unmovable");
    EXPECT_EQ(index.size(), kMigratetypes + 1);
    EXPECT_EQ(index.of(kUnmovable), 0U);
    EXPECT_EQ(index.of(kMovable), 1U);
    EXPECT_EQ(index.of(kUnmovableUnmapped), kMigratetypes);
    EXPECT_EQ(index.type_of(kMigratetypes), kUnmovableUnmapped);
    EXPECT_FALSE(index.of({Migratetype::movable, Mapping::unmapped}).has_value());
}

TEST(FreetypeIndex, NoneHasTheMigratetypesListsOnly) {
    const FreetypeIndex index = FreetypeIndex::parse("none");
    EXPECT_EQ(index.size(), kMigratetypes);
    EXPECT_FALSE(index.has_list(kUnmovableUnmapped));
}

TEST(FreetypeIndex, NumbersListsInTheOrderInWhichTheyAreNamed) {
    const FreetypeIndex index = FreetypeIndex::parse("pgtable-key:unmovable,unmapped:movable+unmovable");
    EXPECT_EQ(index.of(kKeyedMapped), 5U);
    EXPECT_EQ(index.of({Migratetype::movable, Mapping::unmapped}), 6U);
    EXPECT_EQ(index.of(kUnmovableUnmapped), 7U);
    EXPECT_EQ(index.flagged(), 3U);
}

TEST(FreetypeIndex, ASetOfFlagsIsAFreetypeOfItsOwn) {
    const FreetypeIndex index = FreetypeIndex::parse("unmapped+pgtable-key:unmovable");
    EXPECT_TRUE(index.has_list(kKeyedUnmapped));
    EXPECT_FALSE(index.has_list(kKeyedMapped));
    EXPECT_FALSE(index.has_list(kUnmovableUnmapped));
    EXPECT_TRUE(index.any_list(kKeyedUnmapped.flags));
    EXPECT_FALSE(index.any_list(kKeyedMapped.flags));
}

TEST(FreetypeIndex, HoldsEveryFlagWithEveryMigratetype) {
    const std::string all = "unmovable+movable+reclaimable+highatomic+isolate";
    EXPECT_EQ(FreetypeIndex::parse("unmapped:" + all + ",pgtable-key:" + all + ",unmapped+pgtable-key:" + all).size(), 20U);
}

TEST(FreetypeIndex, PrintsWhatItParses) {
    for (const char* text : {"none", "unmapped:unmovable", "unmapped+pgtable-key:movable,pgtable-key:unmovable"})
        EXPECT_EQ(FreetypeIndex::parse(text).text(), text);
}

TEST(FreetypeIndex, RefusesAWordThatIsNoFlagOrMigratetypeWithThoseThatAre) {
    EXPECT_EQ(refusal("secret:unmovable"), "kernel.freetypes: found \"secret\", allowed: the flags unmapped, pgtable-key");
    EXPECT_EQ(refusal("unmapped:movabel"),
              "kernel.freetypes: found \"movabel\", allowed: the migratetypes unmovable, movable, reclaimable, highatomic, "
              "isolate");
}

TEST(FreetypeIndex, RefusesWhatIsNotInItsForm) {
    for (const char* text : {"", "unmapped", "unmapped:unmovable,"})
        EXPECT_NE(refusal(text).find("FLAG[+FLAG]:MIGRATETYPE[+MIGRATETYPE]"), std::string::npos) << text;
    EXPECT_NE(refusal("unmapped:").find("found \"\", allowed: the migratetypes"), std::string::npos);
    EXPECT_NE(refusal(":unmovable").find("found \"\", allowed: the flags"), std::string::npos);
}

TEST(FreetypeIndex, RefusesAFreetypeThatIsNamedTwice) {
    EXPECT_EQ(refusal("unmapped:unmovable,unmapped:unmovable"),
              "kernel.freetypes: found \"unmapped:unmovable\", allowed: each set of flags with each migratetype once");
}

TEST(FreetypeIndex, RefusesAFlagOrAMigratetypeThatIsNamedTwice) {
    EXPECT_EQ(refusal("unmapped+unmapped:movable"), "kernel.freetypes: found \"unmapped+unmapped\", allowed: each flag once");
    EXPECT_NE(refusal("unmapped:movable+movable").find("each set of flags with each migratetype once"), std::string::npos);
}

TEST(FreetypeIndex, IsToldWithSpacesOrCommasOrBoth) {  // --set has commas for the values of an axis
    for (const char* text : {"pgtable-key:unmovable unmapped:movable", "pgtable-key:unmovable,unmapped:movable",
                             "pgtable-key:unmovable, unmapped:movable", "  pgtable-key:unmovable  unmapped:movable "})
        EXPECT_EQ(FreetypeIndex::parse(text).text(), "pgtable-key:unmovable,unmapped:movable") << text;
    EXPECT_NE(refusal("unmapped:unmovable, ,pgtable-key:unmovable").find("found \" \""), std::string::npos);
}

TEST(FreetypeIndex, OfAKernelWithoutFreetypesHasNoFlaggedList) {
    KernelParams params;
    params.version = "6.1";
    EXPECT_EQ(freetype_lists(params).index.flagged(), 0U);
    params.version = "6.12";
    EXPECT_EQ(freetype_lists(params).index.flagged(), 1U);
}

TEST(FreetypeLists, KeepFlagsPerUnitIfThatIsSmallerThanAPageblock) {
    KernelParams params;
    for (const auto& [unit, order] : {std::pair{"64KiB", 4U}, {"2MiB", 9U}, {"1GiB", 9U}}) {
        params.freetype.flip_unit = unit;
        EXPECT_EQ(freetype_lists(params).flag_unit, Order{order}) << unit;
    }
}

}  // namespace
}  // namespace splinter::alloc
