#include "platforms/run/check_point.h"

#include <algorithm>

#include "alloc/buddy/flip_policy.h"
#include "alloc/buddy/kernel_rules.h"
#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/build/node.h"
#include "platforms/run/trace_paths.h"

namespace splinter::platforms {
namespace {

constexpr std::string_view kDefault = "default";

// The entry that an error about `key` is about: the key's own, or the first below it ("hw.mmu.l2": entries, ways) that
// somebody has set. Null: none, or nobody has.
const ConfigEntry* entry_of(const std::vector<ConfigEntry>& entries, std::string_view key) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const ConfigEntry& entry) {
        return entry.origin != kDefault && (entry.key == key || entry.key.starts_with(std::string{key} + "."));
    });
    return found == entries.end() ? nullptr : &*found;
}

void check_freetypes(const RunConfig& config) {
    const alloc::FreetypeIndex index = alloc::FreetypeIndex::parse(config.kernel.freetypes);
    if (config.flush.strategy == "freetype" && !index.has_list(alloc::kUnmovableUnmapped))
        throw UserError("kernel.freetypes",
                        "found \"" + config.kernel.freetypes + "\", but flush.strategy freetype takes from unmapped:unmovable");
}

// A kernel without freetypes would run as if nobody had set these.
void refuse_freetype_settings(const ResolvedPoint& point) {
    const std::vector<ConfigEntry> defaults = Experiment::load("", {}).resolve_single().entries;
    for (const ConfigEntry& entry : point.entries) {
        if (entry.key != "kernel.freetypes" && !entry.key.starts_with("freetype.")) continue;
        const auto usual = std::ranges::find(defaults, entry.key, &ConfigEntry::key);
        if (entry.value == usual->value || entry.value == "none") continue;
        throw UserError(entry.key,
                        "is " + entry.value + ", but kernel.version " + point.config.kernel.version +
                            " has no freetypes, allowed: " + usual->value,
                        "or choose kernel.version 6.12");
    }
}

void check_pool_marks(const alloc::FreetypeParams& params) {
    if (params.preflip_low > params.preflip_high)
        throw UserError("freetype.preflip_low", "is " + std::to_string(params.preflip_low) + ", allowed: up to preflip_high, " +
                                                    std::to_string(params.preflip_high));
    if (params.return_above > 0 && params.return_above < params.preflip_high)
        throw UserError("freetype.return_above",
                        "is " + std::to_string(params.return_above) +
                            ", but the thread flips ahead until there are preflip_high, " + std::to_string(params.preflip_high),
                        "choose a larger one, or 0");
}

std::string other_mechanisms(std::string_view name) {
    std::string others;
    for (const alloc::MechanismInfo& info : alloc::flush_mechanisms())
        if (info.name != name) others += (others.empty() ? "" : ", ") + std::string{info.name};
    return others;
}

bool runs(const RunConfig& config, std::string_view workload) {
    return std::ranges::find(config.workload.run, workload) != config.workload.run.end();
}

// A mechanism that is late on the kernel's half may not serve what relies on its flushes.
void check_late_mechanism(const RunConfig& config) {
    const std::string& name = config.flush.mechanism;
    if (alloc::find_flush_mechanism(name).arrival != alloc::Arrival::late) return;
    const std::string& policy = config.kernel.page_tables.policy;
    if (alloc::find_table_policy(policy).tables == alloc::KeyRegister::Tables::have_a_key)
        throw UserError("flush.mechanism", "found \"" + name + "\" with kernel.page_tables.policy " + policy +
                                               ", whose keys must be in force when a flush returns, allowed: ipi, invlpgb, "
                                               "deferred, ideal, or policy plain");
    if (runs(config, "vmalloc"))
        throw UserError("flush.mechanism", "found \"" + name +
                                               "\" with the workload vmalloc, which reuses kernel addresses after a flush, "
                                               "allowed: ipi, invlpgb, deferred, ideal");
}

void check_mechanism(const RunConfig& config) {
    const std::string& name = config.flush.mechanism;
    if (name == "invlpgb" && config.platform.invlpgb == "absent")
        throw UserError("flush.mechanism",
                        "found \"invlpgb\", but platform.invlpgb is absent, allowed: " + other_mechanisms(name),
                        "choose an AMD platform, or platform.invlpgb = \"hypothetical\" with flights in hw.broadcast");
    if (name == "ipi-early-ack" && !config.flush.is_unsafe && config.flush.strategy != "none")
        throw UserError("flush.mechanism",
                        "found \"ipi-early-ack\" with flush.strategy " + config.flush.strategy +
                            ", whose pages of the kernel it would leave exposed, allowed: " + other_mechanisms(name),
                        "or --unsafe");
    check_late_mechanism(config);
}

// A socket cut down to fewer cores than the platform file's cluster is one cluster; a larger one that is asked for is a
// mistake.
void check_clusters(const ResolvedPoint& point) {
    const hw::MachineParams& hw = point.config.hw;
    if (hw.cluster_cores <= hw.cores_per_socket || !is_beside_the_platform(point, "platform.cluster_cores")) return;
    throw UserError("platform.cluster_cores", "found " + std::to_string(hw.cluster_cores) + ", allowed: 1 to " +
                                                  std::to_string(hw.cores_per_socket) + ", platform.cores_per_socket");
}

void check(const ResolvedPoint& point) {
    Node::check(point.config);
    check_clusters(point);
    check_mechanism(point.config);
    if (point.config.kernel.version != alloc::kLinux6_12.version && point.config.flush.strategy == "freetype")
        throw UserError("kernel.version", "is " + point.config.kernel.version + ", but freetypes exist on 6.12 only",
                        "choose 6.12, or another flush.strategy");
    if (point.config.kernel.version != alloc::kLinux6_12.version) refuse_freetype_settings(point);
    check_freetypes(point.config);
    check_pool_marks(point.config.kernel.freetype);
    if (point.config.workload.run.empty()) throw UserError("workload.run", "found no workload, expected at least one");
    (void)resolved_trace(point);  // checks the paths
    alloc::DirectMapParams direct_map = point.config.kernel.direct_map;
    direct_map.layout = resolved_direct_map_layout(point);
    (void)DirectMapStart{direct_map};  // reads the layout
}

}  // namespace

void with_places(const ResolvedPoint& point, const std::function<void()>& work) {
    try {
        work();
    } catch (const UserError& error) {
        const std::string line = error.what();
        const std::string key = line.substr(0, line.find(':'));
        const ConfigEntry* entry = entry_of(point.entries, key);
        if (entry == nullptr || key.size() == line.size()) throw;
        throw UserError(entry->origin + ": `" + key + "`" + line.substr(key.size()));
    }
}

bool is_beside_the_platform(const ResolvedPoint& point, std::string_view key) {
    const auto file_of = [&](std::string_view of) {
        const ConfigEntry* entry = entry_of(point.entries, of);
        return entry == nullptr ? std::string{kDefault} : entry->origin.substr(0, entry->origin.find(':'));
    };
    return file_of(key) != file_of("platform.name");
}

void check_point(const ResolvedPoint& point) {
    with_places(point, [&] { check(point); });
}

}  // namespace splinter::platforms
