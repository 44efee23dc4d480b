#include "platforms/workload/user_trace_script.h"

#include <algorithm>
#include <map>

#include "platforms/workload/gfp_text.h"

namespace splinter::platforms {

namespace {

class ScriptBuilder {
  public:
    ScriptBuilder(const UserTrace& trace, const UnmappedShare& share, const std::vector<std::string>& zones)
        : trace_{trace}, share_{share}, zones_{zones} {
        for (const std::string& text : trace.log.gfp) gfp_.push_back(read_gfp(text));
    }

    UserTraceScript build() {
        for (std::size_t i = 0; i < trace_.log.events.size(); ++i) {
            const TraceEvent& event = trace_.log.events[i];
            event_ = i;
            if (event.kind == TraceEventKind::allocate) allocate(event);
            if (event.kind == TraceEventKind::free) release(event);
        }
        return {TraceScript{std::move(operations_), allocations_}, unknown_frees_, unknown_pages_, missing_frees_};
    }

  private:
    // A piece of an allocation that is still held, by its first frame in the recording.
    struct Piece {
        std::uint64_t number;
        PageCount offset;
        Order order;
    };
    using Pieces = std::map<std::uint64_t, Piece>;

    void push(TraceOperation operation) {
        operation.event = event_;
        operations_.push_back(operation);
    }

    void allocate(const TraceEvent& event) {
        for (auto at = overlapping(event.block()); at != live_.end() && at->first < event.block().end().raw();) {
            ++missing_frees_;
            at = free_piece(event.cpu(), at);
        }
        const GfpMeaning& gfp = gfp_[event.gfp_index()];
        const std::uint64_t number = allocations_++;
        live_.emplace(event.pfn().raw(), Piece{number, PageCount{0}, event.order});
        push({.kind = TraceOperation::Kind::allocate,
              .cpu = event.cpu(),
              .order = event.order,
              .migratetype = event.migratetype,
              .highest_zone = known(gfp.highest_zone),
              .blocking = gfp.blocking,
              .is_protected = share_.matches(event),
              .subject = number});
    }

    void release(const TraceEvent& event) {
        const PfnRange block = event.block();
        split_down_to(block);
        std::uint64_t known = 0;
        for (auto at = overlapping(block); at != live_.end() && at->first < block.end().raw();) {
            known += at->second.order.pages().raw();
            at = free_piece(event.cpu(), at);
        }
        if (known == block.count.raw()) return;
        ++unknown_frees_;
        unknown_pages_ += block.count.raw() - known;
    }

    // Splits the held piece that `block` is a part of, so that the part is a piece of its own.
    void split_down_to(PfnRange block) {
        auto at = overlapping(block);
        if (at == live_.end()) return;
        while (at->second.order.pages() > block.count) {
            const Order half = at->second.order.prev();
            const Piece upper{at->second.number, at->second.offset + half.pages(), half};
            at->second.order = half;
            const std::uint64_t middle = at->first + half.pages().raw();
            const auto other = live_.emplace(middle, upper).first;
            if (block.first.raw() >= middle) at = other;
        }
    }

    // The first held piece that ends behind the start of `block`; it may begin behind its end.
    Pieces::iterator overlapping(PfnRange block) {
        auto at = live_.upper_bound(block.first.raw());
        if (at == live_.begin()) return at;
        const auto before = std::prev(at);
        return before->first + before->second.order.pages().raw() > block.first.raw() ? before : at;
    }

    Pieces::iterator free_piece(CpuId cpu, Pieces::iterator at) {
        push({.kind = TraceOperation::Kind::free_allocated,
              .cpu = cpu,
              .order = at->second.order,
              .offset = at->second.offset,
              .subject = at->second.number});
        return live_.erase(at);
    }

    // A machine without any zone so low has no such limit (OPT_ZONE_DMA, OPT_ZONE_DMA32).
    [[nodiscard]] alloc::ZoneKind known(alloc::ZoneKind highest) const {
        const auto has = [this](const char* name) { return std::find(zones_.begin(), zones_.end(), name) != zones_.end(); };
        if (has("DMA") || (has("DMA32") && highest >= alloc::ZoneKind::dma32)) return highest;
        return alloc::ZoneKind::movable;
    }

    const UserTrace& trace_;
    const UnmappedShare& share_;
    const std::vector<std::string>& zones_;
    std::vector<GfpMeaning> gfp_;  // by index into the gfp table
    std::vector<TraceOperation> operations_;
    std::uint64_t allocations_ = 0;
    Pieces live_;
    std::size_t event_ = 0;
    std::uint64_t unknown_frees_ = 0;
    std::uint64_t unknown_pages_ = 0;
    std::uint64_t missing_frees_ = 0;
};

}  // namespace

UserTraceScript make_user_script(const UserTrace& trace, const UnmappedShare& share, const std::vector<std::string>& zones) {
    return ScriptBuilder{trace, share, zones}.build();
}

}  // namespace splinter::platforms
