// Simulated physical memory: functional, untimed, sparse. One lazily backed host mapping (MAP_NORESERVE) covers all of it, so
// that a frame nobody wrote costs nothing, an access is one load, and a DMI pointer is valid for the whole run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw/x86/pte.h"

namespace splinter::x86 {

class PhysMem {
  public:
    // `bytes` of zeroed memory from physical address 0. Throws UserError if the host refuses the address space.
    explicit PhysMem(std::uint64_t bytes);
    ~PhysMem();
    PhysMem(const PhysMem&) = delete;
    PhysMem& operator=(const PhysMem&) = delete;

    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::byte* data() { return data_; }
    // REQUIRES: 8-byte aligned, inside the memory.
    [[nodiscard]] Pte load(PhysAddr address) const;
    void store(PhysAddr address, Pte value);

  private:
    [[nodiscard]] std::uint64_t* word(PhysAddr address) const;
    std::uint64_t bytes_;
    std::byte* data_;
};

}  // namespace splinter::x86
