#include "hw/mmu/mmu.h"

#include "hw/base/check.h"
#include "hw/mem/systemc_time.h"

namespace splinter::hw {

Mmu::Mmu(sc_core::sc_module_name name, const MachineParams& params, MemorySystem& memory, Timeline& timeline)
    : sc_module{name},
      out{"out"},
      memory_{memory},
      timeline_{timeline},
      bus_{params.bus},
      unit_{params.mmu, params.core, *this} {
    out.bind(memory.in);
    unit_.give_hints_about(memory.contents());
}

void Mmu::end_of_elaboration() {
    if (bus_ != "dmi") return;
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(0);
    tlm::tlm_dmi dmi;
    SPLINTER_CHECK(out->get_direct_mem_ptr(payload, dmi), "the memory system grants DMI");
    dmi_ = dmi.get_dmi_ptr();
    // With simulated caches, each read asks them what it costs.
    if (!memory_.caches().simulated())
        unit_.read_directly({reinterpret_cast<const std::byte*>(dmi_), dmi.get_end_address() + 1,
                             memory_.caches().page_table_read(), &memory_.recent_stores()});
}

inline x86::Pte Mmu::seen_here(PhysAddr address, x86::Pte newest) const {
    const RecentStores& recent = memory_.recent_stores();
    return recent.empty() ? newest : recent.view(timeline_.id(), timeline_.now(), timeline_.last_order(), address, newest);
}

x86::Pte Mmu::load(PhysAddr address) const { return seen_here(address, memory_.contents().load(address)); }

x86::Pte Mmu::read(PhysAddr address, Cycles& latency) {
    CacheHierarchy& caches = memory_.caches();
    // The last-level cache is shared. The entry is read after the ordering point: no stale value outlives it.
    if (caches.reaches_shared(timeline_.id(), address)) timeline_.order();
    if (dmi_ == nullptr) return read_by_transport(address, latency);
    latency += caches.read_page_table(timeline_.id(), address);
    return load(address);
}

x86::Pte Mmu::read_by_transport(PhysAddr address, Cycles& latency) {
    std::uint64_t data = 0;
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(address.raw());
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&data));
    payload.set_data_length(sizeof data);
    payload.set_streaming_width(sizeof data);
    sc_core::sc_time delay;
    out->b_transport(payload, delay);
    SPLINTER_CHECK(payload.is_response_ok(), "page-table read outside memory");
    latency += to_cycles(delay);
    return seen_here(address, x86::Pte{data});
}

// A locked read-modify-write: an ordering point, after which the entry is looked at again.
x86::Pte Mmu::set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) {
    timeline_.order();
    const x86::Pte current = load(address);
    if (current != seen) return current;
    store(address, current.with(flags));
    return current.with(flags);
}

void Mmu::store(PhysAddr address, x86::Pte value) {
    x86::PhysMem& contents = memory_.contents();
    const OrderPoint at{timeline_.now(), timeline_.id()};
    contents.store(address, memory_.recent_stores().record(at, address, contents.load(address), value));
}

}  // namespace splinter::hw
