#include "platforms/conform/dmap_compare.h"

#include <algorithm>

#include <fmt/format.h>

namespace splinter::platforms {

namespace {

using alloc::DirectMapRun;

constexpr std::int64_t kFewInterrupts = 3;
constexpr std::int64_t kSmallKiB = 4;  // of a 4 KiB leaf
constexpr std::int64_t kLargeKiB = 2 << 10;
constexpr std::int64_t kGiantKiB = 1 << 20;

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string run_text(const DirectMapRun& run) {
    return fmt::format("frames {:x} to {:x}, level {}, flags {:x}", run.frames.first.raw(), run.frames.end().raw(),
                       static_cast<unsigned>(run.leaf) + 1, run.flags);
}

// What the model has between the ends of a recorded run: one run that is the same, or the differences.
std::string leaves_in(const std::vector<DirectMapRun>& model, PfnRange range) {
    std::string out;
    unsigned listed = 0;
    for (const DirectMapRun& run : model) {
        if (run.frames.end() <= range.first || run.frames.first >= range.end()) continue;
        if (++listed > 8) return out + "  ...\n";
        out += "  model:    " + run_text(run) + "\n";
    }
    return out.empty() ? "  model:    nothing\n" : out;
}

DirectMapRun without_processor_bits(DirectMapRun run) {
    run.flags &= ~(x86::Pte::kAccessed | x86::Pte::kDirty);
    return run;
}

// A leaf that set_direct_map_invalid_noflush() and set_direct_map_default_noflush() have been at.
bool was_reset(const DirectMapRun& run) {
    return run.leaf == x86::PageSize::k4 && run.flags == (x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kNoExecute);
}

bool same_leaves(const std::vector<DirectMapRun>& model, const DirectMapRun& run, std::optional<PfnRange> own) {
    const bool outside = own && (run.frames.end() <= own->first || run.frames.first >= own->end());
    Pfn at = run.frames.first;
    for (const DirectMapRun& part : model) {
        if (part.frames.end() <= at) continue;
        if (part.frames.first > at || part.leaf != run.leaf) return false;
        if (part.flags != run.flags && !(outside && was_reset(run))) return false;
        at = part.frames.end();
        if (at >= run.frames.end()) return true;
    }
    return false;
}

}  // namespace

std::string kernel_version(const CsvReader& table) {
    const std::string_view release = table.text("kernel");
    for (const std::string_view version : {"6.12", "6.1"})
        if (release == version || (release.starts_with(version) && release[version.size()] == '.')) return std::string{version};
    table.fail("kernel", "a release of 6.1 or 6.12, whose rules are modelled,");
}

std::size_t online_cpus(const CsvReader& table) {
    const std::int64_t cpus = table.number("smp");
    if (cpus < 1 || cpus > 8192) table.fail("smp", "a number of CPUs, 1 to 8192,");
    return static_cast<std::size_t>(cpus);
}

bool has_gbpages(const CsvReader& table) {
    const std::int64_t flag = table.number("gbpages");
    if (flag != 0 && flag != 1) table.fail("gbpages", "0 or 1");
    return flag == 1;
}

void DmapRow::exact(std::string_view column, std::int64_t model) { within(column, model, 0, 0); }

void DmapRow::within(std::string_view column, std::int64_t model, std::int64_t below, std::int64_t above) {
    const std::int64_t recorded = table_.number(column);
    if (recorded >= model - below && recorded <= model + above) return;
    differences_ += fmt::format("  {}: recorded {}, model {}{}\n", column, recorded, model,
                                below + above == 0 ? "" : fmt::format(", allowed -{} to +{}", below, above));
}

void DmapRow::splits(const DmapCounts& model) {
    exact("level3_splits", number(model.level3_splits));
    exact("level2_splits", number(model.level2_splits));
    exact("DirectMap4k_kB", number(model.level2_splits) * kLargeKiB);
    exact("DirectMap2M_kB", number(model.level3_splits) * kGiantKiB - number(model.level2_splits) * kLargeKiB);
    exact("DirectMap1G_kB", -number(model.level3_splits) * kGiantKiB);
    static_assert(kSmallKiB * x86::kEntriesPerTable == kLargeKiB);
}

void DmapRow::flushes(const DmapCounts& model) {
    exact("flush_tlb_all_calls", number(model.flush_tlb_all_calls));
    exact("flush_tlb_kernel_range_calls", number(model.flush_tlb_kernel_range_calls));
    exact("cpa_flush_calls", number(model.cpa_flush_calls));
    exact("full_flush_cpu_executions", number(model.full_flush_cpu_executions));
    exact("ranged_flush_cpu_executions", number(model.ranged_flush_cpu_executions));
    exact("kernel_invlpg_total", number(model.kernel_invlpg_total));
}

void DmapRow::interrupts(const DmapCounts& model, std::size_t cpus, PageCount pages) {
    const auto few = [](std::uint64_t count) { return std::max(kFewInterrupts, number(count) / 100); };
    within("multi_ipi_sends", number(model.multi_ipi_sends), few(model.multi_ipi_sends), few(model.multi_ipi_sends));
    within("call_function_irqs", number(model.call_function_irqs), few(model.call_function_irqs),
           few(model.call_function_irqs));
    if (cpus > 2) return;
    // What others sent beside runs of four CPUs: up to 5 % (24 beside 513), and without any broadcast 1 per 290 pages.
    for (const auto& [column, count] : {std::pair{"single_ipi_sends", model.single_ipi_sends},
                                        std::pair{"call_function_single_irqs", model.call_function_single_irqs}})
        within(column, number(count), few(count), 8 + number(count / 16) + number(pages.raw() / 256));
}

void DmapRow::count(ConformReport& report, const std::string& category, const std::string& path,
                    const std::string& what) const {
    report.count(category, differences_.empty() ? Verdict::agrees : Verdict::disagrees,
                 [&] { return fmt::format("{}:{}: {}\n{}", path, table_.line_number(), what, differences_); });
}

void compare_leaves(ConformReport& report, const std::string& category, const std::string& path,
                    const std::vector<DirectMapRun>& recorded, const std::vector<DirectMapRun>& model,
                    std::optional<PfnRange> own) {
    PageCount recorded_pages;
    for (const DirectMapRun& run : recorded) {
        recorded_pages += run.frames.count;
        report.count(category, same_leaves(model, without_processor_bits(run), own) ? Verdict::agrees : Verdict::disagrees,
                     [&] {
                         return fmt::format("{}: leaves at the end\n  recorded: {}\n{}", path, run_text(run),
                                            leaves_in(model, run.frames));
                     });
    }
    PageCount pages;
    for (const DirectMapRun& run : model) pages += run.frames.count;
    report.count(category, pages == recorded_pages ? Verdict::agrees : Verdict::disagrees, [&] {
        return fmt::format("{}: pages with an entry at the end\n  recorded: {}\n  model:    {}\n", path, recorded_pages.raw(),
                           pages.raw());
    });
}

}  // namespace splinter::platforms
