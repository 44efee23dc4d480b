// What a user can choose from, with a sentence each: `splinter list` prints it.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/run_config.h"

namespace splinter::platforms {

struct CatalogEntry {
    std::string name, summary;
};

std::vector<CatalogEntry> strategies();
std::vector<CatalogEntry> mechanisms();
std::vector<CatalogEntry> workloads();

// The [platform] table of one file of configs/platforms. Throws UserError as Experiment::load() does.
PlatformParams load_platform(const std::string& path);

}  // namespace splinter::platforms
