#include "platforms/conform/dmap_ops_run.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "alloc/buddy/kernel_rules.h"
#include "hw/base/user_error.h"
#include "platforms/conform/dmap_compare.h"
#include "platforms/workload/direct_map_layout.h"

namespace splinter::platforms {

namespace {

using alloc::DirectMap;

constexpr std::uint64_t kMostPages = x86::kPdpte.pages().raw() * 64;
constexpr std::string_view kRegion = "1G region at pfn ";

enum class Flush : std::uint8_t { none, each_page, range_at_end };

// A command as words, the numbers read when they are asked for.
class Command {
  public:
    explicit Command(const CsvReader& table) : table_{table} {
        const std::string_view text = table.text("cmd");
        for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;) {
            const std::size_t end = std::min(text.find(' ', at), text.size());
            words_.push_back(text.substr(at, end - at));
            at = text.find_first_not_of(' ', end);
        }
        if (words_.empty()) table.fail("cmd", "a command");
    }
    [[nodiscard]] std::string_view name() const { return words_[0]; }
    [[nodiscard]] std::string_view word(std::size_t i) const { return words_[i]; }
    void expect(std::size_t words, const std::string& form) const {
        if (words_.size() != words) table_.fail("cmd", "the command \"" + form + "\"");
    }
    [[nodiscard]] std::uint64_t number(std::size_t i, std::uint64_t max) const {
        std::uint64_t value = 0;
        const std::string_view text = words_[i];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || value > max)
            table_.fail_word("cmd", text, fmt::format("a decimal number, 0 to {},", max));
        return value;
    }

  private:
    const CsvReader& table_;
    std::vector<std::string_view> words_;
};

// The rows of one boot of a recorded kernel.
class DmapRun {
  public:
    DmapRun(const std::string& path, const CsvReader& table, std::size_t cpus, ConformReport& report)
        : path_{path},
          table_{table},
          report_{report},
          name_{table.text("run")},
          version_{kernel_version(table)},
          cpus_{cpus},
          start_{layout("dmap0")},
          end_{layout("dmap1")},
          machine_{cpus_, start_.runs} {
        if (version_ == alloc::kLinux6_1.version) machine_.direct_map().set_not_present(alloc::LeafChange::not_present_6_1());
        const auto is_giant = [](const alloc::DirectMapRun& run) { return run.leaf == x86::PageSize::g1; };
        if (!has_gbpages(table) && std::any_of(start_.runs.begin(), start_.runs.end(), is_giant))
            table.fail("gbpages", "1, since " + start_.path + " has leaves of level 3,");
    }
    [[nodiscard]] const std::string& name() const { return name_; }

    void take_row() {
        if (table_.text("kernel").substr(0, version_.size()) != version_ || kernel_version(table_) != version_)
            table_.fail("kernel", "the release of the rows before");
        if (table_.has("smp") && online_cpus(table_) != cpus_)
            table_.fail("smp", fmt::format("the {} CPUs of the rows before", cpus_));
        const Command command{table_};
        const std::string_view name = command.name();
        if (name == "grab") return grab(command);
        if (name == "dmap") return compare_census();
        const DmapCounts before = machine_.counts();
        if (name == "inv")
            invalidate(command);
        else if (name == "def")
            restore(command);
        else if (name == "setmem")
            set_memory(command);
        else if (name == "ktlb")
            flush(command);
        else if (name == "tlball")
            machine_.flush().all(machine_.cpu());
        else if (name != "null")
            table_.fail("cmd", "a command: grab, inv, def, setmem, ktlb, tlball, dmap or null,");
        compare(machine_.counts().since(before), std::string{name});
    }
    void finish() {
        // The module's memory: a GiB from where it begins.
        const PfnRange own{region_.value_or(Pfn{0}), region_ ? x86::kPdpte.pages() : PageCount{0}};
        compare_leaves(report_, "dmap_ops/leaves at the end", end_.path, end_.runs, machine_.leaves(), own);
    }

  private:
    [[nodiscard]] DirectMapLayout layout(const char* moment) const {
        const std::filesystem::path folder = std::filesystem::path{path_}.parent_path() / "dmap_layouts";
        return load_direct_map_layout((folder / (name_ + "." + moment)).string());
    }

