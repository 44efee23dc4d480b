#include "platforms/replay/trace_schedule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "alloc/buddy/pcp.h"

namespace splinter::platforms {
namespace {

using alloc::Migratetype;
using alloc::PerCpuPages;
using Kind = TraceEventKind;

constexpr unsigned kGfpMigratetypeShift = 3;  // GFP_MOVABLE_SHIFT

class Builder {
  public:
    Builder(const KernelTrace& trace, const std::vector<bool>& contended) : events_{trace.log.events}, contended_{contended} {}

    TraceSchedule build() {
        for (std::size_t i = 0; i < events_.size(); ++i) add(i);
        for (auto& [number, cpu] : cpus_) {
            close_series(cpu, events_.size());
            for (const Run& run : cpu.runs) unanswered_.insert(unanswered_.end(), run.lines.begin(), run.lines.end());
        }
        std::sort(unanswered_.begin(), unanswered_.end());
        // At the same line a series comes first: it ended because that line came.
        std::stable_sort(steps_.begin(), steps_.end(), [](const TraceStep& a, const TraceStep& b) {
            const auto later = [](const TraceStep& step) { return step.kind == TraceStep::Kind::free_series ? 0 : 1; };
            return std::pair{a.position, later(a)} < std::pair{b.position, later(b)};
        });
        return {std::move(steps_), std::move(unanswered_)};
    }

  private:
    // L and X lines for one order and migratetype that wait for the line that asked for them.
    struct Run {
        Order order;
        std::uint8_t migratetype;
        std::vector<std::size_t> lines;
    };
    struct Bulk {
        std::size_t asked;
        std::uint8_t migratetype;
        std::uint64_t single = 0;  // A lines inside
    };
    struct CpuState {
        std::optional<TraceStep> series;
        std::vector<Run> runs;
        std::optional<Bulk> bulk;
    };

    void add(std::size_t i) {
        const TraceEvent& event = events_[i];
        CpuState& cpu = cpus_[event.cpu_number];
        switch (event.kind) {
            case Kind::free:
                if (contended_[i] || !PerCpuPages::serves(event.order)) return free_directly(cpu, i);
                return add_to_series(cpu, i);
            case Kind::decay:
                return add_to_series(cpu, i);
            case Kind::put_back:
                return drain(cpu, i);
            case Kind::take:
            case Kind::fallback:
                close_series(cpu, i);
                return take(cpu, i);
            case Kind::allocate:
                close_series(cpu, i);
                return allocate(cpu, i);
            case Kind::bulk_enter:
                cpu.bulk = Bulk{i, static_cast<std::uint8_t>(event.gfp_bits() >> kGfpMigratetypeShift & 3)};
                return;
            case Kind::bulk_return:
                close_series(cpu, i);
                return finish_bulk(cpu, i);
            default:
                return;
        }
    }

    TraceStep step(TraceStep::Kind kind, std::size_t i) const {
        TraceStep made;
        made.kind = kind;
        made.cpu = events_[i].cpu();
        made.events = {i};
        made.position = i;
        return made;
    }

    void close_series(CpuState& cpu, std::size_t i) {
        if (!cpu.series) return;
        if (cpu.series->drains.empty()) cpu.series->position = i;
        steps_.push_back(std::move(*cpu.series));
        cpu.series.reset();
    }

    void add_to_series(CpuState& cpu, std::size_t i) {
        if (cpu.series && !cpu.series->drains.empty()) close_series(cpu, i);
        if (cpu.series) {
            cpu.series->events.push_back(i);
            return;
        }
        cpu.series = step(TraceStep::Kind::free_series, i);
    }

    void drain(CpuState& cpu, std::size_t i) {
        if (!cpu.series) {  // nobody asked: a drain of all lists, by reclaim or compaction
            cpu.series = step(TraceStep::Kind::free_series, i);
            cpu.series->events.clear();
        }
        if (cpu.series->drains.empty()) cpu.series->position = i;
        cpu.series->drains.push_back(i);
    }

    void free_directly(CpuState& cpu, std::size_t i) {
        close_series(cpu, i);
        steps_.push_back(step(TraceStep::Kind::free_directly, i));
    }

