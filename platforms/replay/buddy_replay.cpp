#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "alloc/buddy/pcp.h"
#include "platforms/build/zone_plan.h"
#include "platforms/replay/level_replay.h"
#include "platforms/replay/modelled_zones.h"
#include "platforms/replay/trace_recorder.h"
#include "platforms/replay/trace_schedule.h"

namespace splinter::platforms {
namespace {

using alloc::BuddyWork;
using alloc::Fragmenting;
using alloc::FreeType;
using alloc::Mapping;
using alloc::Migratetype;
using alloc::TakeMode;
using alloc::Zone;
using Kind = TraceEventKind;

class BuddyReplay {
  public:
    explicit BuddyReplay(const KernelTrace& trace)
        : trace_{trace},
          rules_{*alloc::find_kernel_rules(trace.before.kernel)},
          frames_{frames_of(trace.before)},
          zones_{plan_zones(trace.before, frames_, rules_)},
          recorder_{trace.log, report_},
          contended_{find_contended_frees(trace)},
          next_{next_on_cpu(trace.log)} {
        for (Zone& zone : zones_) zone.set_tracepoints(&recorder_);
        if (rules_.drained_type == alloc::DrainedType::remembered) remember_lists();
    }

    LevelReport run() {
        for (std::size_t i = 0; i < trace_.log.events.size(); ++i) perform(i);
        for (std::size_t i = 0; i < zones_.size(); ++i) compare_zone(zones_[i], trace_.after.zones[i], report_);
        return report_;
    }

  private:
    // Takes of one CPU that follow each other directly: one refill, which remembers how far it had to go.
    struct Series {
        std::size_t next = 0;  // event that would continue it
        Order order;
        std::uint8_t migratetype = 0;
        TakeMode mode = TakeMode::normal;
        std::vector<std::size_t> fallbacks;  // X lines that wait for their L line (6.1)
    };

    void perform(std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        switch (event.kind) {
            case Kind::take:
                return take_line(i);
            case Kind::fallback:
                return fallback_line(i);
            case Kind::put_back:
                check_drained_type(i);
                return put(i, event.order, static_cast<Migratetype>(event.migratetype));
            case Kind::free:
                if (contended_[i]) report_.recognise(Exception::contended_free);
                if (contended_[i] || !alloc::PerCpuPages::serves(event.order)) return put(i, event.order, std::nullopt);
                listed_types_[event.pfn()] = zone_of(event.pfn()).pageblock_freetype(event.pfn()).migratetype;
                return;
            default:
                return;
        }
    }

    void remember_lists() {
        for (std::size_t z = 0; z < zones_.size(); ++z)
            for (const SnapshotPcp& pcp : trace_.before.zones[z].pcp)
                for (const SnapshotPcpList& list : pcp.lists)
                    for (Pfn block : list.blocks) listed_types_[block] = remembered_type(zones_[z], list.pindex, block);
    }

    // 6.1 remembers what a block was taken for or what its pageblock was when it was freed, 6.12 looks at the pageblock.
    void check_drained_type(std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        Migratetype type = zone_of(event.pfn()).pageblock_freetype(event.pfn()).migratetype;
        const auto listed = listed_types_.find(event.pfn());
        if (rules_.drained_type == alloc::DrainedType::remembered && listed != listed_types_.end()) type = listed->second;
        report_.count(Predicted::drain, type == static_cast<Migratetype>(event.migratetype), [&] {
            return fmt::format("{}: block {:x} goes back as migratetype {} in the kernel, as {} in the model",
                               trace_.log.place(i), event.pfn().raw(), event.migratetype, static_cast<unsigned>(type));
        });
    }

