#include "platforms/run/catalog.h"

#include "alloc/flush/strategies.h"
#include "alloc/smp/mechanisms.h"
#include "platforms/config/experiment.h"
#include "platforms/workload/workload.h"

namespace splinter::platforms {

std::vector<CatalogEntry> strategies() {
    std::vector<CatalogEntry> entries;
    for (const alloc::StrategyInfo& info : alloc::flush_strategies())
        entries.push_back({std::string{info.name}, std::string{info.summary}});
    return entries;
}

std::vector<CatalogEntry> mechanisms() {
    std::vector<CatalogEntry> entries;
    for (const alloc::MechanismInfo& info : alloc::flush_mechanisms())
        entries.push_back({std::string{info.name}, std::string{info.summary}});
    return entries;
}

std::vector<CatalogEntry> workloads() {
    std::vector<CatalogEntry> entries;
    for (const WorkloadInfo& info : workload_table()) entries.push_back({std::string{info.name}, std::string{info.summary}});
    return entries;
}

PlatformParams load_platform(const std::string& path) {
    return Experiment::load("", {"platform.model=" + path}).resolve_single().config.platform;
}

}  // namespace splinter::platforms
