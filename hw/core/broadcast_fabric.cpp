#include "hw/core/broadcast_fabric.h"

#include "hw/base/check.h"
#include "hw/core/conductor.h"

namespace splinter::hw {

BroadcastFabric::BroadcastFabric(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology,
                                 Conductor& conductor)
    : sc_module{name},
      params_{params.broadcast},
      cores_{params.cores},
      lookahead_{params.lookahead()},
      topology_{topology},
      conductor_{conductor},
      busy_until_(params.cores) {
    in.bind(*this);
}

Cycles BroadcastFabric::send(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) {
    const std::uint64_t payload = first_flight_ + flights_.size();
    Cycles confirmed = now;
    busy_until_[sender.index()] = kNever;
    if (cores_ == 1) return confirmed;
    flights_.push_back({invalidation, cores_ - 1});
    for (std::uint32_t i = 0; i < cores_; ++i) {
        const CpuId target{i};
        if (target == sender) continue;
        const Cycles one_way = flight(sender, target);
        conductor_.core(target).post_notice({now + one_way, sender, kInvalidate, sequence, payload});
        confirmed = std::max(confirmed, now + one_way * 2);
    }
    return confirmed;
}

Cycles BroadcastFabric::end_of_sync(CpuId sender, Cycles now, Cycles alone) {
    std::uint64_t others = 0;
    for (std::size_t i = 0; i < busy_until_.size(); ++i)
        if (i != sender.index() && busy_until_[i] > now) ++others;
    busy_until_[sender.index()] = alone + params_.per_sender * others;
    return busy_until_[sender.index()];
}

void BroadcastFabric::drop(CpuId sender, Cycles now, const x86::Invlpgb& invalidation, std::uint64_t sequence) {
    if (cores_ == 1) return;
    const std::uint64_t payload = first_flight_ + flights_.size();
    flights_.push_back({invalidation, cores_ - 1});
    for (std::uint32_t i = 0; i < cores_; ++i) {
        const CpuId target{i};
        if (target != sender) conductor_.core(target).post_notice({now + lookahead_, sender, kDrop, sequence, payload});
    }
}

x86::Invlpgb BroadcastFabric::take(std::uint64_t payload) {
    Flight& flight = flights_[payload - first_flight_];
    SPLINTER_CHECK(flight.targets > 0, "each target takes a broadcast once");
    const x86::Invlpgb invalidation = flight.invalidation;
    --flight.targets;
    for (; !flights_.empty() && flights_.front().targets == 0; ++first_flight_) flights_.pop_front();
    return invalidation;
}

Cycles BroadcastFabric::flight(CpuId from, CpuId to) const {
    return topology_.distance(from, to) == Distance::cross ? params_.flight_cross : params_.flight_socket;
}

}  // namespace splinter::hw
