#include "platforms/workload/compressed_file.h"

#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::read_bytes;
using testing::sample;
using testing::ScratchDirectory;
using testing::user_error;

std::string compressed_sample() { return read_bytes(sample("secret512-k61/snap0.json.xz")); }

TEST(CompressedFile, PlainTextIsReturnedAsItIs) {
    const ScratchDirectory scratch;
    EXPECT_EQ(read_text_file(scratch.write("a.csv", std::string("one\ntwo\0", 8))), std::string("one\ntwo\0", 8));
    EXPECT_EQ(read_text_file(scratch.write("empty", "")), "");
}

TEST(CompressedFile, XzIsRecognisedByContentNotByName) {
    const ScratchDirectory scratch;
    const std::string text = read_text_file(sample("secret512-k61/snap0.json.xz"));
    EXPECT_EQ(text.substr(0, 19), "{\"kernel\":\"6.1.192\"");
    EXPECT_EQ(read_text_file(scratch.write("plain_name.json", compressed_sample())), text);
    EXPECT_EQ(read_text_file(scratch.write("plain.json.xz", text)), text);
}

TEST(CompressedFile, ConcatenatedXzStreamsAreOneText) {
    const ScratchDirectory scratch;
    const std::string text = read_text_file(sample("secret512-k61/snap0.json.xz"));
    EXPECT_EQ(read_text_file(scratch.write("two.xz", compressed_sample() + compressed_sample())), text + text);
}

// A gzip file of the user traces, and what is in it.
std::string gzip_sample() {
    return read_bytes(std::string{SPLINTER_SOURCE_DIR} + "/tests/data/user_traces/perf-script.txt.gz");
}

TEST(CompressedFile, GzipIsRecognisedByContentAndItsMembersAreOneText) {
    const ScratchDirectory scratch;
    const std::string text = read_text_file(scratch.write("plain_name", gzip_sample()));
    EXPECT_EQ(text.size(), 14670U);  // as the file's own trailer says
    EXPECT_TRUE(text.starts_with("w_load   132 [001]     1.000001: probe:bulk: "));
    EXPECT_TRUE(text.ends_with("\n"));
    EXPECT_EQ(read_text_file(scratch.write("two.gz", gzip_sample() + gzip_sample())), text + text);
}

TEST(CompressedFile, ATruncatedOrDamagedGzipStreamIsRefused) {
    const ScratchDirectory scratch;
    const std::string whole = gzip_sample();
    for (const std::size_t size : {std::size_t{2}, std::size_t{100}, whole.size() - 1}) {
        const std::string path = scratch.write("cut.gz", whole.substr(0, size));
        expect_contains(user_error([&] { (void)read_text_file(path); }), "the gzip stream is truncated");
    }
    const std::string garbage = scratch.write("garbage.gz", whole + "garbage");
    expect_contains(user_error([&] { (void)read_text_file(garbage); }), "the gzip stream is damaged, or garbage follows it");
    std::string flipped = whole;
    flipped[whole.size() - 6] ^= 1;  // its checksum
    const std::string damaged = scratch.write("damaged.gz", flipped);
    expect_contains(user_error([&] { (void)read_text_file(damaged); }), "the gzip stream is damaged, or garbage follows it");
    expect_contains(user_error([&] { (void)read_text_file(scratch.write("long.gz", whole), 100); }), "longer than 100 bytes");
}

TEST(CompressedFile, TheOtherNameIsTriedBothWays) {
    const ScratchDirectory scratch;
    scratch.write("a.csv", "plain");
    scratch.write("b.csv.xz", compressed_sample());
    EXPECT_EQ(find_text_file(scratch.file("a.csv.xz")), scratch.file("a.csv"));
    EXPECT_EQ(find_text_file(scratch.file("b.csv")), scratch.file("b.csv.xz"));
    EXPECT_EQ(read_text_file(scratch.file("a.csv.xz")), "plain");
    EXPECT_EQ(read_text_file(scratch.file("b.csv")).substr(0, 9), "{\"kernel\"");
}

