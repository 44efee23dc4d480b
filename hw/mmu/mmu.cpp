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
}

void Mmu::end_of_elaboration() {
    if (bus_ != "dmi") return;
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(0);
    tlm::tlm_dmi dmi;
    SPLINTER_CHECK(out->get_direct_mem_ptr(payload, dmi), "the memory system grants DMI");
    dmi_ = dmi.get_dmi_ptr();
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

// The leaf entry is what the host's caches miss. Page directories are few: where they are is remembered, and a page directory
// that is none any more makes a useless hint, not a wrong one. What is on the way to it is read as it is now, whoever may see
// it.
void Mmu::expect_walk(VirtAddr va, Pfn root, x86::Level level) {
    const x86::PhysMem& contents = memory_.contents();
    Directory& directory = directories_[va.raw() >> x86::kPdpte.shift() & (kDirectories - 1)];
    const std::uint64_t key = va.raw() >> x86::kPdpte.shift() | root.raw() << (64 - x86::kPdpte.shift());
    if (directory.key != key) [[unlikely]] {
        Pfn table = root;
        for (; level > x86::kPde; level = level.below()) {
            const PhysAddr address = base_of(table) + level.index(va) * 8;
            if (!contents.contains(address)) return;
            const x86::Pte entry = contents.load(address);
            if (!entry.present() || entry.is_leaf(level)) return;
            table = entry.next_table();
        }
        if (!contents.contains(base_of(table) + (kPageBytes - 8))) return;
        directory = {key, table};
    }
    const x86::Pte entry = contents.load(base_of(directory.table) + x86::kPde.index(va) * 8);
    if (entry.present() && !entry.is_leaf(x86::kPde)) contents.prefetch(base_of(entry.next_table()) + x86::kPte.index(va) * 8);
}

void Mmu::store(PhysAddr address, x86::Pte value) {
    x86::PhysMem& contents = memory_.contents();
    const OrderPoint at{timeline_.now(), timeline_.id()};
    contents.store(address, memory_.recent_stores().record(at, address, contents.load(address), value));
}

}  // namespace splinter::hw
