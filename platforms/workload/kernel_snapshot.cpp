#include "platforms/workload/kernel_snapshot.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/kernel_snapshot_check.h"
#include "platforms/workload/kernel_trace_log.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

using Json = nlohmann::json;

constexpr unsigned kPcpMigratetypes = 3;  // MIGRATE_PCPTYPES
constexpr unsigned kPcpMaxOrder = 3;      // PAGE_ALLOC_COSTLY_ORDER
constexpr unsigned kThpOrder = 9;         // HPAGE_PMD_ORDER
constexpr unsigned kFirstThpList = kPcpMigratetypes * (kPcpMaxOrder + 1);
constexpr unsigned kMaxPcpLists = kFirstThpList + 2;  // one or two THP lists, by kernel version
constexpr unsigned kMaxZones = 16;
constexpr std::uint64_t kMaxSetting = std::numeric_limits<std::int32_t>::max();  // recorded as 32-bit words

// A value of the document that knows its place: "zones[1].pcp[0].count".
class SnapshotValue {
  public:
    SnapshotValue(const Json& json, const std::string& file, std::string place)
        : json_{json}, file_{file}, place_{std::move(place)} {}

    [[nodiscard]] SnapshotValue member(const char* key) const {
        if (!json_.is_object()) fail("an object");
        const auto found = json_.find(key);
        if (found == json_.end()) throw UserError(file_, place_in(key) + " is missing");
        return SnapshotValue{*found, file_, place_in(key)};
    }

    [[nodiscard]] std::uint64_t number(std::uint64_t max = kMaxSetting) const {
        if (!json_.is_number_unsigned() || json_.get<std::uint64_t>() > max) fail("a number from 0 to " + std::to_string(max));
        return json_.get<std::uint64_t>();
    }
    [[nodiscard]] unsigned small(std::uint64_t max = kMaxSetting) const { return static_cast<unsigned>(number(max)); }
    [[nodiscard]] PageCount pages(std::uint64_t max = kMaxSetting) const { return PageCount{number(max)}; }
    [[nodiscard]] Pfn pfn() const { return Pfn{number(kTraceMaxPfn)}; }
    [[nodiscard]] std::string text() const {
        if (!json_.is_string()) fail("a string");
        return json_.get<std::string>();
    }

    // read(SnapshotValue) of every element.
    template <class Read>
    [[nodiscard]] auto all(Read read) const {
        if (!json_.is_array()) fail("an array");
        std::vector<decltype(read(*this))> values;
        values.reserve(json_.size());
        for (std::size_t i = 0; i < json_.size(); ++i) {
            values.push_back(read(SnapshotValue{json_[i], file_, place_ + "[" + std::to_string(i) + "]"}));
        }
        return values;
    }

    // Nothing is ignored: a key that is not read here means a format that we do not know.
    void expect_only(std::initializer_list<const char*> keys) const {
        if (!json_.is_object()) fail("an object");
        for (const auto& [key, value] : json_.items()) {
            if (std::none_of(keys.begin(), keys.end(), [&key = key](const char* k) { return key == k; })) {
                throw UserError(file_, (place_.empty() ? "" : place_ + ": ") + "unknown key " + quote_bytes(key));
            }
        }
    }

    [[noreturn]] void fail(const std::string& expected) const {
        const std::string found = quote_bytes(json_.is_structured() ? json_.type_name() : json_.dump(-1, ' ', true));
        throw UserError(file_, (place_.empty() ? "" : place_ + ": ") + "found " + found + ", expected " + expected);
    }

  private:
    [[nodiscard]] std::string place_in(const char* key) const { return (place_.empty() ? "" : place_ + ".") + key; }

    const Json& json_;
    const std::string& file_;
    std::string place_;
};

SnapshotFreeList read_free_list(const SnapshotValue& node) {
    node.expect_only({"order", "mt", "pfns"});
    return {Order{node.member("order").small(kTraceMaxOrder)},
            static_cast<std::uint8_t>(node.member("mt").small(kTraceMaxMigratetype)),
            node.member("pfns").all([](const SnapshotValue& n) { return n.pfn(); })};
}

SnapshotPcpList read_pcp_list(const SnapshotValue& node) {
    node.expect_only({"pindex", "pfns"});
    return {node.member("pindex").small(kMaxPcpLists - 1),
            node.member("pfns").all([](const SnapshotValue& n) { return n.pfn(); })};
}

SnapshotPcp read_pcp(const SnapshotValue& node) {
    node.expect_only({"cpu", "count", "high", "batch", "factor", "high_min", "high_max", "flags", "free_count", "lists"});
    SnapshotPcp pcp;
    pcp.cpu = CpuId{node.member("cpu").small(kTraceMaxCpu)};
    pcp.count = node.member("count").pages();
    pcp.high = node.member("high").pages();
    pcp.batch = node.member("batch").pages();
    pcp.factor = node.member("factor").small();
    pcp.high_min = node.member("high_min").pages();
    pcp.high_max = node.member("high_max").pages();
    pcp.flags = node.member("flags").small();
    pcp.free_count = node.member("free_count").pages();
    pcp.lists = node.member("lists").all(read_pcp_list);
    return pcp;
}

