#include <string>

#include "platforms/conform/record_formats.h"
#include "platforms/conform/vector_run.h"
#include "tests/platforms/expect_part.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::expect_part;
using testing::ScratchDirectory;
using testing::user_error;

constexpr x86::Pte kLeaf{0x400000a7};
constexpr PhysAddr kLeafAt{0x2000};

// A user read of a 1 GiB page at 0x40000000: the model sets A in the upper entry.
Vector vector() {
    Vector out;
    out.id = "T4-46-00000";
    out.category = "eff";
    out.question.cr3 = PhysAddr{0x1000};
    out.question.va = VirtAddr{0x123};
    out.question.access = {x86::AccessKind::read, x86::Mode::user};
    out.before = {{PhysAddr{0x1000}, x86::Pte{0x2007}}, {kLeafAt, kLeaf}};
    out.expected = x86::AccessOutcome::ok(PhysAddr{0x40000123}, x86::PageSize::g1);
    out.after = {{PhysAddr{0x1000}, x86::Pte{0x2027}}, {kLeafAt, kLeaf}};
    return out;
}

// The same with a leaf that is not present.
Vector fault() {
    Vector out = vector();
    out.before[1].value = out.after[1].value = x86::Pte{0x40000086};
    out.expected = x86::AccessOutcome::page_fault({VirtAddr{0x123}, 0x4});
    return out;
}

VectorResult run(const Vector& v) { return VectorRunner{hw::MachineParams{}}.run(v); }
bool agrees_on(const Vector& v) { return agrees(v, run(v)); }

TEST(ConformRun, AgreesIfOutcomeAndWordsAreAsExpected) { EXPECT_TRUE(agrees_on(vector())); }

TEST(ConformRun, EveryPartOfTheOutcomeCounts) {
    Vector other = vector();
    other.expected.address = PhysAddr{0x40000124};
    EXPECT_FALSE(agrees_on(other));
    other = vector();
    other.expected.size = x86::PageSize::m2;
    EXPECT_FALSE(agrees_on(other));
    other = fault();
    other.expected.fault.error_code = 0x5;
    EXPECT_FALSE(agrees_on(other));
    other = fault();
    other.expected.fault.address = VirtAddr{0x124};
    EXPECT_FALSE(agrees_on(other));
    other = fault();
    other.expected = x86::AccessOutcome::general_protection();
    EXPECT_FALSE(agrees_on(other));
}

TEST(ConformRun, EveryBitOfTheWordsCountsAfterASuccess) {
    for (const std::uint64_t bit : {x86::Pte::kAccessed, x86::Pte::kDirty, x86::Pte::kNoExecute}) {
        Vector other = vector();
        other.after[0].value = x86::Pte{other.after[0].value.raw() ^ bit};
        EXPECT_FALSE(agrees_on(other)) << bit;
    }
}

TEST(ConformRun, AIsFreeAfterAFaultAndNothingElseIs) {
    Vector other = fault();
    for (const std::uint64_t a : {std::uint64_t{0}, x86::Pte::kAccessed}) {
        other.after[0].value = x86::Pte{0x2007 | a};
        EXPECT_TRUE(agrees_on(other)) << a;
    }
    other.after[1].value = other.after[1].value.with(x86::Pte::kDirty);
    EXPECT_TRUE(agrees_on(fault()));
    other.after[1].value = x86::Pte{other.after[1].value.raw() ^ x86::Pte::kDirty};
    EXPECT_TRUE(agrees_on(other));  // as it was
    other.after[1].value = x86::Pte{other.after[1].value.raw() ^ x86::Pte::kDirty ^ x86::Pte::kGlobal};
    EXPECT_FALSE(agrees_on(other));
}

TEST(ConformRun, AWordThatMapsItselfIsChangedEverywhere) {
    Vector self = vector();  // the root's entry 0 is the table of all four levels
    const Word word{PhysAddr{0x1000}, x86::Pte{0x1007}};
    self.question.va = VirtAddr{0x8};
    self.before = {word, word, word, word};
    self.after = std::vector<Word>(4, Word{word.address, x86::Pte{0x1027}});
    self.expected = x86::AccessOutcome::ok(PhysAddr{0x1008}, x86::PageSize::k4);
    EXPECT_TRUE(agrees_on(self));
}

// One MMU runs them all: nothing of a vector may be left in its caches.
TEST(ConformRun, EachVectorMeetsEmptyCaches) {
    VectorRunner runner{hw::MachineParams{}};
    EXPECT_TRUE(agrees(vector(), runner.run(vector())));
    EXPECT_TRUE(agrees(fault(), runner.run(fault())));
    EXPECT_TRUE(agrees(vector(), runner.run(vector())));
}

