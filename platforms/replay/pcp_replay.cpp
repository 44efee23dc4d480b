#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "alloc/buddy/watermark.h"
#include "platforms/build/zone_plan.h"
#include "platforms/replay/level_replay.h"
#include "platforms/replay/modelled_zones.h"
#include "platforms/replay/trace_recorder.h"
#include "platforms/replay/trace_schedule.h"
#include "platforms/replay/untimed_cpu.h"
#include "platforms/workload/gfp_text.h"

namespace splinter::platforms {
namespace {

using alloc::FreeType;
using alloc::Mapping;
using alloc::Migratetype;
using alloc::PageAllocator;
using alloc::PerCpuPages;
using alloc::Zone;
using alloc::ZoneFill;

class PcpReplay {
  public:
    explicit PcpReplay(const KernelTrace& trace)
        : trace_{trace},
          frames_{frames_of(trace.before)},
          pages_{frames_, plan_zones(trace.before, frames_, *alloc::find_kernel_rules(trace.before.kernel)), trace.before.cpus,
                 alloc::PcpState{}, alloc::layout::KernelData{VirtAddr{0}}},
          recorder_{trace.log, report_} {
        load_pcp_lists(trace.before, pages_, frames_, trace.before.cpus);
        for (Zone& zone : pages_.zones()) zone.set_tracepoints(&recorder_);
        for (std::uint32_t i = 0; i < trace.before.cpus; ++i) cpus_.emplace_back(CpuId{i}, trace.before.cpus);
    }

    LevelReport run() {
        const TraceSchedule schedule = schedule_trace(trace_, find_contended_frees(trace_));
        for (const TraceStep& step : schedule.steps) {
            note_fill();
            recorder_.expect(step.takes, step.drains);
            perform(step);
            note_fill();
            recorder_.excuse_drains(step.kind == TraceStep::Kind::free_series && drains_below_high(step));
            recorder_.settle();
            for (const Mismatch& mismatch : mismatches_) bring_back_in_step(step, mismatch);
            mismatches_.clear();
        }
        for (UntimedCpu& cpu : cpus_) free_held(cpu);
        recorder_.expect(schedule.unanswered, {});
        recorder_.settle();
        for (std::size_t z = 0; z < pages_.zones().size(); ++z) {
            const SnapshotZone& recorded = trace_.after.zones[z];
            const Zone& zone = pages_.zones()[z];
            compare_zone(zone, recorded, report_);
            compare_reserve(zone, recorded, report_);
            const Limits limits = limits_of(z);
            for (const SnapshotPcp& pcp : recorded.pcp) compare_pcp(zone, pages_.pcp(zone, pcp.cpu), pcp, limits, report_);
        }
        return report_;
    }

  private:
    struct Mismatch {
        Pfn expected;
        std::optional<Pfn> got;
        Order order;
        Migratetype type;
    };

    void perform(const TraceStep& step) {
        UntimedCpu& cpu = cpus_[step.cpu.index()];
        if (step.kind != TraceStep::Kind::free_series) free_held(cpu);
        switch (step.kind) {
            case TraceStep::Kind::allocate:
                return allocate(cpu, step.events.front());
            case TraceStep::Kind::allocate_reserve: {
                alloc::BuddyWork work;
                const TraceEvent& event = trace_.log.events[step.events.front()];
                return check(
                    step.events.front(),
                    pages_.zone_of(event.pfn()).take_smallest(event.order, {Migratetype::highatomic, Mapping::mapped}, work));
            }
            case TraceStep::Kind::bulk:
                return allocate_bulk(cpu, step);
            case TraceStep::Kind::free_series:
                return free_series(cpu, step);
            case TraceStep::Kind::free_directly:
                return free_directly(cpu, step.events.front());
        }
    }

    void allocate(UntimedCpu& cpu, std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        const FreeType type{static_cast<Migratetype>(event.migratetype), Mapping::mapped};
        const GfpReserves gfp = gfp_reserves(trace_.log.gfp.at(event.gfp_index()));
        check(i, pages_.alloc_pages(cpu, {.order = event.order,
                                          .freetype = type,
                                          .blocking = gfp.blocking,
                                          .only_zone = pages_.zone_of(event.pfn()).layout().index,
                                          .reserves = gfp.reserves,
                                          .highest_zone = gfp.highest_zone}));
    }

