// What the cores of a machine do. A workload has cores that allocate (initiators); the others run the background loop and are
// the victims of the flushes. It runs in phases; each is measured apart.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/build/node.h"

namespace splinter::platforms {

class Session;  // run/session.h

class Workload {
  public:
    virtual ~Workload() = default;
    // Names of the measured phases, in order.
    [[nodiscard]] virtual std::vector<std::string> phases() const = 0;
    [[nodiscard]] virtual bool allocates(CpuId core) const = 0;
    // The allocator state to boot into; nullptr: an empty machine.
    [[nodiscard]] virtual const KernelSnapshot* snapshot() const { return nullptr; }
    // Bytes of user memory that the workload itself reads on each core, at Node::kUserBase, 4 KiB pages.
    [[nodiscard]] virtual std::uint64_t user_footprint() const { return 0; }
    // Once, before the first core runs.
    virtual void prepare(Session& /*session*/) {}
    // On the stack of each allocating core: warm-up, then each phase between session.begin_phase() calls.
    virtual void run(Session& session, CpuId core) = 0;
    // After the run: broken expectations are reported as a SimulatedFinding.
    virtual void check(Session& /*session*/) {}
};

struct WorkloadInfo {
    std::string_view name;
    std::unique_ptr<Workload> (*make)(const RunConfig& config);
    std::string_view summary;
};

std::span<const WorkloadInfo> workload_table();
const WorkloadInfo& find_workload(std::string_view name);

std::unique_ptr<Workload> make_secretmem(const RunConfig& config);
std::unique_ptr<Workload> make_trace(const RunConfig& config);
std::unique_ptr<Workload> make_pointer_chase(const RunConfig& config);
std::unique_ptr<Workload> make_fragmentation(const RunConfig& config);
std::unique_ptr<Workload> make_reserve_search(const RunConfig& config);
std::unique_ptr<Workload> make_pressure(const RunConfig& config);
std::unique_ptr<Workload> make_fork(const RunConfig& config);
std::unique_ptr<Workload> make_munmap(const RunConfig& config);
std::unique_ptr<Workload> make_user_flush(const RunConfig& config);
std::unique_ptr<Workload> make_vmalloc(const RunConfig& config);
std::unique_ptr<Workload> make_pgtable_churn(const RunConfig& config);

}  // namespace splinter::platforms
