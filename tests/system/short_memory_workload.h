// The hardest load for the page allocator: cores that take blocks of several orders and types, protected ones and whole
// pageblocks, hold them until nothing is left, and then free some of them in any order. Lists run dry, pageblocks change hands,
// CPUs drain each other's lists, and compaction moves pages that other cores register and free all the time.
#pragma once

#include <memory>
#include <unordered_map>

#include "hw/base/rng.h"
#include "platforms/run/session.h"

namespace splinter::platforms::testing {

struct ShortMemoryParams {
    std::uint64_t steps = 10000;  // of each core
    Cycles think{100};            // at most, between two steps
    std::uint64_t movable = 60;   // percent of the requests
    std::uint64_t freed = 60;     // blocks that a core frees once it fails
};

class ShortMemoryWorkload : public Workload, private alloc::MovableOwner {
  public:
    explicit ShortMemoryWorkload(const ShortMemoryParams& params) : params_{params} {}

    std::vector<std::string> phases() const override { return {"short-memory"}; }
    bool allocates(CpuId) const override { return true; }
    void run(Session& session, CpuId core) override;

  private:
    enum class Kind : std::uint8_t { ordinary, movable, isolated };  // isolated: from the flush strategy
    struct Held {
        Pfn block;
        Order order;
        Kind kind;
    };
    struct Part {
        CpuId core;
        Rng rng;
        std::vector<std::unique_ptr<Held>> held;
    };
    void step(Session& session, Part& part);
    // Nothing if memory is short.
    [[nodiscard]] std::unique_ptr<Held> take(Session& session, Part& part);
    void give(Session& session, Part& part, std::size_t index);
    void moved(Pfn from, Pfn to, Order order) override;

    ShortMemoryParams params_;
    std::vector<std::unique_ptr<Held>> kept_;              // of cores that have ended: compaction may still move them
    std::unordered_map<std::uint64_t, Held*> registered_;  // by frame; used at ordering points, looked up only
};

}  // namespace splinter::platforms::testing
