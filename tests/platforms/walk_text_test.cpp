#include "platforms/conform/walk_text.h"

#include "platforms/conform/access_text.h"
#include "tests/platforms/expect_part.h"

namespace splinter::platforms {
namespace {

using testing::expect_part;

// 0x7f1234567890 through tables at 0x1000, 0x2000, 0x3000 to a 2 MiB page at 0x4000000.
AccessCase question(x86::AccessKind kind = x86::AccessKind::read) {
    AccessCase out;
    out.cr3 = PhysAddr{0x1000};
    out.va = VirtAddr{0x7f1234567890};
    out.access = {kind, x86::Mode::user};
    return out;
}

std::vector<Word> words(std::uint64_t pml4e = 0x2067, std::uint64_t pdpte = 0x3067, std::uint64_t pde = 0x40000e7) {
    return {{PhysAddr{0x17f0}, x86::Pte{pml4e}}, {PhysAddr{0x2240}, x86::Pte{pdpte}}, {PhysAddr{0x3d10}, x86::Pte{pde}}};
}

std::string explain(const AccessCase& asked, const std::vector<Word>& given) {
    return explain_access(asked, given, std::nullopt);
}

TEST(WalkText, ShowsEveryLevelWithItsEntryAndTheOutcome) {
    const std::string text = explain(question(), words());
    for (const char* part : {"PML4E[254] at 0x17f0 = 0x0000000000002067\n", "    ->    table at 0x2000\n",
                             "PDPTE[72] at 0x2240 = 0x0000000000003067\n", "PDE[418] at 0x3d10 = 0x00000000040000e7\n",
                             "P=1 R/W=1 U/S=1 PWT=0 PCD=0 A=1 PS=1 D=1 PAT=0 G=0 key=0 XD=0\n",
                             "    ->    2 MiB page at 0x4000000\n", "outcome: ok, 0x4167890 in a 2 MiB page; 3 entries read\n"})
        expect_part(text, part);
    EXPECT_EQ(text.find("FAIL"), std::string::npos);
}

TEST(WalkText, AddsTheCyclesOfEveryFetch) {
    const std::string text = explain_access(question(), words(), WalkCost{Cycles{2}, Cycles{14}});
    expect_part(text, "PDE[418] at 0x3d10 = 0x00000000040000e7   2 + 14 cycles\n");
    expect_part(text, "; 3 entries read, 48 cycles\n");
}

TEST(WalkText, NamesTheSectionOfEachFailedCheck) {
    const struct {
        std::vector<Word> given;
        const char* line;
    } cases[] = {
        {words(0x2066), "FAIL  4.7               not present"},
        {words(0x20e7), "FAIL  table 4-15        reserved: 7 set, PS: no leaf can be a PML4E\n"},
        {words(0x2067 | std::uint64_t{1} << 50), "FAIL  4.5.4             reserved: 50 set, beyond MAXPHYADDR 46\n"},
        {words(0x2067, 0x3067, 0x40060e7), "FAIL  table 4-18        reserved: 14:13 set, below the address of a large page\n"},
        {words(0x2063), "FAIL  4.6.1             a user-mode access may not touch a supervisor-mode address"},
        {words(0x2067, 0x3067, 0x40000e7 | std::uint64_t{3} << 59), "FAIL  4.6.2             PKRU.AD3 = 1: no data access\n"},
    };
    for (const auto& [given, line] : cases) expect_part(explain(question(), given), line);
}

TEST(WalkText, NamesXdWithoutNxe) {
    AccessCase without = question();
    without.registers.efer = 0x500;
    expect_part(explain(without, words(0x2067 | std::uint64_t{1} << 63)), "reserved: 63 set, XD while EFER.NXE = 0\n");
}

TEST(WalkText, TellsANonCanonicalAddressAndReadsNothing) {
    AccessCase asked = question();
    asked.va = VirtAddr{0x800000000000};
    const std::string text = explain(asked, words());
    expect_part(text, "FAIL  Vol. 1 3.3.7.1    canonical: bits 63:48 equal bit 47\n");
    expect_part(text, "\noutcome: #GP; 0 entries read\n");
}

TEST(WalkText, TellsWhichFlagsTheWalkerSets) {
    const std::string text = explain(question(x86::AccessKind::write), words(0x2047, 0x3067, 0x4000087));
    expect_part(text, "    sets  4.8               A\n");
    expect_part(text, "    sets  4.8               A and D\n");
    expect_part(explain(question(x86::AccessKind::write), words(0x2067, 0x3067, 0x40000a7)), "    sets  4.8               D\n");
    EXPECT_EQ(explain(question(), words()).find("sets"), std::string::npos);
}

TEST(WalkText, TellsAWordThatWasNotGiven) {
    std::vector<Word> given = words();
    given.pop_back();
    expect_part(explain(question(), given), "PDE[418] at 0x3d10 = 0x0000000000000000   (no word given: reads 0)\n");
}

TEST(WalkText, NamesBitsThatAreSetButIgnored) {
    expect_part(explain(question(), words(0x2067 | 0xe00 | std::uint64_t{1} << 60)), "; set but ignored: 60, 11:9, 6\n");
}

TEST(AccessText, ListsBitsAsRanges) {
    EXPECT_EQ(bit_list(0), "");
    EXPECT_EQ(bit_list(1), "0");
    EXPECT_EQ(bit_list(0x80000000000000c1), "63, 7:6, 0");
    EXPECT_EQ(bit_list(~std::uint64_t{0}), "63:0");
}

TEST(AccessText, NamesTheErrorBits) {
    EXPECT_EQ(outcome_text(x86::AccessOutcome::page_fault({VirtAddr{0x1000}, 0x3f})),
              "#PF, error code 0x3f (P W/R U/S RSVD I/D PK), CR2 0x1000");
    EXPECT_EQ(outcome_text(x86::AccessOutcome::page_fault({VirtAddr{0}, 0})), "#PF, error code 0x0, CR2 0x0");
}

}  // namespace
}  // namespace splinter::platforms
