// What kernel code asked of the port, in order: the record that unit tests read.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "alloc/costs/steps.h"
#include "hw/base/types.h"

namespace splinter::alloc {

struct Call {
    enum class Kind : std::uint8_t {
        retired,       // what: Step
        touched,       // what: address
        remapped,      // what: direct-map address of a line taken through a temporary mapping
        loaded,        // what: address
        stored,        // what: value
        filled_table,  // what: address
        locked,        // what: lock
        unlocked,
        flushed_page,  // what: address
        flushed_all,
        sent_interrupts,  // what: targets
        interrupted,      // what: vector
        completed,
        waited,
        narrowed,  // what: first frame; told by the flush strategy
        widened,
        handed_out,
        released
    };
    Kind kind;
    CpuId cpu;
    std::uint64_t what = 0;
    std::uint64_t times = 1;
};

class CallLog {
  public:
    void add(const Call& call) {
        calls_.push_back(call);
        if (on_call_) on_call_(call);
    }
    // Called after each call; may run other CPUs.
    void set_on_call(std::function<void(const Call&)> on_call) { on_call_ = std::move(on_call); }
    void clear() { calls_.clear(); }
    [[nodiscard]] const std::vector<Call>& calls() const { return calls_; }
    [[nodiscard]] std::uint64_t count(Call::Kind kind) const;
    [[nodiscard]] std::uint64_t count(Call::Kind kind, CpuId cpu) const;
    [[nodiscard]] std::uint64_t count(Step step) const;
    // Values of `what`, in order.
    [[nodiscard]] std::vector<std::uint64_t> values(Call::Kind kind) const;
    // What decides about protection, in order, runs collapsed: "clear*2 narrowed icr3 all 1:all handed_out". Calls of CPUs
    // other than 0 carry their number. `words` picks: clear, local_map, narrowed, widened, handed_out, released, icr, page,
    // all, wait, lock, unlock, fill, line (taken through a temporary mapping).
    [[nodiscard]] std::string story(std::string_view words) const;

  private:
    std::vector<Call> calls_;
    std::function<void(const Call&)> on_call_;
};

}  // namespace splinter::alloc
