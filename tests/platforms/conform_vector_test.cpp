#include "platforms/conform/vector.h"

#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::user_error;

const std::string kLine =
    "V A4-40-01678 sink 40 80010011 3000b0 500 1 5 18dff858 1005000 uw 753b3fefa798 "
    "1005750:19100000018adf3d,18ad760:1000000017e00085 "
    "=> ok 0 - 17efa798 2m 19100000018adf3d,1000000017e000e5 q7,b27 bH:pf:6";

// The line with its field `number` (from 0) replaced.
std::string line_with(std::size_t number, const std::string& text) {
    std::string out;
    std::size_t field = 0;
    for (std::size_t start = 0; start <= kLine.size(); ++field) {
        const std::size_t end = std::min(kLine.find(' ', start), kLine.size());
        out += (field == 0 ? "" : " ") + (field == number ? text : kLine.substr(start, end - start));
        start = end + 1;
    }
    return out;
}

// `line` must outlive the vector.
Vector vector_in(const std::string& line) {
    static const std::string path = "v.txt";
    TraceText reader{line, path};
    reader.next_line();
    return read_vector(reader);
}

std::string vector_error(const std::string& line) {
    return user_error([&] { (void)vector_in(line + "\n"); });
}

TEST(ConformVector, ReadsTheQuestion) {
    const std::string line = kLine + "\n";
    const Vector vector = vector_in(line);
    EXPECT_EQ(vector.id, "A4-40-01678");
    EXPECT_EQ(vector.category, "sink");
    const AccessCase& question = vector.question;
    EXPECT_EQ(question.registers.maxphyaddr, 40U);
    EXPECT_EQ(question.registers.cr0, 0x80010011U);
    EXPECT_EQ(question.registers.cr4, 0x3000b0U);
    EXPECT_EQ(question.registers.efer, 0x500U);
    EXPECT_TRUE(question.state().ac);
    EXPECT_EQ(question.registers.pkru, 5U);
    EXPECT_EQ(question.registers.pkrs, 0x18dff858U);
    EXPECT_EQ(question.root(), Pfn{0x1005});
    EXPECT_EQ(question.access, (x86::Access{x86::AccessKind::write, x86::Mode::user}));
    EXPECT_EQ(question.va, VirtAddr{0x753b3fefa798});
}

TEST(ConformVector, ReadsWordsAndOutcome) {
    const std::string line = kLine + "\n";
    const Vector vector = vector_in(line);
    const std::vector<Word> before{{PhysAddr{0x1005750}, x86::Pte{0x19100000018adf3d}},
                                   {PhysAddr{0x18ad760}, x86::Pte{0x1000000017e00085}}};
    EXPECT_EQ(vector.before, before);
    EXPECT_EQ(vector.after, (std::vector<Word>{before[0], {before[1].address, x86::Pte{0x1000000017e000e5}}}));
    EXPECT_EQ(vector.expected, x86::AccessOutcome::ok(PhysAddr{0x17efa798}, x86::PageSize::m2));
    EXPECT_EQ(vector.standing, Standing::undisputed);
}

TEST(ConformVector, ReadsFaults) {
    std::string line = kLine + "\n";
    line.replace(line.find("ok 0 - 17efa798 2m"), 18, "pf 2d 753b3fefa798 - -");
    EXPECT_EQ(vector_in(line).expected, x86::AccessOutcome::page_fault({VirtAddr{0x753b3fefa798}, 0x2d}));
    line.replace(line.find("pf 2d 753b3fefa798"), 18, "gp 0 -");
    EXPECT_EQ(vector_in(line).expected, x86::AccessOutcome::general_protection());
}

TEST(ConformVector, ReadsEveryKindOfAccess) {
    const struct {
        const char* text;
        x86::Access access;
    } cases[] = {
        {"sr", {x86::AccessKind::read, x86::Mode::supervisor}}, {"sx", {x86::AccessKind::fetch, x86::Mode::supervisor}},
        {"ur", {x86::AccessKind::read, x86::Mode::user}},       {"ux", {x86::AccessKind::fetch, x86::Mode::user}},
        {"si", x86::Access::implicit(x86::AccessKind::read)},   {"ui", x86::Access::implicit(x86::AccessKind::read)}};
    for (const auto& [text, access] : cases) {
        const std::string line = line_with(11, text) + "\n";
        EXPECT_EQ(vector_in(line).question.access, access) << text;
    }
}