    void check(std::size_t i, std::optional<Pfn> got) {
        const TraceEvent& event = trace_.log.events[i];
        report_.count(Predicted::allocation, got == event.pfn(), [&] {
            return fmt::format("{}: the kernel has block {:x}, the model has {}", trace_.log.place(i), event.pfn().raw(),
                               got ? fmt::format("block {:x}", got->raw()) : "nothing");
        });
        if (got != event.pfn())
            mismatches_.push_back({event.pfn(), got, event.order, static_cast<Migratetype>(event.migratetype)});
    }

    // The highest zone; no line tells which pages they are.
    void allocate_bulk(UntimedCpu& cpu, const TraceStep& step) {
        Zone& zone = pages_.zones().back();
        for (std::uint64_t n = 0; n < step.pages; ++n) {
            const auto page = pages_.alloc_bulk_page(cpu, zone, {static_cast<Migratetype>(step.migratetype), Mapping::mapped});
            if (!page) return;
            report_.recognise(Exception::bulk_page);
        }
    }

    // The lines of a batch of frees (free_unref_page_list(), free_unref_folios()) come before its first block is listed. An
    // interrupt in between may free a block of an order that empties the lists: then what the kernel drains tells which frees
    // came too late.
    void free_series(UntimedCpu& cpu, const TraceStep& step) {
        std::vector<std::size_t> events = std::exchange(held_[cpu.id().index()], {});
        events.insert(events.end(), step.events.begin(), step.events.end());
        if (events.empty()) return;
        const std::size_t last = events.back();
        events.pop_back();
        const std::size_t listed = may_overtake(last, step) ? events.size() - too_late(events, last, step) : events.size();
        for (std::size_t i = 0; i < listed; ++i) free_or_decay(cpu, events[i]);
        events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(listed));
        if (!events.empty() && empties_lists(cpu, last)) {
            for (std::size_t event : events)
                if (event >= step.events.front()) report_.recognise(Exception::overtaken_free);  // not held from before
            held_[cpu.id().index()] = std::exchange(events, {});
        }
        for (std::size_t event : events) free_or_decay(cpu, event);
        free_or_decay(cpu, last);
    }

    // Frees at the end of the series, in the zone of `last`, whose blocks the step did not drain.
    std::size_t too_late(const std::vector<std::size_t>& events, std::size_t last, const TraceStep& step) {
        const Zone& zone = pages_.zone_of(trace_.log.events[last].pfn());
        std::set<Pfn> drained;
        for (std::size_t line : step.drains) drained.insert(trace_.log.events[line].pfn());
        const auto listed = std::find_if(events.rbegin(), events.rend(), [&](std::size_t event) {
            const TraceEvent& line = trace_.log.events[event];
            return line.kind == TraceEventKind::decay || !zone.contains(line.pfn()) || drained.contains(line.pfn());
        });
        return static_cast<std::size_t>(listed - events.rbegin());
    }

    bool may_overtake(std::size_t i, const TraceStep& step) const {
        const TraceEvent& event = trace_.log.events[i];
        return !step.drains.empty() && event.kind == TraceEventKind::free && event.order > Order{0U} &&
               std::any_of(step.drains.begin(), step.drains.end(),
                           [&](std::size_t line) { return trace_.log.events[line].pfn() == event.pfn(); });
    }

    bool empties_lists(const UntimedCpu& cpu, std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        const Zone& zone = pages_.zone_of(event.pfn());
        return zone.rules().pcp_rules.frees_high(pages_.pcp(zone, cpu.id()).state(), event.order);
    }

    void free_held(UntimedCpu& cpu) {
        for (std::size_t event : std::exchange(held_[cpu.id().index()], {})) free_or_decay(cpu, event);
    }

    void free_or_decay(UntimedCpu& cpu, std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        if (event.kind == TraceEventKind::decay) return pages_.decay(cpu, zone_numbered(event.zone_index()));
        if (can_be_freed(i)) pages_.free_pages(cpu, event.pfn(), event.order);
    }

    void free_directly(UntimedCpu& cpu, std::size_t i) {
        const TraceEvent& event = trace_.log.events[i];
        if (PerCpuPages::serves(event.order)) report_.recognise(Exception::contended_free);
        if (can_be_freed(i)) pages_.free_to_buddy(cpu, event.pfn(), event.order);
    }

