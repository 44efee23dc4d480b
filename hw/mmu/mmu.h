// The MMU of one core as a SystemC module around the plain TranslationUnit: it gives the walker its memory. Page tables are
// read through `out`, by DMI on the hot path or by b_transport for every read; both give equal cycles. What a read sees of
// other cores' stores, and when, is decided by RecentStores and ordering points.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include "hw/core/timeline.h"
#include "hw/mem/memory_system.h"
#include "hw/mmu/translation_unit.h"

namespace splinter::hw {

class Mmu : public sc_core::sc_module, private PageTablePort {
  public:
    tlm_utils::simple_initiator_socket<Mmu> out;  // page-table reads

    Mmu(sc_core::sc_module_name name, const MachineParams& params, MemorySystem& memory, Timeline& timeline);
    Mmu(const Mmu&) = delete;
    Mmu& operator=(const Mmu&) = delete;

    // Accesses, registers, invalidations and what is cached. An access may reach an ordering point (A or D to set).
    [[nodiscard]] TranslationUnit& unit() { return unit_; }
    [[nodiscard]] const TranslationUnit& unit() const { return unit_; }

    // One page-table entry as this core sees it now, and a store to one. Untimed.
    [[nodiscard]] x86::Pte load(PhysAddr address) const;
    void store(PhysAddr address, x86::Pte value);

  private:
    void end_of_elaboration() override;
    x86::Pte read(PhysAddr address, Cycles& latency) override;
    x86::Pte set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) override;
    [[nodiscard]] x86::Pte read_by_transport(PhysAddr address, Cycles& latency);
    // What this core sees where memory holds `newest`.
    [[nodiscard]] x86::Pte seen_here(PhysAddr address, x86::Pte newest) const;

    MemorySystem& memory_;
    Timeline& timeline_;
    std::string bus_;
    const unsigned char* dmi_ = nullptr;
    TranslationUnit unit_;
};

}  // namespace splinter::hw
