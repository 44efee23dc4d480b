#include "hw/mem/memory_system.h"

#include <cstring>

#include "hw/mem/systemc_time.h"

namespace splinter::hw {

MemorySystem::MemorySystem(sc_core::sc_module_name name, const MachineParams& params, const Topology& topology,
                           x86::PhysMem& memory)
    : sc_module{name},
      in{"in"},
      memory_{&memory},
      caches_{params, topology},
      recent_stores_{params.lookahead()},
      lines_{params, topology} {
    in.register_b_transport(this, &MemorySystem::b_transport);
    in.register_get_direct_mem_ptr(this, &MemorySystem::get_direct_mem_ptr);
    in.register_transport_dbg(this, &MemorySystem::transport_dbg);
}

void MemorySystem::b_transport(int initiator, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    if (transport_dbg(initiator, payload) != payload.get_data_length()) return;
    const CpuId cpu{static_cast<std::uint32_t>(initiator)};
    delay += to_sc_time(caches_.read_page_table(cpu, PhysAddr{payload.get_address()}));
}

bool MemorySystem::get_direct_mem_ptr(int /*initiator*/, tlm::tlm_generic_payload& /*payload*/, tlm::tlm_dmi& dmi) {
    dmi.set_dmi_ptr(reinterpret_cast<unsigned char*>(memory_->data()));
    dmi.set_start_address(0);
    dmi.set_end_address(memory_->bytes() - 1);
    dmi.allow_read();  // what a read costs depends on the address: the initiator asks caches()
    return true;
}

unsigned MemorySystem::transport_dbg(int /*initiator*/, tlm::tlm_generic_payload& payload) {
    const std::uint64_t address = payload.get_address();
    const unsigned length = payload.get_data_length();
    if (!payload.is_read()) {
        payload.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
        return 0;
    }
    if (address >= memory_->bytes() || length > memory_->bytes() - address) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return 0;
    }
    std::memcpy(payload.get_data_ptr(), memory_->data() + address, length);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return length;
}

}  // namespace splinter::hw
