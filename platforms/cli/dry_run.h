// splinter sweep --dry-run: which points there are, which are finished, and what the rest will cost the host.
#pragma once

#include <string>
#include <vector>

#include "platforms/cli/point_pool.h"

namespace splinter::platforms {

// `directory`: of --out, "" if it was not given. Says what each estimate stands on.
[[nodiscard]] std::string dry_run_report(const std::vector<PointJob>& jobs, const std::string& directory,
                                         const PoolLimits& limits);

}  // namespace splinter::platforms