TEST(ConformVector, IsDisputedIfNoQemuReleaseAgrees) {
    for (const char* agree : {"-", "b27,b30", "bH"})
        EXPECT_EQ(vector_in(line_with(21, agree) + "\n").standing, Standing::disputed) << agree;
    for (const char* agree : {"q7~", "b27,q11"})
        EXPECT_EQ(vector_in(line_with(21, agree) + "\n").standing, Standing::undisputed) << agree;
}

TEST(ConformVector, NamesThePlaceOfWhatIsGarbled) {
    EXPECT_EQ(vector_error(line_with(0, "W")), "v.txt:1:1: found 'W', expected 'V'");
    expect_contains(vector_error(line_with(3, "53")), "v.txt:1:20: found '53', expected MAXPHYADDR (decimal, 0 to 52)");
    expect_contains(vector_error(line_with(3, "31")), "v.txt:1:20: found '31', expected MAXPHYADDR from 32 to 52");
    expect_contains(vector_error(line_with(4, "8001zz11")), "v.txt:1:23: found '8001zz11', expected CR0");
    expect_contains(vector_error(line_with(4, "10011")), "expected a state with 4-level or 5-level paging");
    expect_contains(vector_error(line_with(7, "2")), "found '2', expected AC");
    expect_contains(vector_error(line_with(11, "uq")), "found 'uq', expected an access");
    expect_contains(vector_error(line_with(13, "1005751:0")), "found '1005751', expected an address that is a multiple of 8");
    expect_contains(vector_error(line_with(13, "1005750")), "found '1005750', expected ADDRESS:VALUE");
    expect_contains(vector_error(line_with(13, "1005750:1,1005750:2")),
                    "found '1005750:2', expected one value for each address");
    expect_contains(vector_error(line_with(13, "10000000000:1")), "found '10000000000', expected a physical address");
    expect_contains(vector_error(line_with(15, "maybe")), "found 'maybe', expected ok, pf or gp");
    expect_contains(vector_error(line_with(16, "1")), "found '1', expected '0'");
    expect_contains(vector_error(line_with(19, "4m")), "found '4m', expected 4k, 2m or 1g");
    expect_contains(vector_error(line_with(20, "1")), "found nothing, expected a value for each word of field mem");
    expect_contains(vector_error(line_with(20, "1,2,3")), "found ',3', expected no more values than field mem has words");
    expect_contains(vector_error(line_with(21, "q7,,b27")), "expected names of engines");
    expect_contains(vector_error(kLine + " more"), "found ' more', expected the end of the line");
    expect_contains(vector_error(line_with(2, "a\x07")), "found 'a\\x07', expected a category");
}

TEST(ConformVector, ALineCutAnywhereIsRefused) {
    for (std::size_t length = 0; length <= kLine.size(); ++length)
        expect_contains(user_error([&] { (void)vector_in(kLine.substr(0, length)); }), "the file is cut off in this line");
    for (std::size_t length = 0; length <= kLine.rfind(' ') + 1; ++length)
        EXPECT_TRUE(vector_error(kLine.substr(0, length)).starts_with("v.txt:1:")) << length;
}

TEST(ConformVector, AnyByteInAnyPlaceIsReadOrRefusedInOneLine) {
    for (std::size_t at = 0; at < kLine.size(); ++at)
        for (const char byte : {'\0', ' ', ',', ':', '-', 'f', '0', 'q', '\xff'}) {
            std::string line = kLine;
            line[at] = byte;
            const std::string error = vector_error(line);
            EXPECT_TRUE(error == "(no error)" || error.starts_with("v.txt:1:")) << error;
            EXPECT_EQ(error.find_first_of(std::string{"\n\0", 2}), std::string::npos);
        }
}

}  // namespace
}  // namespace splinter::platforms
