#include "platforms/conform/dmap_trace_run.h"

#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"
#include "platforms/conform/dmap_compare.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/direct_map_layout.h"
#include "platforms/workload/kernel_trace.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

bool has_file(const fs::path& path) { return fs::exists(path) || fs::exists(path.string() + ".xz"); }

class DirectMapOfTrace {
  public:
    DirectMapOfTrace(const fs::path& folder, ConformReport& report)
        : folder_{folder},
          report_{report},
          trace_{load_kernel_trace(folder.string())},
          start_{load_direct_map_layout((folder / "dmap0.txt").string())},
          machine_{trace_.before.cpus, start_.runs},
          cpus_(trace_.before.cpus) {}

    void run() {
        for (std::size_t i = 0; i < trace_.log.events.size(); ++i) take(i);
        for (PerCpu& cpu : cpus_) settle(cpu);
        report_.count("direct map/range flushes", unflushed_.empty() ? Verdict::agrees : Verdict::disagrees, [&] {
            return fmt::format("{}: {} pages were taken out and have no K line, the first is {:x}\n", trace_.log.path,
                               unflushed_.size(), unflushed_.begin()->raw());
        });
        const DirectMapLayout end = load_direct_map_layout((folder_ / "dmap1.txt").string());
        compare_leaves(report_, "direct map/leaves at the end", end.path, end.runs, machine_.leaves());
        if (has_file(folder_ / "dmap_check.json")) compare_totals();
    }

  private:
    // A change on a CPU, whose splits' T lines follow on that CPU.
    struct PerCpu {
        std::optional<std::size_t> change;  // event
        std::uint64_t splits = 0;
        std::uint64_t flushes = 0;
    };

    void take(std::size_t index) {
        const TraceEvent& event = trace_.log.events[index];
        PerCpu& cpu = cpus_[event.cpu().index()];
        switch (event.kind) {
            case TraceEventKind::invalidate:
                unflushed_.insert(event.pfn());
                return change(cpu, index, alloc::Mapping::unmapped);
            case TraceEventKind::restore:
                return change(cpu, index, alloc::Mapping::mapped);
            case TraceEventKind::flush_all:
                ++cpu.flushes;
                return;
            case TraceEventKind::flush_range:
                return compare_range(index);
            default:
                return;
        }
    }
    void change(PerCpu& cpu, std::size_t index, alloc::Mapping mapping) {
        settle(cpu);
        const TraceEvent& event = trace_.log.events[index];
        const DmapCounts before = machine_.counts();
        const auto outcome = machine_.direct_map().set_mapping(machine_.cpu(event.cpu()), {event.pfn(), PageCount{1}}, mapping);
        SPLINTER_CHECK(outcome == alloc::DirectMap::Outcome::done, "this machine is never short of page-table pages");
        const DmapCounts made = machine_.counts().since(before);
        cpu.change = index;
        cpu.splits = made.level2_splits + made.level3_splits;
    }
    // All T lines of the change have been seen.
    void settle(PerCpu& cpu) {
        if (cpu.change) {
            const bool same = cpu.splits == cpu.flushes;
            report_.count("direct map/splits of a change", same ? Verdict::agrees : Verdict::disagrees, [&] {
                return fmt::format("{}: page {:x}\n  recorded: {} splits (T lines after it)\n  model:    {}\n",
                                   trace_.log.place(*cpu.change), trace_.log.events[*cpu.change].pfn().raw(), cpu.flushes,
                                   cpu.splits);
            });
        }
        cpu.change.reset();
        cpu.flushes = 0;
    }
    // secretmem_fault() flushes the page that it has taken out, and that alone. It may run on another CPU by then.
    void compare_range(std::size_t index) {
        const TraceEvent& event = trace_.log.events[index];
        const VirtAddr end = alloc::layout::direct_map(start_.end());
        if (event.flush_start() < alloc::layout::kDirectMap || event.flush_start() >= end) {
            ++other_flushes_;  // vmalloc's for instance
            return;
        }
        const Pfn page = pfn_of(PhysAddr{event.flush_start() - alloc::layout::kDirectMap});
        const PageCount pages{(event.flush_end() - event.flush_start()) >> kPageShift};
        machine_.flush().kernel_range(machine_.cpu(event.cpu()), event.flush_start(), pages);
        const bool same = unflushed_.erase(page) == 1 && pages == PageCount{1};
        report_.count("direct map/range flushes", same ? Verdict::agrees : Verdict::disagrees, [&] {
            return fmt::format(
                "{}: flush_tlb_kernel_range\n  recorded: {} pages from {:x}\n  model:    1 page that was taken out\n",
                trace_.log.place(index), pages.raw(), page.raw());
        });
    }

    void compare_totals() {
        const std::string path = find_text_file((folder_ / "dmap_check.json").string());
        const auto json = nlohmann::json::parse(read_text_file(path), nullptr, false);
        const DmapCounts counts = machine_.counts();
        const std::pair<const char*, std::uint64_t> kTotals[] = {
            {"/invalidated", trace_.log.count(TraceEventKind::invalidate)},
            {"/restored", trace_.log.count(TraceEventKind::restore)},
            {"/level2_splits/linux", counts.level2_splits},
            {"/level3_splits/linux", counts.level3_splits},
            {"/flush_tlb_all_calls", counts.flush_tlb_all_calls},
            {"/flush_tlb_kernel_range_calls", counts.flush_tlb_kernel_range_calls + other_flushes_},
        };
        for (const auto& [pointer, model] : kTotals) {
            const nlohmann::json::json_pointer at{pointer};
            if (!json.is_object() || !json.contains(at) || !json.at(at).is_number_unsigned())
                throw UserError(path, fmt::format("found no number {}, which the totals of a trace must have", pointer));
            const auto recorded = json.at(at).get<std::uint64_t>();
            report_.count("direct map/totals", recorded == model ? Verdict::agrees : Verdict::disagrees, [&] {
                return fmt::format("{}: {}\n  recorded: {}\n  model:    {}\n", path, pointer, recorded, model);
            });
        }
    }

    fs::path folder_;
    ConformReport& report_;
    KernelTrace trace_;
    DirectMapLayout start_;
    DmapMachine machine_;
    std::vector<PerCpu> cpus_;
    std::set<Pfn> unflushed_;  // taken out, no K line yet
    std::uint64_t other_flushes_ = 0;
};

}  // namespace

void run_direct_map_of_trace(const std::string& directory, ConformReport& report) {
    if (has_file(fs::path{directory} / "dmap0.txt")) DirectMapOfTrace{directory, report}.run();
}

}  // namespace splinter::platforms