TEST(ConformRun, AnExplanationHasStateEntriesBothOutcomesAndTheWalk) {
    Vector other = vector();
    other.expected = x86::AccessOutcome::general_protection();
    const std::string text = explain_disagreement(other, run(other));
    for (const char* part :
         {"T4-46-00000 (eff)", "expected: #GP\n", "got:      ok, 0x40000123 in a 1 GiB page\n", "CR4 0x7200b0",
          "0x2000:0x400000a7", "PML4E[0] at 0x1000 = 0x0000000000002007", "PDPTE[0] at 0x2000",
          "the same walk: splinter walk 0x123 --access user-read --cr0 0x80010001 --cr3 0x1000"})
        expect_part(text, part);
}

TEST(ConformReport, CountsPerCategoryAndEndsWithTheSum) {
    ConformReport report{Detail::summary};
    const auto nothing = [] { return std::string{}; };
    report.count("eff", Verdict::agrees, nothing);
    report.count("can", Verdict::agrees, nothing);
    report.count("eff", Verdict::agrees, nothing);
    EXPECT_EQ(report.text(), "category  agree  of\ncan           1   1\neff           2   2\n\n3 of 3 agree\n");
    EXPECT_TRUE(report.agrees());
}

TEST(ConformReport, OneDisagreementIsEnoughAndTheFirstThreeAreExplained) {
    ConformReport report{Detail::summary};
    int explained = 0;
    for (int i = 0; i < 5; ++i)
        report.count("eff", Verdict::disagrees, [&] { return "case " + std::to_string(++explained) + "\n"; });
    EXPECT_FALSE(report.agrees());
    EXPECT_EQ(explained, 3);
    expect_part(report.text(), "The first 3 of 5 disagreements:\n\ncase 1\n\ncase 2\n\ncase 3\n");
    EXPECT_TRUE(report.text().ends_with("\n0 of 5 agree\n"));
}

TEST(ConformReport, DisputedRecordsAreListedApartAndNotCounted) {
    ConformReport report{Detail::summary};
    report.count("eff", Verdict::agrees, [] { return std::string{}; });
    report.count_disputed("imp", Verdict::disagrees, [] { return std::string{"a line\n"}; });
    report.count_disputed("imp", Verdict::agrees, [] { return std::string{"not shown\n"}; });
    EXPECT_TRUE(report.agrees());
    expect_part(report.text(), "\nimp           1   2\n\na line\n\n1 of 1 agree\n");
}

TEST(ConformReport, EveryDisputedRecordIsListedOnDemand) {
    ConformReport report{Detail::every_disputed_record};
    report.count_disputed("imp", Verdict::agrees, [] { return std::string{"shown\n"}; });
    expect_part(report.text(), "\nshown\n\n0 of 0 agree\n");
}

TEST(ConformFormats, AreToldApartByContent) {
    const ScratchDirectory scratch;
    ConformReport report{Detail::summary};
    const std::string none = scratch.write("none.txt", "what is this\n");
    EXPECT_EQ(
        user_error([&] { run_record_file(none, {}, report); }),
        none +
            ":1:1: found 'what is this', expected the first line of one of: walker vectors (\"V ...\"), TLB scenarios "
            "(\"{...\"), counts of memfd_secret (\"run,kernel,mem,gbpages,smp,rep,phase,...\"), counts of user shootdowns "
            "(\"run,kernel,mem,gbpages,smp,ceiling,op,pages,helpers,mode,reps,...\"), direct-map operations "
            "(\"run,kernel,mem,gbpages,smp,cmd,result,...\")");
    const std::string empty = scratch.write("empty.txt", "");
    expect_contains(user_error([&] { run_record_file(empty, {}, report); }), empty + ":1:1: found nothing");
}

TEST(ConformFormats, NoFormatBeginsAsAnotherDoes) {
    for (const RecordFormat& a : record_formats())
        for (const RecordFormat& b : record_formats()) EXPECT_EQ(&a == &b, a.first_bytes.starts_with(b.first_bytes));
}

std::string data(const char* name) { return std::string{SPLINTER_SOURCE_DIR} + "/tests/data/walker/" + name; }

TEST(ConformSample, TheModelAgreesWithEveryVector) {
    ConformReport report{Detail::summary};
    run_record_file(data("vectors.txt.xz"), {}, report);
    EXPECT_TRUE(report.text().ends_with("\n2320 of 2320 agree\n")) << report.text();
}

TEST(ConformSample, TheModelDecidesTheDisputedOnesByTheManual) {
    ConformReport report{Detail::summary};
    run_record_file(data("disputed.txt.xz"), {}, report);
    EXPECT_TRUE(report.text().ends_with("rsv          17  17\nsink         17  17\n\n0 of 0 agree\n")) << report.text();
}

}  // namespace
}  // namespace splinter::platforms
