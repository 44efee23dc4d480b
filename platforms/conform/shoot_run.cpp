#include "platforms/conform/shoot_run.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "platforms/conform/dmap_compare.h"
#include "platforms/conform/shoot_machine.h"

namespace splinter::platforms {

namespace {

constexpr double kPerOperation = 0.5;
constexpr double kShare = 0.1;
constexpr std::uint64_t kMissesPerCent = 1;
constexpr double kRounding = 1e-6;  // of a recorded decimal number
constexpr std::string_view kNotCompared = "fork";

struct Column {
    std::string_view name;
    std::uint64_t alloc::TlbTrace::*count;
};
constexpr std::array kColumns{
    Column{"mm_range_calls_per_op", &alloc::TlbTrace::mm_range_calls},
    Column{"TLB_irq_count_per_op", &alloc::TlbTrace::tlb_irqs},
    Column{"remote_full_per_op", &alloc::TlbTrace::remote_full},
    Column{"remote_ranged_per_op", &alloc::TlbTrace::remote_ranged},
    Column{"local_full_per_op", &alloc::TlbTrace::local_full},
    Column{"local_ranged_per_op", &alloc::TlbTrace::local_ranged},
    Column{"send_full_per_op", &alloc::TlbTrace::send_full},
    Column{"send_ranged_per_op", &alloc::TlbTrace::send_ranged},
    Column{"user_invlpg_per_op", &alloc::TlbTrace::user_invlpg},
};
constexpr std::string_view kInterrupts = "ipi_irqs_per_op";

constexpr std::pair<std::string_view, HelperMode> kModes[] = {
    {"none", HelperMode::none}, {"spin", HelperMode::spin}, {"sleep", HelperMode::sleep}, {"other", HelperMode::other}};

std::uint64_t count_in(const CsvReader& table, std::string_view column, std::int64_t least, std::int64_t most) {
    const std::int64_t value = table.number(column);
    if (value < least || value > most) table.fail(column, fmt::format("a number, {} to {},", least, most));
    return static_cast<std::uint64_t>(value);
}

double decimal(const CsvReader& table, std::string_view column) {
    const std::string_view text = table.text(column);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0)) table.fail(column, "a count per operation,");
    return value;
}

HelperMode mode_of(const CsvReader& table) {
    for (const auto& [name, mode] : kModes)
        if (table.text("mode") == name) return mode;
    table.fail("mode", "none, spin, sleep or other,");
}

const ShootMachine::Operation& operation_of(const CsvReader& table) {
    std::string known;
    for (const ShootMachine::Operation& operation : ShootMachine::operations()) {
        if (table.text("op") == operation.name) return operation;
        known += (known.empty() ? "" : ", ") + std::string{operation.name};
    }
    table.fail("op", "one of " + known + ",");
}

class ShootRun {
  public:
    ShootRun(const std::string& path, const CsvReader& table, ConformReport& report)
        : path_{path}, table_{table}, report_{report} {}

    void take_row() {
        ShootMachine& machine = machine_of_row();
        const ShootMachine::Operation& operation = operation_of(table_);
        const PageCount pages{count_in(table_, "pages", 1, static_cast<std::int64_t>(ShootMachine::kMostPages.raw()))};
        const std::uint64_t repetitions = count_in(table_, "reps", 1, 1'000);
        const ShootCounts model = machine.run(operation, pages, repetitions);
        if (operation.name == kNotCompared) {
            ++not_compared_;
            return;
        }
        const auto per_operation = [&](std::uint64_t count) {
            return static_cast<double>(count) / static_cast<double>(repetitions);
        };
        for (const Column& column : kColumns) {
            const double recorded = decimal(table_, column.name);
            const double predicted = per_operation(model.trace.*column.count);
            cell(column.name, recorded, predicted, std::abs(recorded - predicted) <= room(recorded));
        }
        const double recorded = decimal(table_, kInterrupts);
        const double predicted = per_operation(model.interrupts);
        cell(kInterrupts, recorded, predicted, recorded >= predicted - room(predicted));
    }

    void finish() {
        std::uint64_t cells = 0;
        for (const auto& [category, tally] : tallies_) {
            report_.count_many(category, tally.agree, tally.cells);
            cells += tally.cells;
        }
        if (not_compared_ > 0) report_.list(fmt::format("{} rows of {} run and not compared", not_compared_, kNotCompared));
        if (misses_ == 0) return;
        report_.list(fmt::format("{} of {} cells miss; {} may", misses_, cells, cells * kMissesPerCent / 100));
        if (misses_ * 100 <= cells * kMissesPerCent) report_.tolerate(misses_);
    }

  private:
    struct Tally {
        std::uint64_t agree = 0;
        std::uint64_t cells = 0;
    };
    [[nodiscard]] static double room(double of) { return std::max(kPerOperation, kShare * of) + kRounding; }

    // Rows of one process follow each other.
    ShootMachine& machine_of_row() {
        const std::string process =
            fmt::format("{}, {}, {}, {}, {}, {}", table_.text("run"), table_.text("kernel"), table_.text("smp"),
                        table_.text("ceiling"), table_.text("helpers"), table_.text("mode"));
        if (machine_ && process == process_) return *machine_;
        kernel_ = kernel_version(table_);
        const std::size_t cpus = online_cpus(table_);
        machine_.reset();
        machine_ =
            std::make_unique<ShootMachine>(ShootShape{kernel_, cpus, PageCount{count_in(table_, "ceiling", 0, 1'000'000)},
                                                      count_in(table_, "helpers", 0, 1024), mode_of(table_)});
        process_ = process;
        return *machine_;
    }

    void cell(std::string_view column, double recorded, double predicted, bool agrees) {
        Tally& tally = tallies_["shoot " + std::string{table_.text("op")}];
        ++tally.cells;
        if (agrees) {
            ++tally.agree;
            return;
        }
        ++misses_;
        report_.list(fmt::format("{}:{}: {}, {} on {} pages, {} helpers ({}): {} recorded {:g}, model {:g}", path_,
                                 table_.line_number(), table_.text("run"), table_.text("op"), table_.text("pages"),
                                 table_.text("helpers"), table_.text("mode"), column, recorded, predicted));
    }

    const std::string& path_;
    const CsvReader& table_;
    ConformReport& report_;
    std::map<std::string, Tally> tallies_;  // by category
    std::uint64_t misses_ = 0;
    std::uint64_t not_compared_ = 0;
    std::string process_;
    std::string kernel_;
    std::unique_ptr<ShootMachine> machine_;
};

}  // namespace

void run_shoot(const std::string& path, std::string_view text, const hw::MachineParams&, ConformReport& report) {
    CsvReader table{path, text};
    ShootRun run{path, table, report};
    while (table.next_row()) run.take_row();
    run.finish();
}

}  // namespace splinter::platforms