    // Setting up: only where the module's memory lies counts.
    void grab(const Command& command) {
        command.expect(3, "grab ORDER N");
        const std::string_view result = table_.text("result");
        const std::size_t at = result.find(kRegion);
        if (at == std::string_view::npos) table_.fail("result", "where the memory lies: \"1G region at pfn HEX\"");
        const std::string_view hex = result.substr(at + kRegion.size());
        std::uint64_t pfn = 0;
        const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), pfn, 16);
        if (error != std::errc{} || end == hex.data()) table_.fail_word("result", hex, "a page frame number in hex");
        region_ = Pfn{pfn};
    }
    [[nodiscard]] PfnRange pages(const Command& command, std::size_t offset, std::uint64_t count) const {
        if (!region_) table_.fail("cmd", "a grab command before it, which says where the memory lies,");
        const Pfn first = *region_ + PageCount{command.number(offset, kMostPages)};
        if (first + PageCount{count} > start_.end())
            table_.fail("cmd", fmt::format("pages below frame {:x}, where the recorded direct map ends,", start_.end().raw()));
        return {first, PageCount{count}};
    }

    template <class Visit>
    void for_each_page(const Command& command, Visit&& visit) const {
        const std::uint64_t count = command.number(2, kMostPages);
        const std::uint64_t step = command.number(3, kMostPages);
        const PfnRange covered = pages(command, 1, count == 0 ? 0 : (count - 1) * step + 1);
        for (std::uint64_t i = 0; i < count; ++i) visit(covered.first + PageCount{i * step});
    }
    void set(Pfn page, alloc::Mapping mapping) {
        const auto outcome = machine_.direct_map().set_mapping(machine_.cpu(), {page, PageCount{1}}, mapping);
        SPLINTER_CHECK(outcome == DirectMap::Outcome::done, "this machine is never short of page-table pages");
    }
    void flush_range(PfnRange range) {
        machine_.flush().kernel_range(machine_.cpu(), alloc::layout::direct_map(range.first), range.count);
    }
    void invalidate(const Command& command) {
        command.expect(5, "inv OFF N STEP FLUSH");
        const auto when = static_cast<Flush>(command.number(4, 2));
        std::optional<PfnRange> covered;
        for_each_page(command, [&](Pfn page) {
            set(page, alloc::Mapping::unmapped);
            if (when == Flush::each_page) flush_range({page, PageCount{1}});
            if (!covered) covered = PfnRange{page, PageCount{1}};
            covered->count = page + PageCount{1} - covered->first;
        });
        if (when == Flush::range_at_end && covered) flush_range(*covered);
    }
    void restore(const Command& command) {
        command.expect(4, "def OFF N STEP");
        for_each_page(command, [&](Pfn page) { set(page, alloc::Mapping::mapped); });
    }
    void set_memory(const Command& command) {
        command.expect(4, "setmem FUNCTION OFF N");
        const alloc::SetMemoryFunction* function = alloc::find_set_memory_function(command.word(1), version_);
        if (function == nullptr) {
            std::string known;
            for (const alloc::SetMemoryFunction& one : alloc::set_memory_functions())
                if (one.version.empty() || one.version == version_)
                    known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
            table_.fail_word("cmd", command.word(1), "a function of " + version_ + ": " + known + ",");
        }
        // Each command runs in a task of its own; the stacks of the tasks before it wait to be purged, far apart.
        machine_.aliases().freed(VirtAddr{0xffffc90000000000U}, PageCount{64});
        (void)machine_.set_memory().call(machine_.cpu(), *function, pages(command, 2, command.number(3, kMostPages)));
    }
    void flush(const Command& command) {
        command.expect(3, "ktlb OFF N");
        flush_range(pages(command, 1, command.number(2, kMostPages)));
    }

    void compare(const DmapCounts& model, const std::string& category) {
        DmapRow row{table_};
        row.splits(model);
        row.flushes(model);
        row.interrupts(model, cpus_, PageCount{0});
        row.count(report_, "dmap_ops/" + category, path_, fmt::format("{}, {}", name_, table_.text("cmd")));
    }

    // "dmap 4k=5088 np4k=0 2m=2038 1g=4 ptpages_l1=10 l2=4 l3=1"
    void compare_census() {
        const DmapCensus census = machine_.census();
        const std::pair<std::string_view, std::uint64_t> kParts[] = {
            {"4k=", census.small},  {"np4k=", census.small_not_present}, {"2m=", census.large},
            {"1g=", census.giant},  {"ptpages_l1=", census.tables1},     {"l2=", census.tables2},
            {"l3=", census.tables3}};
        std::string text = "dmap";
        for (const auto& [key, value] : kParts) text += fmt::format(" {}{}", key, value);
        const bool same = table_.text("result") == text;
        report_.count("dmap_ops/dmap", same ? Verdict::agrees : Verdict::disagrees, [&] {
            return fmt::format("{}:{}: {}, leaves and table pages\n  recorded: {}\n  model:    {}\n", path_,
                               table_.line_number(), name_, table_.text("result"), text);
        });
    }

    const std::string& path_;
    const CsvReader& table_;
    ConformReport& report_;
    std::string name_;
    std::string version_;
    std::size_t cpus_;
    DirectMapLayout start_;
    DirectMapLayout end_;
    DmapMachine machine_;
    std::optional<Pfn> region_;
};

// By the run's name. Rows that count nothing, the first ones, do not name it.
std::map<std::string, std::size_t, std::less<>> cpus_of_runs(const std::string& path, std::string_view text) {
    std::map<std::string, std::size_t, std::less<>> all;
    CsvReader table{path, text};
    while (table.next_row())
        if (table.has("smp")) all.emplace(table.text("run"), online_cpus(table));
    return all;
}

}  // namespace

void run_dmap_operations(const std::string& path, std::string_view text, const hw::MachineParams&, ConformReport& report) {
    const auto cpus = cpus_of_runs(path, text);
    CsvReader table{path, text};
    std::unique_ptr<DmapRun> run;
    while (table.next_row()) {
        if (!run || run->name() != table.text("run")) {
            if (run) run->finish();
            const auto found = cpus.find(table.text("run"));
            if (found == cpus.end()) table.fail("smp", "a number of CPUs in some row of the run,");
            run = std::make_unique<DmapRun>(path, table, found->second, report);
        }
        run->take_row();
    }
    if (run) run->finish();
}

}  // namespace splinter::platforms
