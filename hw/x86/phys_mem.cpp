#include "hw/x86/phys_mem.h"

#include <sys/mman.h>

#include "hw/base/user_error.h"

namespace splinter::x86 {

PhysMem::PhysMem(std::uint64_t bytes) : bytes_{bytes} {
    void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED)
        throw UserError("platform.memory", "the host has no address space for " + std::to_string(bytes) + " simulated bytes");
    data_ = static_cast<std::byte*>(mapping);
}

PhysMem::~PhysMem() { munmap(data_, bytes_); }

}  // namespace splinter::x86
