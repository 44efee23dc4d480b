// The memory side of the machine: page-table reads by the walkers (a TLM-2.0 target), the record of young stores, ownership of
// shared lines. Functional contents live in x86::PhysMem.
//
// Latency model `fixed`: each page-table read costs params.mem.page_table_read. Leaves out: caches and DRAM for page tables
// and data, NUMA distance of memory.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>

#include "hw/machine_params.h"
#include "hw/mem/line_directory.h"
#include "hw/mem/recent_stores.h"
#include "hw/x86/phys_mem.h"

namespace splinter::hw {

class MemorySystem : public sc_core::sc_module {
  public:
    tlm_utils::multi_passthrough_target_socket<MemorySystem> in;  // one initiator per core's walker

    MemorySystem(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology, x86::PhysMem& memory);
    MemorySystem(const MemorySystem&) = delete;
    MemorySystem& operator=(const MemorySystem&) = delete;

    [[nodiscard]] RecentStores& recent_stores() { return recent_stores_; }
    [[nodiscard]] LineDirectory& lines() { return lines_; }
    [[nodiscard]] x86::PhysMem& contents() { return *memory_; }

  private:
    // Annotates the delay, never waits. 8-byte reads only: walkers write through Mmu::store, which records the store.
    void b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    bool get_direct_mem_ptr(int initiator, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
    unsigned transport_dbg(int initiator, tlm::tlm_generic_payload& payload);

    Cycles read_latency_;
    x86::PhysMem* memory_;
    RecentStores recent_stores_;
    LineDirectory lines_;
};

}  // namespace splinter::hw
