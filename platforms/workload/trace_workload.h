// Workload `trace`: a real kernel's recorded allocations (trace_source.h), replayed in their total order on its zones and
// memory. CPU c of the recording runs on core c mod cores; the remaining cores run the background loop. A declared share of the
// allocations is protected by the flush strategy; the rest are ordinary.
#pragma once

#include "platforms/run/session.h"
#include "platforms/workload/trace_source.h"

namespace splinter::platforms {

class TraceWorkload : public Workload {
  public:
    // Allocations that the kernel served and the model cannot: figures that leave them out would mislead, so that they end a
    // run; a replay reports how many there are.
    enum class Failures : std::uint8_t { end_the_run, are_counted };
    // Reads the trace. Throws UserError: missing, truncated, garbled.
    TraceWorkload(const RunConfig& config, Failures failures);

    [[nodiscard]] std::vector<std::string> phases() const override { return {"trace"}; }
    [[nodiscard]] bool allocates(CpuId core) const override {
        return core.raw() < std::min<std::uint64_t>(source_.before.cpus, cores_);
    }
    [[nodiscard]] const KernelSnapshot* snapshot() const override { return source_.starts_empty ? nullptr : &source_.before; }
    void prepare(Session& session) override;
    void run(Session& session, CpuId core) override;
    void check(Session& session) override;

    struct Counts {
        std::uint64_t events = 0;       // lines of the trace
        std::uint64_t allocations = 0;  // blocks asked for, bulk pages included
        std::uint64_t frees = 0;
        std::uint64_t failures = 0;  // allocations that the kernel served and the model could not
        std::uint64_t overlaps = 0;  // allocations that were given frames of a live block
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }
    // The operation has been executed and was an allocation that failed.
    [[nodiscard]] bool failed(const TraceOperation& operation) const {
        return operation.kind == TraceOperation::Kind::allocate && !blocks_[operation.subject].first;
    }
    [[nodiscard]] const TraceSource& source() const { return source_; }

  private:
    struct Block {
        std::optional<Pfn> first;  // nothing: the allocation failed
        bool is_protected = false;
        Order order{0U};
        PageCount left{};  // not yet freed: a user's trace may free a block in parts
    };
    void wait_for_turn(Session& session, CpuId core, std::size_t operation);
    void pass_turn(Session& session, CpuId core);
    void execute(Session& session, CpuId core, const TraceOperation& operation);
    void allocate(Session& session, CpuId core, const TraceOperation& operation);
    void free_allocated(Session& session, CpuId core, const TraceOperation& operation);
    void allocate_bulk(Session& session, CpuId core, const TraceOperation& operation);
    void release(Session& session, CpuId core, Pfn first, Order order);
    void took(PfnRange range);

    TraceParams params_;
    Failures failures_;
    std::uint64_t cores_;
    TraceSource source_;
    std::vector<Block> blocks_;    // by number of the allocation
    std::vector<Pfn> bulk_pages_;  // held, in the order of their allocation
    std::size_t bulk_freed_ = 0;
    FrameSet live_;
    std::size_t turn_ = 0;  // operation whose turn it is; changed at ordering points
    Counts counts_;
};

}  // namespace splinter::platforms
