#include "platforms/workload/trace_script.h"

#include <algorithm>
#include <unordered_map>

#include "hw/base/user_error.h"
#include "platforms/workload/gfp_text.h"

namespace splinter::platforms {

void FrameSet::fill(PfnRange range, Membership membership) {
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) bits_[page.raw()] = membership == Membership::in;
}

bool FrameSet::contains_any(PfnRange range) const {
    for (Pfn page = range.first; page < range.end(); page += PageCount{1})
        if (bits_[page.raw()]) return true;
    return false;
}

bool FrameSet::contains_all(PfnRange range) const {
    for (Pfn page = range.first; page < range.end(); page += PageCount{1})
        if (!bits_[page.raw()]) return false;
    return true;
}

FrameSet free_frames(const KernelSnapshot& snapshot) {
    Pfn end{0};
    for (const SnapshotZone& zone : snapshot.zones) end = std::max(end, zone.span.end());
    FrameSet free{end};
    for (const SnapshotZone& zone : snapshot.zones) {
        for (const SnapshotFreeList& list : zone.free)
            for (Pfn block : list.blocks) free.insert({block, list.order.pages()});
        for (const SnapshotPcp& pcp : zone.pcp)
            for (const SnapshotPcpList& list : pcp.lists)
                for (Pfn block : list.blocks) free.insert({block, pcp_list_order(list.pindex).pages()});
    }
    return free;
}

class TraceScript::Builder {
  public:
    Builder(const KernelTrace& trace, const UnmappedShare& share, TraceScript& script)
        : trace_{trace}, share_{share}, script_{script}, free_{free_frames(trace.before)} {
        for (const std::string& text : trace.log.gfp) highest_zones_.push_back(read_gfp(text).highest_zone);
    }

    void add(std::size_t index) {
        const TraceEvent& event = trace_.log.events[index];
        switch (event.kind) {
            case TraceEventKind::allocate:
                allocate(index, event);
                return;
            case TraceEventKind::free:
                release(index, event);
                return;
            case TraceEventKind::bulk_return:
                push(index, {.kind = TraceOperation::Kind::bulk_allocate,
                             .cpu = event.cpu(),
                             .order = Order{0U},
                             .zone = static_cast<std::uint8_t>(trace_.before.zones.size() - 1),
                             .subject = event.bulk_pages().raw()});
                return;
            default:
                return;  // what the kernel did inside: the model does it its own way
        }
    }

  private:
    void push(std::size_t index, TraceOperation operation) {
        operation.event = index;
        script_.operations_.push_back(operation);
    }

    void allocate(std::size_t index, const TraceEvent& event) {
        if (live_.contains(event.pfn().raw()))
            throw UserError(trace_.log.place(index), "allocation of a page that the lines before left allocated");
        const std::uint64_t number = script_.allocations_++;
        live_.emplace(event.pfn().raw(), Live{number, event.order});
        free_.erase(event.block());
        push(index, {.kind = TraceOperation::Kind::allocate,
                     .cpu = event.cpu(),
                     .order = event.order,
                     .migratetype = event.migratetype,
                     .zone = zone_of(event),
                     .highest_zone = highest_zones_.at(event.gfp_index()),
                     .is_protected = share_.matches(event),
                     .subject = number});
    }

    void release(std::size_t index, const TraceEvent& event) {
        TraceOperation operation{.kind = TraceOperation::Kind::free_older,
                                 .cpu = event.cpu(),
                                 .order = event.order,
                                 .zone = zone_of(event),
                                 .subject = event.pfn().raw()};
        if (const auto live = live_.find(event.pfn().raw()); live != live_.end()) {
            if (live->second.order != event.order)
                throw UserError(trace_.log.place(index), "free of order " + std::to_string(event.order.index()) +
                                                             ", allocated with order " +
                                                             std::to_string(live->second.order.index()));
            operation.kind = TraceOperation::Kind::free_allocated;
            operation.subject = live->second.number;
            live_.erase(live);
        } else if (free_.contains_any(event.block())) {
            if (event.order != Order{0U}) throw UserError(trace_.log.place(index), "free of a block that is free already");
            operation.kind = TraceOperation::Kind::free_bulk;
        }
        free_.insert(event.block());
        push(index, operation);
    }

    [[nodiscard]] std::uint8_t zone_of(const TraceEvent& event) const {
        return static_cast<std::uint8_t>(trace_.before.zone_of(event.pfn()) - trace_.before.zones.data());
    }

    struct Live {
        std::uint64_t number;
        Order order;
    };
    const KernelTrace& trace_;
    const UnmappedShare& share_;
    TraceScript& script_;
    std::vector<alloc::ZoneKind> highest_zones_;  // by index into the gfp table
    FrameSet free_;
    std::unordered_map<std::uint64_t, Live> live_;  // by first frame; looked up only
};

TraceScript::TraceScript(const KernelTrace& trace, const UnmappedShare& share) {
    Builder builder{trace, share, *this};
    for (std::size_t i = 0; i < trace.log.events.size(); ++i) builder.add(i);
}

}  // namespace splinter::platforms