    void take(CpuState& cpu, std::size_t i) {
        const TraceEvent& event = events_[i];
        const auto run = find_run(cpu, event.order, event.migratetype);
        if (run != cpu.runs.end()) return run->lines.push_back(i);
        cpu.runs.push_back({event.order, event.migratetype, {i}});
    }

    static std::vector<Run>::iterator find_run(CpuState& cpu, Order order, std::uint8_t migratetype) {
        return std::find_if(cpu.runs.begin(), cpu.runs.end(),
                            [&](const Run& run) { return run.order == order && run.migratetype == migratetype; });
    }

    bool answer(CpuState& cpu, TraceStep& made, Order order, std::uint8_t migratetype) {
        const auto run = find_run(cpu, order, migratetype);
        if (run == cpu.runs.end()) return false;
        made.takes = std::move(run->lines);
        made.position = made.takes.front();
        cpu.runs.erase(run);
        return true;
    }

    void allocate(CpuState& cpu, std::size_t i) {
        const TraceEvent& event = events_[i];
        TraceStep made = step(TraceStep::Kind::allocate, i);
        if (cpu.bulk) ++cpu.bulk->single;
        if (!answer(cpu, made, event.order, event.migratetype) &&
            answer(cpu, made, event.order, static_cast<std::uint8_t>(Migratetype::highatomic)))
            made.kind = TraceStep::Kind::allocate_reserve;
        steps_.push_back(std::move(made));
    }

    void finish_bulk(CpuState& cpu, std::size_t i) {
        if (!cpu.bulk) return;  // entered before the trace began
        const std::uint64_t wanted = events_[cpu.bulk->asked].bulk_pages().raw();
        const std::uint64_t returned = std::min(events_[i].bulk_pages().raw(), wanted);
        TraceStep made = step(TraceStep::Kind::bulk, i);
        made.pages = returned - std::min(returned, cpu.bulk->single);
        made.migratetype = cpu.bulk->migratetype;
        cpu.bulk.reset();
        if (made.pages == 0) return;
        answer(cpu, made, Order{0U}, made.migratetype);
        steps_.push_back(std::move(made));
    }

    const std::vector<TraceEvent>& events_;
    const std::vector<bool>& contended_;
    std::map<std::uint16_t, CpuState> cpus_;
    std::vector<TraceStep> steps_;
    std::vector<std::size_t> unanswered_;
};

}  // namespace

TraceSchedule schedule_trace(const KernelTrace& trace, const std::vector<bool>& contended) {
    return Builder{trace, contended}.build();
}

std::vector<bool> find_contended_frees(const KernelTrace& trace) {
    const std::vector<TraceEvent>& events = trace.log.events;
    std::vector<bool> contended(events.size(), false);
    std::unordered_map<std::uint64_t, std::size_t> listed;  // pfn: F line of a block that must be on a per-CPU list
    const auto found_in_buddy = [&](Pfn first, Order order) {
        for (Pfn at = first; at < first + order.pages(); at += PageCount{1}) {
            const auto entry = listed.find(at.raw());
            if (entry == listed.end()) continue;
            contended[entry->second] = true;
            listed.erase(entry);
        }
    };
    for (std::size_t i = 0; i < events.size(); ++i) {
        const TraceEvent& event = events[i];
        if (event.kind == Kind::free && PerCpuPages::serves(event.order)) listed[event.pfn().raw()] = i;
        if (event.kind == Kind::put_back || event.kind == Kind::allocate) listed.erase(event.pfn().raw());
        if (event.kind == Kind::take || event.kind == Kind::fallback) found_in_buddy(event.pfn(), event.order);
    }
    for (const SnapshotZone& zone : trace.after.zones)
        for (const SnapshotFreeList& list : zone.free)
            for (Pfn block : list.blocks) found_in_buddy(block, list.order);
    return contended;
}

std::vector<std::size_t> next_on_cpu(const TraceLog& log) {
    std::vector<std::size_t> next(log.events.size(), log.events.size());
    std::unordered_map<std::uint16_t, std::size_t> latest;
    for (std::size_t i = 0; i < log.events.size(); ++i) {
        const auto [last, is_first] = latest.try_emplace(log.events[i].cpu_number, i);
        if (!is_first) next[std::exchange(last->second, i)] = i;
    }
    return next;
}

}  // namespace splinter::platforms
