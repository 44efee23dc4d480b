// The instructions that C++ has no words for. SDM Vol. 2.
#pragma once

#include "tests/oracle/guest/layout.h"

namespace oracle_guest {

constexpr uint64_t kCr0Base = 0x8000'0011;  // PG, ET, PE
constexpr uint64_t kCr0Wp = uint64_t{1} << 16;
constexpr uint64_t kCr4Pse = uint64_t{1} << 4;
constexpr uint64_t kCr4Pae = uint64_t{1} << 5;
constexpr uint64_t kCr4Pge = uint64_t{1} << 7;
constexpr uint64_t kCr4La57 = uint64_t{1} << 12;
constexpr uint64_t kCr4Smep = uint64_t{1} << 20;
constexpr uint64_t kCr4Smap = uint64_t{1} << 21;
constexpr uint64_t kCr4Pke = uint64_t{1} << 22;
constexpr uint64_t kCr4Pks = uint64_t{1} << 24;
constexpr uint64_t kEferBase = 0x500;  // LMA, LME
constexpr uint64_t kEferNxe = uint64_t{1} << 11;
constexpr uint64_t kRflagsFixed = 2;
constexpr uint64_t kRflagsAc = uint64_t{1} << 18;

constexpr uint32_t kMsrEfer = 0xc000'0080;
constexpr uint32_t kMsrPkrs = 0x6e1;

struct CpuidLeaf {
    uint32_t eax, ebx, ecx, edx;
};

inline CpuidLeaf cpuid(uint32_t leaf) {
    CpuidLeaf out{leaf, 0, 0, 0};
    asm volatile("cpuid" : "+a"(out.eax), "=b"(out.ebx), "+c"(out.ecx), "=d"(out.edx));
    return out;
}

inline uint64_t read_cr3() {
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}
inline uint64_t read_cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
inline void write_cr0(uint64_t value) { asm volatile("mov %0, %%cr0" : : "r"(value) : "memory"); }
inline void write_cr3(uint64_t value) { asm volatile("mov %0, %%cr3" : : "r"(value) : "memory"); }
inline void write_cr4(uint64_t value) { asm volatile("mov %0, %%cr4" : : "r"(value) : "memory"); }

inline void write_msr(uint32_t msr, uint64_t value) {
    asm volatile("wrmsr" : : "c"(msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");
}
// Needs CR4.PKE = 1.
inline void write_pkru(uint32_t value) { asm volatile("wrpkru" : : "a"(value), "c"(0), "d"(0) : "memory"); }

inline void load_task_register(uint16_t selector) { asm volatile("ltr %0" : : "r"(selector)); }
inline void load_local_table(uint16_t selector) { asm volatile("lldt %0" : : "r"(selector) : "memory"); }
inline void write_port(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

}  // namespace oracle_guest
