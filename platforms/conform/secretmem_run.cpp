#include "platforms/conform/secretmem_run.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "platforms/conform/dmap_compare.h"

namespace splinter::platforms {

namespace {

using alloc::DirectMapRun;
using x86::PageSize;

constexpr std::array<std::string_view, 4> kQuietPhases{"null300ms", "touch_again", "munmap", "null"};

// What the rows of one run need: leaves of each size to choose pages from.
struct Demand {
    std::uint64_t pages = 0;  // in one fault phase, at most
    std::uint64_t large = 0;  // splits of 2 MiB leaves, all phases
    std::uint64_t giant = 0;  // and of 1 GiB leaves
};

std::uint64_t count_in(const CsvReader& table, std::string_view column, std::int64_t most) {
    const std::int64_t value = table.number(column);
    if (value < 0 || value > most) table.fail(column, fmt::format("a number, 0 to {},", most));
    return static_cast<std::uint64_t>(value);
}

// 4 KiB leaves, then 2 MiB leaves, then 1 GiB leaves, enough of each.
std::vector<DirectMapRun> leaves_for(const Demand& demand) {
    std::vector<DirectMapRun> runs;
    Pfn at{0};
    const std::pair<PageSize, std::uint64_t> kParts[] = {
        {PageSize::k4, demand.pages}, {PageSize::m2, demand.large}, {PageSize::g1, demand.giant}};
    for (const auto& [size, leaves] : kParts) {
        if (leaves == 0) continue;
        const PageCount count{leaves * x86::leaf_level(size).pages().raw()};
        const std::uint64_t giant = x86::kPdpte.pages().raw();
        runs.push_back({{at, count}, size, alloc::kKernelLeaf});
        at = Pfn{((at + count).raw() + giant - 1) / giant * giant};
    }
    return runs;
}

class SecretmemRun {
  public:
    SecretmemRun(const std::string& path, const CsvReader& table, const Demand& demand, ConformReport& report)
        : path_{path},
          table_{table},
          report_{report},
          name_{table.text("run")},
          cpus_{online_cpus(table)},
          gbpages_{has_gbpages(table)},
          leaves_{leaves_for(demand)},
          machine_{cpus_, leaves_} {
        (void)kernel_version(table);
        for (const DirectMapRun& run : leaves_) next_[static_cast<std::size_t>(run.leaf)] = run.frames.first;
        for (std::uint64_t i = 0; i < demand.pages; ++i) small_.push_back(Pfn{demand.pages - 1 - i});
    }
    [[nodiscard]] const std::string& name() const { return name_; }

    void take_row() {
        if (online_cpus(table_) != cpus_) table_.fail("smp", fmt::format("the {} CPUs of the rows before", cpus_));
        const DmapCounts before = machine_.counts();
        set_invalid_ = set_default_ = 0;
        const std::string_view phase = table_.text("phase");
        if (phase == "fault")
            fault();
        else if (phase == "close")
            close();
        else if (std::find(kQuietPhases.begin(), kQuietPhases.end(), phase) == kQuietPhases.end())
            table_.fail("phase", "a phase: null300ms, fault, touch_again, munmap or close,");
        compare(machine_.counts().since(before), std::string{phase});
    }

  private:
    // secretmem_fault(), page by page; first the pages that split.
    void fault() {
        const std::uint64_t pages = count_in(table_, "pages", 1 << 24);
        const std::uint64_t giant = count_in(table_, "level3_splits", 1 << 20);
        const std::uint64_t large = count_in(table_, "level2_splits", 1 << 24);
        if (giant > 0 && !gbpages_) table_.fail("level3_splits", "0, since gbpages is 0,");
        if (large < giant || pages < large)
            table_.fail("level2_splits", "at least one for each split of level 3, and at most one for each page,");
        for (std::uint64_t i = 0; i < pages; ++i) {
            if (i < giant)
                fault(take_from(PageSize::g1));
            else if (i < large)
                fault(take_from(PageSize::m2));
            else
                fault(take_small());
        }
    }
    void fault(Pfn page) {
        set(page, alloc::Mapping::unmapped);
        ++set_invalid_;
        machine_.flush().kernel_range(machine_.cpu(), alloc::layout::direct_map(page), PageCount{1});
        in_use_.push_back(page);
    }
    // secretmem_free_folio(): no flush.
    void close() {
        for (Pfn page : in_use_) {
            set(page, alloc::Mapping::mapped);
            ++set_default_;
            small_.push_back(page);
        }
        in_use_.clear();
    }
    void set(Pfn page, alloc::Mapping mapping) {
        const auto outcome = machine_.direct_map().set_mapping(machine_.cpu(), {page, PageCount{1}}, mapping);
        SPLINTER_CHECK(outcome == alloc::DirectMap::Outcome::done, "this machine is never short of page-table pages");
    }
    Pfn take_from(PageSize size) {
        Pfn& next = next_[static_cast<std::size_t>(size)];
        const Pfn page = next;
        next += x86::leaf_level(size).pages();
        return page;
    }
    Pfn take_small() {
        SPLINTER_CHECK(!small_.empty(), "the 4 KiB leaves are as many as a phase has pages");
        const Pfn page = small_.back();
        small_.pop_back();
        return page;
    }

    void compare(const DmapCounts& model, const std::string& phase) {
        DmapRow row{table_};
        row.splits(model);
        row.flushes(model);
        row.interrupts(model, cpus_, PageCount{count_in(table_, "pages", 1 << 24)});
        row.exact("set_direct_map_invalid", static_cast<std::int64_t>(set_invalid_));
        row.exact("set_direct_map_default", static_cast<std::int64_t>(set_default_));
        row.count(report_, "secretmem/" + phase, path_,
                  fmt::format("{}, rep {}, {} of {} pages", name_, table_.text("rep"), phase, table_.text("pages")));
    }

    const std::string& path_;
    const CsvReader& table_;
    ConformReport& report_;
    std::string name_;
    std::size_t cpus_;
    bool gbpages_;
    std::vector<DirectMapRun> leaves_;
    DmapMachine machine_;
    std::array<Pfn, 3> next_{};  // by leaf size: the next leaf that nobody has split
    std::vector<Pfn> small_;     // free pages in 4 KiB leaves
    std::vector<Pfn> in_use_;
    std::uint64_t set_invalid_ = 0;
    std::uint64_t set_default_ = 0;
};

// By the run's name.
std::map<std::string, Demand, std::less<>> demands(const std::string& path, std::string_view text) {
    std::map<std::string, Demand, std::less<>> all;
    CsvReader table{path, text};
    while (table.next_row()) {
        if (table.text("phase") != "fault") continue;
        Demand& demand = all[std::string{table.text("run")}];
        demand.pages = std::max(demand.pages, count_in(table, "pages", 1 << 24));
        demand.large += count_in(table, "level2_splits", 1 << 24);
        demand.giant += count_in(table, "level3_splits", 1 << 20);
    }
    return all;
}

}  // namespace

void run_secretmem(const std::string& path, std::string_view text, const hw::MachineParams&, ConformReport& report) {
    const auto needed = demands(path, text);
    CsvReader table{path, text};
    std::unique_ptr<SecretmemRun> run;
    while (table.next_row()) {
        if (!run || run->name() != table.text("run")) {
            const auto demand = needed.find(table.text("run"));
            run =
                std::make_unique<SecretmemRun>(path, table, demand == needed.end() ? Demand{1, 0, 0} : demand->second, report);
        }
        run->take_row();
    }
}

}  // namespace splinter::platforms
