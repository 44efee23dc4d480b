// Counts of a recorded kernel beside the model's: which columns agree, and with how much noise they may.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platforms/conform/conform_report.h"
#include "platforms/conform/csv_reader.h"
#include "platforms/conform/dmap_machine.h"

namespace splinter::platforms {

// "6.1" or "6.12" from the recorded release in column `kernel`.
[[nodiscard]] std::string kernel_version(const CsvReader& table);
[[nodiscard]] std::size_t online_cpus(const CsvReader& table);
// Whether the machine had leaves of 1 GiB.
[[nodiscard]] bool has_gbpages(const CsvReader& table);

// One row of a table: columns are compared, then the row is counted as a whole.
class DmapRow {
  public:
    explicit DmapRow(const CsvReader& table) : table_{table} {}
    void exact(std::string_view column, std::int64_t model);
    // Recorded within [model - below, model + above].
    void within(std::string_view column, std::int64_t model, std::int64_t below, std::int64_t above);
    // Splits and the meminfo deltas that follow from them (split_page_count()).
    void splits(const DmapCounts& model);
    // Calls of flush functions and what the CPUs executed.
    void flushes(const DmapCounts& model);
    // Interrupts and their sends. With more than two CPUs the kernel multicasts, and calls of a single CPU are other
    // subsystems' alone: not compared. With two every send is one to a single CPU, and theirs come on top, the more the longer
    // the row takes, which `pages` stands for.
    void interrupts(const DmapCounts& model, std::size_t cpus, PageCount pages);
    // `what`: the row in words.
    void count(ConformReport& report, const std::string& category, const std::string& path, const std::string& what) const;

  private:
    const CsvReader& table_;
    std::string differences_;
};

// The leaves at the end against recorded ones: each recorded run of equal leaves is one record. Sizes and flags must be the
// same, but for 4 KiB leaves outside of `own`, the memory that the record is about, if there is one: the kernel takes
// permissions off freed modules and BPF programs by set_direct_map_invalid_noflush() and set_direct_map_default_noflush()
// (VM_FLUSH_RESET_PERMS), which no row shows. Such a leaf may have become writable and not global, and nothing else.
void compare_leaves(ConformReport& report, const std::string& category, const std::string& path,
                    const std::vector<alloc::DirectMapRun>& recorded, const std::vector<alloc::DirectMapRun>& model,
                    std::optional<PfnRange> own = std::nullopt);

}  // namespace splinter::platforms
