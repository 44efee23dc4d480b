#include "hw/x86/phys_mem.h"

#include <sys/mman.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::x86 {

PhysMem::PhysMem(std::uint64_t bytes) : bytes_{bytes} {
    void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        throw UserError("platform.memory", "the host has no address space for " + std::to_string(bytes) + " simulated bytes");
    data_ = static_cast<std::byte*>(mapping);
}

PhysMem::~PhysMem() { munmap(data_, bytes_); }

Pte PhysMem::load(PhysAddr address) const { return Pte{*word(address)}; }

void PhysMem::store(PhysAddr address, Pte value) { *word(address) = value.raw(); }

std::uint64_t* PhysMem::word(PhysAddr address) const {
    SPLINTER_CHECK(address.raw() % 8 == 0 && address.raw() + 8 <= bytes_, "physical address out of range");
    return reinterpret_cast<std::uint64_t*>(data_ + address.raw());  // page-aligned base, aligned offset
}

}  // namespace splinter::x86
