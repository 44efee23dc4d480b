// What the modelled allocator's tracepoints said during one step, and what the recorded kernel's said.
#pragma once

#include <vector>

#include "alloc/buddy/tracepoints.h"
#include "platforms/replay/level_report.h"
#include "platforms/workload/kernel_trace.h"

namespace splinter::platforms {

class TraceRecorder : public alloc::Tracepoints {
  public:
    TraceRecorder(const TraceLog& log, LevelReport& report) : log_{log}, report_{report} {}

    // The lines that answer the step to come.
    void expect(const std::vector<std::size_t>& takes, const std::vector<std::size_t>& drains);
    // Compares what came with what was expected, in order, and forgets both.
    void settle();

    void taken(Pfn block, Order order, alloc::Migratetype type) override { taken_.push_back({block, order, type}); }
    void drained(Pfn block, Order order, alloc::Migratetype type) override { drained_.push_back({block, order, type}); }
    void fell_back(const alloc::Fallback& fallback) override { fallbacks_.push_back(fallback); }
    bool claims(const alloc::Claim& claim) override;
    // Drains that differ are the fault of a zone that is below its high watermark.
    void excuse_drains(bool excused) { drains_excused_ = excused; }

  private:
    struct Block {
        Pfn first;
        Order order;
        alloc::Migratetype type;
        friend bool operator==(const Block&, const Block&) = default;
    };
    Block block_of(std::size_t event) const;
    alloc::Fallback fallback_of(std::size_t event) const;
    static std::string text(const Block& block);
    static std::string text(const alloc::Fallback& fallback);
    template <class Value, class Read>
    void compare(Predicted kind, const std::vector<std::size_t>& expected, const std::vector<Value>& got, Read read);

    const TraceLog& log_;
    LevelReport& report_;
    std::vector<std::size_t> expected_takes_, expected_fallbacks_, expected_drains_;
    std::vector<Block> taken_, drained_;
    std::vector<alloc::Fallback> fallbacks_;
    bool drains_excused_ = false;
};

}  // namespace splinter::platforms
