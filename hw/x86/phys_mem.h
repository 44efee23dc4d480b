// Simulated physical memory: functional, untimed, sparse. One lazily backed host mapping (MAP_NORESERVE) covers all of it, so
// that a frame nobody wrote costs nothing, an access is one load, and a DMI pointer is valid for the whole run.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw/base/check.h"
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
    [[nodiscard]] Pte load(PhysAddr address) const { return Pte{*word(address)}; }
    void store(PhysAddr address, Pte value) { *word(address) = value.raw(); }

    // The words from `address` on, as they are and will be. REQUIRES: 8-byte aligned, inside the memory.
    [[nodiscard]] const std::uint64_t* words_at(PhysAddr address) const { return word(address); }
    [[nodiscard]] bool contains(PhysAddr address) const { return address.raw() <= bytes_ - 8; }
    // Lets the host fetch the line; any address.
    void prefetch(PhysAddr address) const {
        if (contains(address)) __builtin_prefetch(data_ + address.raw());
    }

  private:
    [[nodiscard]] std::uint64_t* word(PhysAddr address) const {
        SPLINTER_CHECK(address.raw() % 8 == 0 && address.raw() + 8 <= bytes_, "physical address out of range");
        return reinterpret_cast<std::uint64_t*>(data_ + address.raw());  // page-aligned base, aligned offset
    }
    std::uint64_t bytes_;
    std::byte* data_;
};

}  // namespace splinter::x86
