#include "alloc/smp/send_ipi.h"

#include <map>

namespace splinter::alloc {

void send_ipi(Cpu& cpu, CpuId target, std::uint8_t vector) {
    CpuMask only;
    only.set(target);
    cpu.write_icr(only, IcrDestination::single, vector);
}

void send_ipi(Cpu& cpu, const CpuMask& targets, std::uint8_t vector) {
    const std::size_t count = targets.count();
    if (count == 1) return cpu.write_icr(targets, IcrDestination::single, vector);
    if (count + 1 == cpu.online().count()) return cpu.write_icr(targets, IcrDestination::all_but_self, vector);
    std::map<std::uint32_t, CpuMask> clusters;
    targets.for_each([&](CpuId target) { clusters[cpu.x2apic_cluster(target)].set(target); });
    for (const auto& [cluster, members] : clusters) cpu.write_icr(members, IcrDestination::cluster, vector);
}

}  // namespace splinter::alloc
