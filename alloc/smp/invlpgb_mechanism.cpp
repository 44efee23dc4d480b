#include "alloc/smp/invlpgb_mechanism.h"

#include "alloc/accounts.h"
#include "alloc/smp/broadcast_range.h"

namespace splinter::alloc {

void InvlpgbMechanism::kernel(Cpu& cpu, const RemoteWork& work) {
    {
        const Account account{cpu, kCallSetup};
        for_each_broadcast(work, [&](const x86::Invlpgb& invalidation) { post(cpu, invalidation); });
    }
    const Account account{cpu, kAckWait};
    ++calls_.counters(cpu.id()).tlbsync;
    cpu.sync_broadcasts();
}

void InvlpgbMechanism::post(Cpu& cpu, const x86::Invlpgb& invalidation) {
    ++calls_.counters(cpu.id()).invlpgb;
    cpu.broadcast(invalidation);
}

}  // namespace splinter::alloc
