#include "platforms/run/protection_facts.h"

#include <algorithm>

#include "alloc/smp/mechanisms.h"

namespace splinter::platforms {
namespace {

// Old translations that were still held when the flush that a CPU made for them had returned.
void add_exposure_after_flush(Session& session, WorkloadResult& result) {
    ExposureTracker::Total sum;
    for (std::size_t phase = Session::kFirstPhase; phase < session.phase_count(); ++phase) {
        const ExposureTracker::Total of_phase = session.exposure().total(phase);
        sum.flushed_pages += of_phase.flushed_pages;
        sum.after_flush_page_cycles += of_phase.after_flush_page_cycles;
        sum.longest_after_flush = std::max(sum.longest_after_flush, of_phase.longest_after_flush);
    }
    if (sum.longest_after_flush == 0 || !shows_after_flush(session.node().config())) return;
    result.facts["exposure after flushes"] =
        "finding: when the flush had returned, cores could use old translations of pages taken out of the direct map for up "
        "to " +
        std::to_string(sum.longest_after_flush) + " cycles, " +
        std::to_string(sum.after_flush_page_cycles / sum.flushed_pages) + " in the mean over pages";
}

void add_mechanism(const RunConfig& config, Session& session, WorkloadResult& result) {
    const alloc::MechanismInfo& mechanism = alloc::find_flush_mechanism(config.flush.mechanism);
    if (mechanism.arrival == alloc::Arrival::late || mechanism.arrival == alloc::Arrival::before_use)
        result.facts["mechanism"] = config.flush.mechanism +
                                    (config.flush.mechanism == "latr" ? " (hypothetical on the direct map)" : "") +
                                    " leaves exposed: " + std::string{mechanism.exposed};
    std::uint64_t survivors = 0;
    std::uint64_t cores = 0;
    for (const auto& core : session.node().machine().cores()) {
        const std::uint64_t of_core = core->mmu().unit().stats().pcid_survivors;
        survivors += of_core;
        cores += of_core > 0 ? 1 : 0;
    }
    if (survivors > 0)
        result.facts["stale under other PCIDs"] =
            "finding: INVLPG left " + std::to_string(survivors) + " kernel translations of other address spaces on " +
            std::to_string(cores) + " cores, which a switch made usable again (the Global bit was lost, kernel.pti is " +
            config.kernel.pti + ")";
}

}  // namespace

std::string protection(const RunConfig& config, bool is_protected) {
    if (!is_protected) return "not protected";
    const bool late = alloc::find_flush_mechanism(config.flush.mechanism).arrival == alloc::Arrival::late;
    return late ? "late: flushes return before all cores have flushed" : "protected";
}

bool shows_after_flush(const RunConfig& config) {
    switch (alloc::find_flush_mechanism(config.flush.mechanism).arrival) {
        case alloc::Arrival::late:
            return true;
        case alloc::Arrival::on_return:
            return config.kernel.pti == "off";
        case alloc::Arrival::within_lookahead:
        case alloc::Arrival::before_use:
            return false;
    }
    return false;
}

void add_protection_facts(const RunConfig& config, Session& session, WorkloadResult& result) {
    add_exposure_after_flush(session, result);
    add_mechanism(config, session, result);
}

}  // namespace splinter::platforms
