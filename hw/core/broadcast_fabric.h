// AMD's broadcast invalidation (APM Vol. 3, INVLPGB and TLBSYNC; Vol. 2 5.5.3): INVLPGB sends an invalidation to every core,
// whose MMU carries it out without interrupting what runs there. It is posted: the sender goes on, and TLBSYNC waits until all
// that the sender has posted is done. Arrivals are messages in the targets' inboxes, never events.
//
// Models: a flight time by distance, there and back; senders that are at it at the same time, each of which makes the others'
// TLBSYNC longer by a slot of the fabric. Leaves out: the time for which a target's MMU is busy with it, ASIDs (all is the
// host's).
#pragma once

#include <deque>
#include <vector>

#include "hw/core/timeline.h"
#include "hw/mem/systemc_time.h"
#include "hw/topology.h"
#include "hw/x86/invalidation.h"

namespace splinter::hw {

// What a core asks of the interconnect.
class BroadcastFabricIf : public sc_core::sc_interface {
  public:
    // Sends to all other cores; returns the cycle at which the last of them has confirmed.
    virtual Cycles send(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) = 0;
    // A TLBSYNC of `sender`, begun at `now`, that nobody else would delay beyond `alone`: when it ends. REQUIRES: at an
    // ordering point, as send().
    virtual Cycles end_of_sync(CpuId sender, Cycles now, Cycles alone) = 0;
    // The same invalidation to all other cores, one lookahead later, as a message of kind kDrop and by no hardware.
    virtual void drop(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) = 0;
    // The invalidation that a message with this payload carries. Each target takes it once.
    virtual x86::Invlpgb take(std::uint64_t payload) = 0;
};

class BroadcastFabric : public sc_core::sc_module, public BroadcastFabricIf {
  public:
    sc_core::sc_export<BroadcastFabricIf> in{"in"};
    // Message::what of an invalidation; notices of the platform count up from 0.
    static constexpr std::uint32_t kInvalidate = ~std::uint32_t{0};
    static constexpr std::uint32_t kDrop = kInvalidate - 1;  // of the same by no hardware

    BroadcastFabric(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology, Conductor& conductor);
    BroadcastFabric(const BroadcastFabric&) = delete;
    BroadcastFabric& operator=(const BroadcastFabric&) = delete;

    Cycles send(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) override;
    Cycles end_of_sync(CpuId sender, Cycles now, Cycles alone) override;
    void drop(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) override;
    x86::Invlpgb take(std::uint64_t payload) override;

  private:
    struct Flight {
        x86::Invlpgb invalidation;
        std::uint64_t targets = 0;  // that have not taken it
    };
    [[nodiscard]] Cycles flight(CpuId from, CpuId to) const;

    BroadcastParams params_;
    std::uint64_t cores_;
    Cycles lookahead_;
    const Topology& topology_;
    Conductor& conductor_;
    std::vector<Cycles> busy_until_;  // by sender: the end of its TLBSYNC; kNever from its first INVLPGB to that
    std::deque<Flight> flights_;
    std::uint64_t first_flight_ = 0;  // payload of the front
};

}  // namespace splinter::hw