    // After a difference the model may believe a block free that the kernel frees.
    bool can_be_freed(std::size_t i) {
        const Pfn block = trace_.log.events[i].pfn();
        const bool is_free = overlaps_free(pages_.zone_of(block), block, trace_.log.events[i].order);
        if (is_free)
            report_.count(Predicted::drain, false, [&] {
                return fmt::format("{}: block {:x} is free in the model already", trace_.log.place(i), block.raw());
            });
        return !is_free;
    }

    // What the model handed out goes back to the hot end of its list, or to the buddy; what the kernel handed out leaves
    // wherever it is.
    void bring_back_in_step(const TraceStep& step, const Mismatch& mismatch) {
        if (mismatch.got) {
            Zone& zone = pages_.zone_of(*mismatch.got);
            if (PerCpuPages::serves(mismatch.order)) {
                const std::size_t list = PerCpuPages::list_index(mismatch.order, mismatch.type);
                pages_.pcp(zone, step.cpu).push(frames_, list, *mismatch.got, mismatch.type);
            } else {
                alloc::BuddyWork work;
                zone.free_directly(*mismatch.got, mismatch.order, work);
            }
        }
        Zone& zone = pages_.zone_of(mismatch.expected);
        if (frames_.state(mismatch.expected).on_pcp())
            take_off_pcp(zone, mismatch.expected);
        else
            take_out(zone, mismatch.expected, mismatch.order);
    }

    void take_off_pcp(Zone& zone, Pfn block) {
        for (const UntimedCpu& cpu : cpus_) {
            PerCpuPages& lists = pages_.pcp(zone, cpu.id());
            for (std::size_t list = 0; list < lists.lists().size(); ++list)
                for (auto at = lists.lists()[list].front(); at; at = frames_.next(*at))
                    if (*at == block) return lists.remove(frames_, list, block);
        }
    }

    // A request that failed leaves no line and marks the zone all the same, if no free block is of its order: the largest that
    // tasks ask for is that of a huge page.
    bool drains_below_high(const TraceStep& step) {
        if (alloc::find_kernel_rules(trace_.before.kernel) != &alloc::kLinux6_12) return false;  // 6.1 has no such flag
        return std::any_of(step.drains.begin(), step.drains.end(),
                           [&](std::size_t line) { return may_be_below_high(pages_.zone_of(trace_.log.events[line].pfn())); });
    }

    static bool may_be_below_high(const Zone& zone) {
        const PageCount mark = zone.layout().watermark_high;
        return zone.fill() == ZoneFill::below_high ||
               (mark > PageCount{0} && !alloc::watermark_ok(zone, alloc::kPageblockOrder, mark, alloc::AllocFlags{}));
    }

    // The vmstat worker decays all CPUs' limits every second; a trace that never says so was recorded without that line.
    Limits limits_of(std::size_t zone) const {
        if (alloc::find_kernel_rules(trace_.before.kernel) != &alloc::kLinux6_12) return Limits::predicted;
        if (was_below_high_[zone]) return Limits::floated;
        return trace_.log.count(TraceEventKind::decay) == 0 ? Limits::may_have_sunk : Limits::predicted;
    }

    void note_fill() {
        if (alloc::find_kernel_rules(trace_.before.kernel) != &alloc::kLinux6_12) return;
        for (std::size_t z = 0; z < pages_.zones().size(); ++z)
            if (!was_below_high_[z]) was_below_high_[z] = may_be_below_high(pages_.zones()[z]);
    }

    Zone& zone_numbered(unsigned index) {
        for (std::size_t z = 0; z < trace_.before.zones.size(); ++z)
            if (trace_.before.zones[z].index == index) return pages_.zones()[z];
        SPLINTER_CHECK(false, "a trace that was loaded names zones of its snapshot only");
    }

    const KernelTrace& trace_;
    alloc::FrameTable frames_;
    PageAllocator pages_;
    LevelReport report_{ReplayLevel::pcp};
    TraceRecorder recorder_;
    std::vector<UntimedCpu> cpus_;
    std::vector<std::vector<std::size_t>> held_ =
        std::vector<std::vector<std::size_t>>(trace_.before.cpus);  // by CPU: frees that were overtaken
    std::vector<Mismatch> mismatches_;
    std::vector<bool> was_below_high_ = std::vector<bool>(trace_.before.zones.size(), false);  // at any moment (6.12)
};

}  // namespace

LevelReport replay_pcp(const KernelTrace& trace) { return PcpReplay{trace}.run(); }

}  // namespace splinter::platforms
