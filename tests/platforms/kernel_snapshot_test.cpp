#include "platforms/workload/kernel_snapshot.h"

#include "platforms/workload/compressed_file.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::sample;
using testing::user_error;

// Two zones, two pageblocks of 512 pages each in the second; one cpu with an order-0 and a THP list.
const std::string kSmall =
    R"({"kernel":"6.1.192","cpus":1,"orders":11,"migratetypes":5,"pcp_lists":14,"pageblock_order":9,"zones":[)"
    R"({"idx":0,"start_pfn":1,"spanned":511,"present":500,"managed":490,"wmark_min":1,"wmark_low":2,"wmark_high":3,"boost":4,)"
    R"("nr_free":0,"nr_reserved_highatomic":0,"name":"DMA","lowmem_reserve":[0,7,8],"free":[],)"
    R"("pcp":[{"cpu":0,"count":0,"high":0,"batch":1,"factor":0,"high_min":0,"high_max":0,"flags":0,"free_count":0,)"
    R"("lists":[]}],)"
    R"("pageblock_start_pfn":0,"pageblock_types":"1"},)"
    R"({"idx":1,"start_pfn":512,"spanned":1024,"present":1000,"managed":900,"wmark_min":10,"wmark_low":20,"wmark_high":30,)"
    R"("boost":0,"nr_free":10,"nr_reserved_highatomic":0,"name":"DMA32","lowmem_reserve":[0,0,0],)"
    R"("free":[{"order":1,"mt":0,"pfns":[520,514]},{"order":3,"mt":1,"pfns":[528]}],)"
    R"("pcp":[{"cpu":0,"count":514,"high":40,"batch":63,"factor":2,"high_min":5,"high_max":6,"flags":3,"free_count":9,)"
    R"("lists":[{"pindex":1,"pfns":[600,513]},{"pindex":13,"pfns":[1024]}]}],)"
    R"("pageblock_start_pfn":512,"pageblock_types":"0."}]})";

// kSmall with one piece of text replaced, which must be there.
std::string snapshot_with(const std::string& from, const std::string& to) {
    std::string text = kSmall;
    const std::size_t at = text.rfind(from);
    if (at == std::string::npos) throw std::runtime_error("not in the sample: " + from);
    return text.replace(at, from.size(), to);
}

std::string snapshot_error(const std::string& text) {
    return user_error([&] { (void)parse_kernel_snapshot(text, "s.json"); });
}

TEST(KernelSnapshot, EveryValueIsKept) {
    const KernelSnapshot s = parse_kernel_snapshot(kSmall, "s.json");
    EXPECT_EQ(s.kernel, "6.1.192");
    EXPECT_EQ(s.cpus, 1U);
    EXPECT_EQ(s.orders, 11U);
    EXPECT_EQ(s.migratetypes, 5U);
    EXPECT_EQ(s.pcp_lists, 14U);
    EXPECT_EQ(s.pageblock_order, Order{9U});
    ASSERT_EQ(s.zones.size(), 2U);
    EXPECT_EQ(s.zones[0].watermark_boost, PageCount{4});
    EXPECT_EQ(s.zones[0].lowmem_reserve, (std::vector<PageCount>{PageCount{0}, PageCount{7}, PageCount{8}}));
    const SnapshotZone& z = s.zones[1];
    EXPECT_EQ(z.index, 1U);
    EXPECT_EQ(z.name, "DMA32");
    EXPECT_EQ(z.span, (PfnRange{Pfn{512}, PageCount{1024}}));
    EXPECT_EQ(z.present, PageCount{1000});
    EXPECT_EQ(z.managed, PageCount{900});
    EXPECT_EQ(z.watermark_min, PageCount{10});
    EXPECT_EQ(z.watermark_low, PageCount{20});
    EXPECT_EQ(z.watermark_high, PageCount{30});
    EXPECT_EQ(z.nr_free, PageCount{10});
    EXPECT_EQ(z.pageblock_start, Pfn{512});
    EXPECT_EQ(z.pageblock_types, "0.");
}

TEST(KernelSnapshot, ListsKeepTheirOrder) {
    const KernelSnapshot s = parse_kernel_snapshot(kSmall, "s.json");
    const SnapshotZone& z = s.zones[1];
    ASSERT_EQ(z.free.size(), 2U);
    EXPECT_EQ(z.free[0].order, Order{1U});
    EXPECT_EQ(z.free[0].migratetype, 0);
    EXPECT_EQ(z.free[0].blocks, (std::vector<Pfn>{Pfn{520}, Pfn{514}}));
    ASSERT_EQ(z.pcp.size(), 1U);
    const SnapshotPcp& pcp = z.pcp[0];
    EXPECT_EQ(pcp.count, PageCount{514});
    EXPECT_EQ(pcp.high, PageCount{40});
    EXPECT_EQ(pcp.batch, PageCount{63});
    EXPECT_EQ(pcp.factor, 2U);
    EXPECT_EQ(pcp.high_min, PageCount{5});
    EXPECT_EQ(pcp.high_max, PageCount{6});
    EXPECT_EQ(pcp.flags, 3U);
    EXPECT_EQ(pcp.free_count, PageCount{9});
    ASSERT_EQ(pcp.lists.size(), 2U);
    EXPECT_EQ(pcp.lists[0].blocks, (std::vector<Pfn>{Pfn{600}, Pfn{513}}));
    EXPECT_EQ(pcp.lists[1].pindex, 13U);
}