SnapshotZone read_zone(const SnapshotValue& node) {
    node.expect_only({"idx", "start_pfn", "spanned", "present", "managed", "wmark_min", "wmark_low", "wmark_high", "boost",
                      "nr_free", "nr_reserved_highatomic", "name", "lowmem_reserve", "free", "pcp", "pageblock_start_pfn",
                      "pageblock_types"});
    SnapshotZone zone;
    zone.index = node.member("idx").small(kMaxZones - 1);
    zone.name = node.member("name").text();
    zone.span = {node.member("start_pfn").pfn(), node.member("spanned").pages(kTraceMaxPfn)};
    zone.present = node.member("present").pages(zone.span.count.raw());
    zone.managed = node.member("managed").pages(zone.present.raw());
    zone.watermark_min = node.member("wmark_min").pages();
    zone.watermark_low = node.member("wmark_low").pages();
    zone.watermark_high = node.member("wmark_high").pages();
    zone.watermark_boost = node.member("boost").pages();
    zone.nr_free = node.member("nr_free").pages(zone.span.count.raw());
    zone.nr_reserved_highatomic = node.member("nr_reserved_highatomic").pages();
    zone.lowmem_reserve = node.member("lowmem_reserve").all([](const SnapshotValue& n) { return n.pages(); });
    zone.free = node.member("free").all(read_free_list);
    zone.pcp = node.member("pcp").all(read_pcp);
    zone.pageblock_start = node.member("pageblock_start_pfn").pfn();
    zone.pageblock_types = node.member("pageblock_types").text();
    return zone;
}

// "6.1.192": the rules of the allocator are chosen by it.
std::string read_version(const SnapshotValue& node) {
    std::string version = node.text();
    const std::size_t dot = version.find('.');
    const auto digit_at = [&](std::size_t i) { return i < version.size() && version[i] != '.'; };
    const bool digits_and_dots = version.find_first_not_of("0123456789.") == std::string::npos;
    if (!digits_and_dots || dot == std::string::npos || !digit_at(0) || !digit_at(dot + 1)) node.fail("a version like 6.1.192");
    return version;
}

[[noreturn]] void fail_syntax(const std::string& path, const std::string& text, const Json::parse_error& error) {
    const std::size_t at = std::min(text.size(), error.byte > 0 ? error.byte - 1 : 0);
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const std::size_t newline = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t column = newline == std::string::npos ? at + 1 : at - newline;
    const std::string found = at == text.size() ? "the end of the file" : quote_bytes(std::string_view{text}.substr(at, 16));
    throw UserError(path + ":" + std::to_string(lines + 1) + ":" + std::to_string(column),
                    "found " + found + ", expected JSON (the snapshot is damaged or truncated)");
}

}  // namespace

const SnapshotZone* KernelSnapshot::zone_of(Pfn pfn) const {
    const auto found = std::find_if(zones.begin(), zones.end(), [pfn](const SnapshotZone& z) { return z.span.contains(pfn); });
    return found == zones.end() ? nullptr : &*found;
}

Order pcp_list_order(unsigned pindex) { return Order{pindex < kFirstThpList ? pindex / kPcpMigratetypes : kThpOrder}; }

PageCount free_pages(const SnapshotZone& zone) {
    std::uint64_t pages = 0;
    for (const SnapshotFreeList& list : zone.free) pages += list.order.pages().raw() * list.blocks.size();
    for (const SnapshotPcp& pcp : zone.pcp) {
        for (const SnapshotPcpList& list : pcp.lists) pages += pcp_list_order(list.pindex).pages().raw() * list.blocks.size();
    }
    return PageCount{pages};
}

KernelSnapshot parse_kernel_snapshot(const std::string& text, const std::string& path) {
    Json document;
    try {
        document = Json::parse(text);
    } catch (const Json::parse_error& error) {
        fail_syntax(path, text, error);
    } catch (const Json::out_of_range&) {  // 1e999; the parser does not say where
        throw UserError(path, "found a number that is out of range (the snapshot is damaged)");
    }
    const SnapshotValue root{document, path, ""};
    root.expect_only({"kernel", "cpus", "orders", "migratetypes", "pcp_lists", "pageblock_order", "zones"});
    KernelSnapshot snapshot;
    snapshot.path = path;
    snapshot.kernel = read_version(root.member("kernel"));
    snapshot.cpus = root.member("cpus").small(kTraceMaxCpu + 1);
    snapshot.orders = root.member("orders").small(kTraceMaxOrder + 1);
    snapshot.migratetypes = root.member("migratetypes").small(kTraceMaxMigratetype + 1);
    snapshot.pcp_lists = root.member("pcp_lists").small(kMaxPcpLists);
    snapshot.pageblock_order = Order{root.member("pageblock_order").small(kTraceMaxOrder)};
    snapshot.zones = root.member("zones").all(read_zone);
    check_kernel_snapshot(snapshot);
    return snapshot;
}

KernelSnapshot load_kernel_snapshot(const std::string& path) {
    const std::string real = find_text_file(path);
    return parse_kernel_snapshot(read_text_file(real), real);
}

}  // namespace splinter::platforms
