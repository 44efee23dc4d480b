#include "platforms/workload/kernel_trace.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "hw/base/user_error.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

bool same_extent(const SnapshotZone& a, const SnapshotZone& b) {
    return a.index == b.index && a.name == b.name && a.span == b.span;
}

void check_same_machine(const KernelSnapshot& before, const KernelSnapshot& after) {
    const auto require = [&](bool same, const std::string& what) {
        if (!same) throw UserError(after.path, what + " differ from those of " + before.path);
    };
    require(before.kernel == after.kernel, "kernels");
    require(before.cpus == after.cpus, "cpus");
    require(before.orders == after.orders && before.pageblock_order == after.pageblock_order, "orders");
    require(before.migratetypes == after.migratetypes && before.pcp_lists == after.pcp_lists, "list counts");
    require(before.zones.size() == after.zones.size() &&
                std::equal(before.zones.begin(), before.zones.end(), after.zones.begin(), same_extent),
            "zones");
}

// Kinds whose block must lie in a zone; I and J are about pages too, but only as order 0.
bool has_pages(TraceEventKind kind) {
    switch (kind) {
        case TraceEventKind::allocate:
        case TraceEventKind::free:
        case TraceEventKind::take:
        case TraceEventKind::put_back:
        case TraceEventKind::fallback:
        case TraceEventKind::invalidate:
        case TraceEventKind::restore:
            return true;
        default:
            return false;
    }
}

// The replay takes an event's zone from its page.
void check_block(const TraceLog& log, std::size_t index, const KernelSnapshot& snapshot) {
    const PfnRange block = log.events[index].block();
    const auto fail = [&](const std::string& expected) {
        throw UserError(log.place(index), "found page frame " + number_text(block.first.raw(), NumberBase::hex) + " of order " +
                                              std::to_string(log.events[index].order.index()) + ", expected " + expected);
    };
    const SnapshotZone* zone = snapshot.zone_of(block.first);
    if (zone == nullptr || block.end() > zone->span.end()) fail("a block inside a zone of " + snapshot.path);
    if (block.first.raw() % block.count.raw() != 0) fail("a block aligned to its order");
}

void check_event(const TraceLog& log, std::size_t index, const KernelSnapshot& snapshot) {
    const TraceEvent& event = log.events[index];
    if (event.cpu().raw() >= snapshot.cpus) {
        throw UserError(log.place(index) + ":3", "found cpu " + std::to_string(event.cpu().raw()) + ", expected one of the " +
                                                     std::to_string(snapshot.cpus) + " cpus of " + snapshot.path);
    }
    if (has_pages(event.kind)) check_block(log, index, snapshot);
    const SnapshotZone& highest = snapshot.zones.back();  // where bulk pages come from
    if (event.kind == TraceEventKind::bulk_return && event.bulk_pages() > highest.span.count) {
        throw UserError(log.place(index), "found " + std::to_string(event.bulk_pages().raw()) +
                                              " bulk pages, expected at most the " + std::to_string(highest.span.count.raw()) +
                                              " pages of zone " + highest.name + " of " + snapshot.path);
    }
    const auto is_zone = [&](const SnapshotZone& zone) { return zone.index == event.zone_index(); };
    if (event.kind == TraceEventKind::decay && std::none_of(snapshot.zones.begin(), snapshot.zones.end(), is_zone)) {
        throw UserError(log.place(index),
                        "found zone " + std::to_string(event.zone_index()) + ", expected one of " + snapshot.path);
    }
}

}  // namespace

KernelTrace load_kernel_trace(const std::string& directory) {
    std::error_code ignored;
    const std::filesystem::path folder{directory};
    if (!std::filesystem::exists(folder, ignored)) throw UserError(directory, "no such directory");
    if (!std::filesystem::is_directory(folder, ignored)) {
        throw UserError(directory, "is not a directory, expected one with trace.csv, snap0.json and snap1.json, plain or .xz");
    }
    const std::string trace_path = find_text_file((folder / "trace.csv").string());
    KernelTrace trace{load_kernel_snapshot((folder / "snap0.json").string()),
                      load_kernel_snapshot((folder / "snap1.json").string()),
                      parse_trace(read_text_file(trace_path), trace_path)};
    check_same_machine(trace.before, trace.after);
    for (std::size_t i = 0; i < trace.log.events.size(); ++i) check_event(trace.log, i, trace.before);
    return trace;
}

}  // namespace splinter::platforms