TEST(KernelSnapshot, FreePagesAreThoseOfBuddyAndPerCpuLists) {
    const KernelSnapshot s = parse_kernel_snapshot(kSmall, "s.json");
    EXPECT_EQ(free_pages(s.zones[0]), PageCount{0});
    EXPECT_EQ(free_pages(s.zones[1]), PageCount{2 * 2 + 8 + 2 + 512});
}

TEST(KernelSnapshot, PcpListsAreThreeMigratetypesPerOrderThenHugePages) {
    EXPECT_EQ(pcp_list_order(0), Order{0U});
    EXPECT_EQ(pcp_list_order(2), Order{0U});
    EXPECT_EQ(pcp_list_order(3), Order{1U});
    EXPECT_EQ(pcp_list_order(11), Order{3U});
    EXPECT_EQ(pcp_list_order(12), Order{9U});
    EXPECT_EQ(pcp_list_order(13), Order{9U});
}

TEST(KernelSnapshot, ZonesAreFoundByPage) {
    const KernelSnapshot s = parse_kernel_snapshot(kSmall, "s.json");
    EXPECT_EQ(s.zone_of(Pfn{0}), nullptr);
    EXPECT_EQ(s.zone_of(Pfn{1}), s.zones.data());
    EXPECT_EQ(s.zone_of(Pfn{511}), s.zones.data());
    EXPECT_EQ(s.zone_of(Pfn{512}), &s.zones[1]);
    EXPECT_EQ(s.zone_of(Pfn{1535}), &s.zones[1]);
    EXPECT_EQ(s.zone_of(Pfn{1536}), nullptr);
}

TEST(KernelSnapshot, BadJsonIsAnErrorWithLineAndColumn) {
    EXPECT_EQ(snapshot_error("{\n \"kernel\" 3}"),
              "s.json:2:11: found '3}', expected JSON (the snapshot is damaged or truncated)");
    expect_contains(snapshot_error(""), "s.json:1:1: found the end of the file");
    expect_contains(snapshot_error(kSmall.substr(0, kSmall.size() / 2)), "found the end of the file, expected JSON");
    expect_contains(snapshot_error(kSmall + "x"), "s.json:1:" + std::to_string(kSmall.size() + 1) + ": found 'x'");
    expect_contains(snapshot_error(snapshot_with("514]", "1e999]")), "s.json: found a number that is out of range");
    expect_contains(snapshot_error(std::string("\0\xFF\x01", 3)), "s.json:1:1: found '\\x00\\xff\\x01'");
}

TEST(KernelSnapshot, EveryTruncationIsAnError) {
    for (std::size_t size = 0; size < kSmall.size(); ++size) {
        EXPECT_NE(snapshot_error(kSmall.substr(0, size)), "(no error)") << "cut to " << size << " bytes";
    }
}

TEST(KernelSnapshot, MissingUnknownAndMistypedValuesAreNamed) {
    EXPECT_EQ(snapshot_error(snapshot_with(R"("batch":63,)", "")), "s.json: zones[1].pcp[0].batch is missing");
    EXPECT_EQ(snapshot_error(snapshot_with(R"("cpus":1,)", R"("cpus":1,"cpuz":2,)")), "s.json: unknown key 'cpuz'");
    EXPECT_EQ(snapshot_error(snapshot_with(R"("order":3,)", R"("order":3,"pages":8,)")),
              "s.json: zones[1].free[1]: unknown key 'pages'");
    EXPECT_EQ(snapshot_error(snapshot_with(R"("count":514)", R"("count":-3)")),
              "s.json: zones[1].pcp[0].count: found '-3', expected a number from 0 to 2147483647");
    expect_contains(snapshot_error(snapshot_with(R"("count":514)", R"("count":5.5)")), "zones[1].pcp[0].count: found '5.5'");
    expect_contains(snapshot_error(snapshot_with("[520,514]", "[520,\"x\"]")),
                    "zones[1].free[0].pfns[1]: found '\"x\"', expected a number");
    expect_contains(snapshot_error(snapshot_with("[528]", "7")), "zones[1].free[1].pfns: found '7', expected an array");
    expect_contains(snapshot_error(snapshot_with(R"("6.1.192")", R"("Debian")")),
                    "kernel: found '\"Debian\"', expected a version");
    expect_contains(snapshot_error("[]"), "found 'array', expected an object");
}

