// The side of a result folder that writes: which points are there already, and which have failed.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "platforms/config/experiment.h"
#include "platforms/results/folder_lock.h"
#include "platforms/results/sweep_index.h"

namespace splinter::platforms {

class ResultStore {
  public:
    // Opens the folder (FolderLock) and gives results that are known by their hash the names that `index` has for them. Throws
    // UserError.
    ResultStore(std::string directory, const SweepIndex& index);

    // The point's result, if the folder has it: whole, of this schema, with the point's values. What does not belong to the
    // result itself (question, axes, where a value was set) is brought up to date, in the file too.
    [[nodiscard]] std::optional<RunResult> find(const ResolvedPoint& point, const std::string& file) const;

    // A failure is kept until the point succeeds, so that it is tried last when the sweep goes on.
    void keep_failure(const std::string& file, const std::string& text) const;
    void forget_failure(const std::string& file) const;

    // Index of the sweep, to be written before the first point.
    void write_index(const SweepIndex& index) const;

  private:
    std::string directory_;
    FolderLock lock_;
};

// The hashes in the names of the results that a folder has; none if there is no such folder.
[[nodiscard]] std::set<std::string> finished_hashes(const std::string& directory);
// The hash in "STEM.HASH.json"; "" in other names. A path's folders do not matter.
[[nodiscard]] std::string hash_in(const std::string& file);

// Whether the folder keeps a failure of the point whose result would be `file` (a path).
[[nodiscard]] bool has_failed(const std::string& file);

// What keep_failure() has kept of it; "" if nothing.
[[nodiscard]] std::string failure_of(const std::string& file);

// "STEM.HASH.json".
[[nodiscard]] std::string result_file_name(const std::string& stem, const std::string& hash);

}  // namespace splinter::platforms
