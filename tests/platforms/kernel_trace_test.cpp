#include "platforms/workload/kernel_trace.h"

#include <map>

#include "platforms/workload/compressed_file.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::sample;
using testing::ScratchDirectory;
using testing::user_error;

// A copy of a sample, decompressed, to be damaged.
struct PlainCopy {
    PlainCopy() {
        for (const char* name : {"trace.csv", "snap0.json", "snap1.json"}) {
            scratch.write(name, read_text_file(sample(std::string{"secret512-k61/"} + name)));
        }
    }
    void replace(const std::string& name, const std::string& from, const std::string& to) const {
        std::string text = testing::read_bytes(scratch.file(name));
        const std::size_t at = text.find(from);
        if (at == std::string::npos) throw std::runtime_error("not in the sample: " + from);
        scratch.write(name, text.replace(at, from.size(), to));
    }
    [[nodiscard]] std::string error() const {
        return user_error([this] { (void)load_kernel_trace(scratch.path()); });
    }
    ScratchDirectory scratch;
};

std::int64_t signed_pages(PageCount pages) { return static_cast<std::int64_t>(pages.raw()); }

// Zone balance: A takes, F gives, each in the zone of its page; the pages of R come from the highest zone.
void expect_balance(const KernelTrace& trace) {
    std::map<unsigned, std::int64_t> change;
    for (const TraceEvent& event : trace.log.events) {
        if (event.kind == TraceEventKind::allocate) {
            change[trace.before.zone_of(event.pfn())->index] -= signed_pages(event.order.pages());
        } else if (event.kind == TraceEventKind::free) {
            change[trace.before.zone_of(event.pfn())->index] += signed_pages(event.order.pages());
        } else if (event.kind == TraceEventKind::bulk_return) {
            change[trace.before.zones.back().index] -= signed_pages(event.bulk_pages());
        }
    }
    for (std::size_t i = 0; i < trace.before.zones.size(); ++i) {
        EXPECT_EQ(signed_pages(free_pages(trace.after.zones[i])) - signed_pages(free_pages(trace.before.zones[i])),
                  change[trace.before.zones[i].index])
            << trace.before.zones[i].name;
    }
}

TEST(KernelTrace, TheSecretSampleIsReadWhole) {
    const KernelTrace trace = load_kernel_trace(sample("secret512-k61"));
    EXPECT_EQ(trace.before.kernel, "6.1.192");
    EXPECT_EQ(trace.log.path, sample("secret512-k61/trace.csv.xz"));
    EXPECT_EQ(trace.log.events.size(), 3325U);
    EXPECT_EQ(trace.log.count(TraceEventKind::allocate), 626U);
    EXPECT_EQ(trace.log.count(TraceEventKind::invalidate), 512U);
    EXPECT_EQ(trace.log.texts, (std::vector<std::string>{"ORACLE_MARK 1"}));
    EXPECT_EQ(trace.log.gfp.at(6), "GFP_HIGHUSER|__GFP_ZERO");
    EXPECT_EQ(trace.log.events[0].gfp_bits(), 0x2dc2U);
}

TEST(KernelTrace, FreePagesBalanceBetweenTheSnapshots) {
    expect_balance(load_kernel_trace(sample("secret512-k61")));
    expect_balance(load_kernel_trace(sample("mix0-k612")));
}

TEST(KernelTrace, APlainDirectoryIsTheSameAsACompressedOne) {
    const PlainCopy copy;
    const KernelTrace plain = load_kernel_trace(copy.scratch.path());
    EXPECT_EQ(plain.log.path, copy.scratch.file("trace.csv"));
    EXPECT_EQ(plain.log.events.size(), 3325U);
    expect_balance(plain);
}

TEST(KernelTrace, MissingPartsAreOneLineErrors) {
    const PlainCopy copy;
    EXPECT_EQ(user_error([&] { (void)load_kernel_trace(copy.scratch.file("none")); }),
              copy.scratch.file("none") + ": no such directory");
    expect_contains(user_error([&] { (void)load_kernel_trace(copy.scratch.file("trace.csv")); }), "is not a directory");
    for (const char* name : {"snap1.json", "snap0.json", "trace.csv"}) {
        std::filesystem::remove(copy.scratch.file(name));
        EXPECT_EQ(copy.error(), copy.scratch.file(name) + ": no such file, nor " + name + ".xz");
    }
}

TEST(KernelTrace, ATruncatedTraceIsAnError) {
    const PlainCopy copy;
    const std::string text = testing::read_bytes(copy.scratch.file("trace.csv"));
    copy.scratch.write("trace.csv", text.substr(0, text.rfind('\n', text.size() - 2) + 1));
    EXPECT_EQ(copy.error(), copy.scratch.file("trace.csv") +
                                ":3333: the trace is truncated: found F=649 instead of 650 lines, as line 1 announces");
    copy.scratch.write("trace.csv", text.substr(0, text.size() / 2));
    EXPECT_NE(copy.error(), "(no error)");
}

TEST(KernelTrace, SnapshotsOfDifferentMachinesAreAnError) {
    const PlainCopy copy;
    copy.replace("snap1.json", "6.1.192", "6.1.193");
    EXPECT_EQ(copy.error(),
              copy.scratch.file("snap1.json") + ": kernels differ from those of " + copy.scratch.file("snap0.json"));
    copy.scratch.write("snap1.json", read_text_file(sample("mix0-k612/snap1.json")));
    expect_contains(copy.error(), "differ from those of");
}

TEST(KernelTrace, EventsOfCpusOrPagesThatTheSnapshotLacksAreErrors) {
    PlainCopy copy;
    copy.replace("trace.csv", "\nA,3,100b1c,1,0,0\n", "\nA,4,100b1c,1,0,0\n");
    EXPECT_EQ(copy.error(), copy.scratch.file("trace.csv") + ":16:3: found cpu 4, expected one of the 4 cpus of " +
                                copy.scratch.file("snap0.json"));
    copy.replace("trace.csv", "\nA,4,100b1c,1,0,0\n", "\nA,3,200b1c,1,0,0\n");
    expect_contains(copy.error(), "trace.csv:16: found page frame 200b1c of order 1, expected a block inside a zone of");
    copy.replace("trace.csv", "\nA,3,200b1c,1,0,0\n", "\nA,3,100b1d,1,0,0\n");
    expect_contains(copy.error(), "trace.csv:16: found page frame 100b1d of order 1, expected a block aligned");
}

TEST(KernelTrace, MoreBulkPagesThanTheHighestZoneHasAreAnError) {
    PlainCopy copy;
    copy.replace("trace.csv", "\nR,3,4\n", "\nR,3,262144\n");  // zone Normal, 1 GiB
    EXPECT_EQ(copy.error(), "(no error)");
    copy.replace("trace.csv", "\nR,3,262144\n", "\nR,3,262145\n");
    expect_contains(copy.error(), "trace.csv:11: found 262145 bulk pages, expected at most the 262144 pages of zone Normal of");
}

}  // namespace
}  // namespace splinter::platforms
