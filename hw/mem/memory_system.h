// The memory side of the machine: page-table reads by the walkers (a TLM-2.0 target), the caches that decide what they cost,
// the record of young stores, ownership of shared lines. Functional contents live in x86::PhysMem.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include "hw/machine_params.h"
#include "hw/mem/cache_hierarchy.h"
#include "hw/mem/line_directory.h"
#include "hw/mem/recent_stores.h"
#include "hw/x86/phys_mem.h"

namespace splinter::hw {

class MemorySystem : public sc_core::sc_module {
  public:
    tlm_utils::multi_passthrough_target_socket<MemorySystem> in;  // one initiator per core's walker, bound in the cores' order

    MemorySystem(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology, x86::PhysMem& memory);
    MemorySystem(const MemorySystem&) = delete;
    MemorySystem& operator=(const MemorySystem&) = delete;

    [[nodiscard]] RecentStores& recent_stores() { return recent_stores_; }
    [[nodiscard]] LineDirectory& lines() { return lines_; }
    [[nodiscard]] CacheHierarchy& caches() { return caches_; }
    [[nodiscard]] const CacheHierarchy& caches() const { return caches_; }
    [[nodiscard]] x86::PhysMem& contents() { return *memory_; }

  private:
    // Annotates the delay, never waits: a walker whose read looks into a shared cache has reached its ordering point before.
    // 8-byte reads only: walkers write through Mmu::store, which records the store.
    void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool get_direct_mem_ptr(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    unsigned transport_dbg(int initiator, tlm::tlm_generic_payload& payload);

    x86::PhysMem* memory_;
    CacheHierarchy caches_;
    RecentStores recent_stores_;
    LineDirectory lines_;
};

}  // namespace splinter::hw
