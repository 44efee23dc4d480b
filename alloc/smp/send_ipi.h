// Which destinations of the ICR an interrupt to several CPUs takes: arch/x86/kernel/apic/ipi.c (native_send_call_func_ipi()),
// x2apic_cluster.c, Linux 6.12. All online CPUs but this one: the shorthand, one write. One CPU: its own APIC. Else one write
// for each x2APIC cluster that has a target, at most 16 CPUs each.
#pragma once

#include "alloc/cpu.h"

namespace splinter::alloc {

// REQUIRES: targets, online, without this CPU.
void send_ipi(Cpu& cpu, const CpuMask& targets, std::uint8_t vector);
void send_ipi(Cpu& cpu, CpuId target, std::uint8_t vector);

}  // namespace splinter::alloc
