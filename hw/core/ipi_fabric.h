// The interconnect that carries interrupts: a flight time by distance, longer to a core whose two
// threads are busy (sgx-step, app/selftest/apic-ipi: 935 cycles to the handler's first instruction, 1771 with a busy sibling),
// no contention. Arrivals are messages in the targets'
// inboxes, never events.
#pragma once

#include "hw/core/local_apic.h"
#include "hw/topology.h"

namespace splinter::hw {

class IpiFabric : public sc_core::sc_module, public IpiFabricIf {
  public:
    sc_core::sc_export<IpiFabricIf> in{"in"};

    IpiFabric(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology, Conductor& conductor)
        : sc_module{name}, params_{params.ipi}, topology_{topology}, conductor_{conductor} {
        in.bind(*this);
    }
    IpiFabric(const IpiFabric&) = delete;
    IpiFabric& operator=(const IpiFabric&) = delete;

    void send(CpuId sender, Cycles now, const CpuMask& targets, Vector vector, std::uint64_t first_sequence) override {
        std::uint64_t sequence = first_sequence;
        targets.for_each([&](CpuId target) {
            conductor_.core(target).post_interrupt({now + flight(sender, target), sender, vector.raw(), sequence++});
        });
    }
    [[nodiscard]] Cycles flight(CpuId from, CpuId to) const {
        const bool cross = topology_.distance(from, to) == Distance::cross;
        const Cycles flight = cross ? params_.flight_cross : params_.flight_socket;
        return topology_.shares_core(to) ? flight + params_.busy_sibling : flight;
    }

  private:
    IpiParams params_;
    const Topology& topology_;
    Conductor& conductor_;
};

}  // namespace splinter::hw