    void take_line(std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        Series& series = series_[event.cpu_number];
        listed_types_[event.pfn()] = static_cast<Migratetype>(event.migratetype);
        std::vector<std::size_t> lines = std::exchange(series.fallbacks, {});
        lines.push_back(i);
        const std::size_t next = next_[i];
        // 6.12 serves a claim of part of a pageblock from the list first, then reports the fallback.
        if (rules_.fallback_trace == alloc::FallbackTrace::after_the_take && next < next_.size() &&
            trace_.log.events[next].kind == Kind::fallback && trace_.log.events[next].pfn() == event.pfn()) {
            lines.push_back(next);
            reported_.insert(next);
        }
        take(i, lines);
    }

    void fallback_line(std::size_t i) {
        if (rules_.fallback_trace == alloc::FallbackTrace::before_the_take)
            return series_[trace_.log.events[i].cpu_number].fallbacks.push_back(i);
        if (reported_.erase(i) == 0) take(i, {i});
    }

    void take(std::size_t i, const std::vector<std::size_t>& lines) {
        const TraceEvent& event = trace_.log.events[i];
        Series& series = series_[event.cpu_number];
        const bool continues = series.next == i && series.order == event.order && series.migratetype == event.migratetype;
        if (!continues) series.mode = TakeMode::normal;
        series.order = event.order;
        series.migratetype = event.migratetype;
        series.next = next_[lines.back()];
        Zone& zone = zone_of(event.pfn());
        recorder_.expect(lines, {});
        const auto block = take_block(zone, event, series.mode);
        recorder_.settle();
        if (block == event.pfn()) return;
        BuddyWork work;  // back in step: what the kernel took is gone, what the model took is free
        if (block) zone.free_block(*block, event.order, zone.pageblock_freetype(*block), work);
        take_out(zone, event.pfn(), event.order);
    }

    // Two passes over the zonelist, the first of which avoids fragmenting if the zonelist begins with ZONE_NORMAL.
    std::optional<Pfn> take_block(Zone& zone, const TraceEvent& event, TakeMode& mode) {
        const FreeType type{static_cast<Migratetype>(event.migratetype), Mapping::mapped};
        BuddyWork work;
        if (type.migratetype == Migratetype::highatomic) return zone.take_smallest(event.order, type, work);
        if (zones_.back().layout().kind == alloc::ZoneKind::normal)
            if (const auto block = alloc::take_block(zone, event.order, type, mode, work, Fragmenting::avoided)) return block;
        return alloc::take_block(zone, event.order, type, mode, work, Fragmenting::allowed);
    }

    void put(std::size_t i, Order order, std::optional<Migratetype> type) {
        const TraceEvent& event = trace_.log.events[i];
        Zone& zone = zone_of(event.pfn());
        if (overlaps_free(zone, event.pfn(), order)) {
            report_.count(Predicted::drain, false, [&] {
                return fmt::format("{}: block {:x} is free in the model already", trace_.log.place(i), event.pfn().raw());
            });
            return;
        }
        BuddyWork work;
        if (type)
            zone.free_block(event.pfn(), order, {*type, Mapping::mapped}, work);
        else
            zone.free_directly(event.pfn(), order, work);
    }

    Zone& zone_of(Pfn pfn) {
        return *std::find_if(zones_.begin(), zones_.end(), [pfn](const Zone& zone) { return zone.contains(pfn); });
    }

    const KernelTrace& trace_;
    const alloc::KernelRules& rules_;
    alloc::FrameTable frames_;
    std::vector<Zone> zones_;
    LevelReport report_{ReplayLevel::buddy};
    TraceRecorder recorder_;
    std::vector<bool> contended_;
    std::vector<std::size_t> next_;
    std::map<std::uint16_t, Series> series_;
    std::map<Pfn, Migratetype> listed_types_;  // of blocks that may be on per-CPU lists (6.1)
    std::set<std::size_t> reported_;           // X lines that went with the L line before them (6.12)
};

}  // namespace

LevelReport replay_buddy(const KernelTrace& trace) { return BuddyReplay{trace}.run(); }

}  // namespace splinter::platforms