TEST(CompressedFile, TheExactNameWinsWhenBothExist) {
    const ScratchDirectory scratch;
    scratch.write("a", "without");
    scratch.write("a.xz", "with");
    EXPECT_EQ(read_text_file(scratch.file("a")), "without");
    EXPECT_EQ(read_text_file(scratch.file("a.xz")), "with");
}

TEST(CompressedFile, EveryTruncationOfAnXzFileIsAnError) {
    const ScratchDirectory scratch;
    const std::string whole = compressed_sample();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{3}, std::size_t{6}, std::size_t{20}, whole.size() / 2, whole.size() - 1}) {
        const std::string path = scratch.write("cut.xz", whole.substr(0, size));
        const std::string message = user_error([&] { (void)read_text_file(path); });
        EXPECT_EQ(message, path + ":1: the xz stream is truncated") << size << " bytes";  // a text of one line
    }
}

TEST(CompressedFile, ACutStreamIsRefusedWithTheLineThatItsTextEndsIn) {
    const ScratchDirectory scratch;
    const auto line_of = [&](const std::string& name, const std::string& bytes) {
        const std::string path = scratch.write(name, bytes);
        const std::string message = user_error([&] { (void)read_text_file(path); });
        EXPECT_TRUE(message.starts_with(path + ":")) << message;
        return std::stoul(message.substr(path.size() + 1));
    };
    const std::string gz = gzip_sample();
    const std::string text = read_text_file(scratch.write("whole.gz", gz));
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_EQ(line_of("end.gz", gz.substr(0, gz.size() - 1)), lines + 1);
    EXPECT_GT(line_of("half.gz", gz.substr(0, gz.size() / 2)), 1U);
    EXPECT_LT(line_of("half.gz", gz.substr(0, gz.size() / 2)), lines);
    const std::string xz = read_bytes(sample("secret512-k61/trace.csv.xz"));
    EXPECT_GT(line_of("end.xz", xz.substr(0, xz.size() - 1)), 1U);
}

TEST(CompressedFile, DamageInsideAnXzFileIsAnErrorNamingTheFileReallyRead) {
    const ScratchDirectory scratch;
    std::string bytes = compressed_sample();
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    scratch.write("bad.json.xz", bytes);
    const std::string message = user_error([&] { (void)read_text_file(scratch.file("bad.json")); });
    EXPECT_EQ(message, scratch.file("bad.json.xz") + ":1: the xz stream is damaged, or garbage follows it");
}

TEST(CompressedFile, GarbageAfterTheXzStreamIsAnError) {
    const ScratchDirectory scratch;
    const std::string path = scratch.write("tail.xz", compressed_sample() + std::string(64, 'g'));
    EXPECT_EQ(user_error([&] { (void)read_text_file(path); }), path + ":1: the xz stream is damaged, or garbage follows it");
}

TEST(CompressedFile, MissingFilesAndDirectoriesAreErrors) {
    const ScratchDirectory scratch;
    EXPECT_EQ(user_error([&] { (void)read_text_file(scratch.file("no.csv")); }),
              scratch.file("no.csv") + ": no such file, nor no.csv.xz");
    EXPECT_EQ(user_error([&] { (void)read_text_file(scratch.file("no.csv.xz")); }),
              scratch.file("no.csv.xz") + ": no such file, nor no.csv");
    expect_contains(user_error([&] { (void)read_text_file(scratch.path()); }), scratch.path() + ": is a directory");
}

TEST(CompressedFile, TheLimitHoldsForTheDecompressedText) {
    const std::string path = sample("secret512-k61/snap0.json.xz");
    const std::uint64_t size = read_text_file(path).size();
    EXPECT_EQ(read_text_file(path, size).size(), size);
    EXPECT_EQ(user_error([&] { (void)read_text_file(path, size - 1); }),
              path + ": longer than " + std::to_string(size - 1) + " bytes");
}

}  // namespace
}  // namespace splinter::platforms