TEST(KernelSnapshot, RangesAreChecked) {
    expect_contains(snapshot_error(snapshot_with(R"("order":3)", R"("order":11)")), "zones[1].free[1].order: found '11'");
    expect_contains(snapshot_error(snapshot_with(R"("mt":1)", R"("mt":5)")), "zones[1].free[1]: migratetype not below 5");
    expect_contains(snapshot_error(snapshot_with(R"("pindex":13)", R"("pindex":14)")),
                    "zones[1].pcp[0].lists[1].pindex: found '14'");
    expect_contains(snapshot_error(snapshot_with(R"("cpus":1)", R"("cpus":2)")),
                    "zones[0].pcp: found 1 entries, expected one for each");
    expect_contains(snapshot_error(snapshot_with(R"("cpus":1)", R"("cpus":0)")), "cpus: found 0");
    expect_contains(snapshot_error(snapshot_with(R"("managed":900)", R"("managed":1001)")), "zones[1].managed: found '1001'");
    expect_contains(snapshot_error(snapshot_with(R"("pageblock_order":9)", R"("pageblock_order":11)")),
                    "pageblock_order: found '11'");
}

TEST(KernelSnapshot, FreeBlocksAreAlignedInsideTheirZoneAndDisjoint) {
    expect_contains(snapshot_error(snapshot_with("[528]", "[529]")),
                    "zones[1].free[1].pfns[0]: block 529 of order 3 is not aligned");
    expect_contains(snapshot_error(snapshot_with("[528]", "[504]")),
                    "zones[1].free[1].pfns[0]: block 504 of order 3 is not inside zone");
    expect_contains(snapshot_error(snapshot_with("[528]", "[1536]")), "is not inside zone DMA32");
    expect_contains(snapshot_error(snapshot_with("[528]", "[520]")),
                    "zones[1].free[1].pfns[0]: block 520 of order 3 overlaps another free");
    expect_contains(snapshot_error(snapshot_with("[600,513]", "[600,529]")),
                    "zones[1].pcp[0].lists[0].pfns[1]: block 529 of order 0");
    expect_contains(snapshot_error(snapshot_with("[600,513]", "[600,600]")), "overlaps");
    expect_contains(snapshot_error(snapshot_with(R"("order":3,"mt":1)", R"("order":1,"mt":0)")),
                    "zones[1].free[1]: a second list");
}

TEST(KernelSnapshot, APerCpuCountIsThatOfItsLists) {
    expect_contains(snapshot_error(snapshot_with(R"("count":514)", R"("count":513)")),
                    "zones[1].pcp[0].count: found 513, expected 514");
}

TEST(KernelSnapshot, PageblocksCoverTheZone) {
    expect_contains(snapshot_error(snapshot_with(R"("0.")", R"("0")")),
                    "zones[1].pageblock_types: found 1 pageblocks, expected 2");
    expect_contains(snapshot_error(snapshot_with(R"("0.")", R"("05")")),
                    "zones[1].pageblock_types: character 2 is neither '.'");
    expect_contains(snapshot_error(snapshot_with(R"("pageblock_start_pfn":512)", R"("pageblock_start_pfn":0)")),
                    "zones[1].pageblock_start_pfn: found 0, expected 512");
    // A garbled size must not allocate memory for it.
    expect_contains(snapshot_error(snapshot_with(R"("spanned":1024)", R"("spanned":1000000000000)")),
                    "zones[1].pageblock_types: found 2");
}

TEST(KernelSnapshot, ZonesAreInOrder) {
    expect_contains(snapshot_error(snapshot_with(R"("idx":1)", R"("idx":0)")),
                    "zones[1].idx: expected more than that of the zone before");
    expect_contains(snapshot_error(snapshot_with(R"("start_pfn":512,"sp)", R"("start_pfn":511,"sp)")),
                    "zones[1].start_pfn: inside the zone");
}

TEST(KernelSnapshot, TheSamplesAreReadCompressed) {
    const KernelSnapshot s = load_kernel_snapshot(sample("secret512-k61/snap0.json"));
    EXPECT_EQ(s.path, sample("secret512-k61/snap0.json.xz"));
    EXPECT_EQ(s.cpus, 4U);
    ASSERT_EQ(s.zones.size(), 3U);
    EXPECT_EQ(s.zones[2].name, "Normal");
    EXPECT_EQ(load_kernel_snapshot(sample("mix0-k612/snap1.json")).kernel, "6.12.117");
}

}  // namespace
}  // namespace splinter::platforms
