#include "tests/system/small_run.h"

#include <gtest/gtest.h>

#include "platforms/run/run_point.h"

namespace splinter::platforms::testing {

// The command line refuses a key that is given twice; here the later one counts.
Sets operator+(Sets a, const Sets& b) {
    const auto key = [](const std::string& set) { return set.substr(0, set.find('=')); };
    for (const std::string& set : b) {
        std::erase_if(a, [&](const std::string& old) { return key(old) == key(set); });
        a.push_back(set);
    }
    return a;
}

ResolvedPoint small_point(const Sets& sets) {
    const Sets small{"platform.cores=8",
                     "platform.cores_per_socket=4",
                     "platform.cluster_cores=2",
                     "platform.memory=64MiB",
                     "kernel.pcp_high_max=504",  // so that per-CPU lists do not keep pageblocks from becoming whole
                     "workload.background.user_footprint=1MiB",
                     "workload.background.kernel_footprint=1MiB",
                     "workload.secretmem.cores_percent=50",
                     "workload.secretmem.pages=32",
                     "workload.secretmem.warm_up=2000cyc",
                     "workload.secretmem.baseline=5000cyc",
                     "workload.trace.warm_up=2000cyc",
                     "workload.trace.baseline=5000cyc"};
    return Experiment::load(SPLINTER_SOURCE_DIR "/configs/experiments/smoke.toml", small + sets).resolve_single();
}

RunResult small_run(const Sets& sets) { return run_point(small_point(sets)); }

Sets trace_sets(const std::string& name, const std::string& unmapped) {
    return {"workload.run=trace", "workload.trace.directory=" SPLINTER_SOURCE_DIR "/tests/data/traces/" + name,
            "workload.trace.unmapped=" + unmapped};
}

double metric(const WorkloadResult& result, const std::string& phase, const std::string& name) {
    for (const Phase& p : result.phases) {
        if (p.name != phase) continue;
        const auto found = p.metrics.find(name);
        if (found != p.metrics.end()) return found->second;
    }
    ADD_FAILURE() << "no " << name << " in phase " << phase << " of " << result.workload;
    return 0;
}

}  // namespace splinter::platforms::testing
