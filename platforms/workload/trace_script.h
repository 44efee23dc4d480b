// What a recorded trace asks of an allocator, independent of the pages that it hands out: each free names the allocation whose
// block it frees. The rules hold on all recorded traces (tests/data/traces/README.md):
//   - an A line is an allocation in the zone of its pfn; n of an R line are bulk pages of the last zone;
//   - an F line of a block from an A line frees that allocation's block; of a page that is free by the lines so far, one of the
//     bulk pages (bulk allocations leave no A lines); of any other page, a block that was allocated before the first snapshot.
#pragma once

#include <optional>
#include <vector>

#include "alloc/gfp.h"
#include "platforms/workload/kernel_trace.h"
#include "platforms/workload/kernel_trace_share.h"

namespace splinter::platforms {

struct TraceOperation {
    enum class Kind : std::uint8_t { allocate, bulk_allocate, free_allocated, free_bulk, free_older };
    Kind kind;
    CpuId cpu;  // of the recording
    Order order;
    std::uint8_t migratetype = 0;
    std::optional<std::uint8_t> zone{};                       // index into the snapshot's zones; nothing: the zonelist decides
    alloc::ZoneKind highest_zone = alloc::ZoneKind::movable;  // allocate: where the zonelist begins
    alloc::Blocking blocking = alloc::Blocking::may_block;    // allocate
    PageCount offset{};                                       // free_allocated: of a part, from the start of the allocation
    bool is_protected = false;                                // allocate: declared unmapped
    std::uint64_t subject = 0;  // allocate, free_allocated: number of the allocation; bulk_allocate: pages; free_older: pfn
    std::size_t event = 0;      // index into the log, for messages
};

class TraceScript {
  public:
    // Throws UserError where the lines contradict each other (a double free, an allocation of a page that is not free).
    TraceScript(const KernelTrace& trace, const UnmappedShare& share);
    // `allocations`: one more than the highest number of an allocation.
    TraceScript(std::vector<TraceOperation> operations, std::uint64_t allocations)
        : operations_{std::move(operations)}, allocations_{allocations} {}

    [[nodiscard]] const std::vector<TraceOperation>& operations() const { return operations_; }
    [[nodiscard]] std::uint64_t allocations() const { return allocations_; }

  private:
    class Builder;
    std::vector<TraceOperation> operations_;
    std::uint64_t allocations_ = 0;
};

// One bit per frame of a machine.
class FrameSet {
  public:
    explicit FrameSet(Pfn end) : bits_(end.raw(), false) {}
    void insert(PfnRange range) { fill(range, Membership::in); }
    void erase(PfnRange range) { fill(range, Membership::out); }
    [[nodiscard]] bool contains_any(PfnRange range) const;
    [[nodiscard]] bool contains_all(PfnRange range) const;

  private:
    enum class Membership : std::uint8_t { out, in };
    void fill(PfnRange range, Membership membership);
    std::vector<bool> bits_;
};

// The frames that are free in a snapshot: buddy lists and per-CPU lists.
FrameSet free_frames(const KernelSnapshot& snapshot);

}  // namespace splinter::platforms
