#include "alloc/smp/deferred_mechanism.h"

#include <utility>

#include "alloc/accounts.h"

namespace splinter::alloc {

void DeferredMechanism::kernel(Cpu& cpu, const RemoteWork& work) {
    CpuMask in_kernel;
    {
        const Account account{cpu, kCallSetup};
        CallFunction::all_but(cpu).for_each([&](CpuId target) {
            cpu.touch(data_.cpu_context(target), Touch::contended);  // cmpxchg
            Context& context = contexts_[target.index()];
            if (context.where == Where::kernel) return in_kernel.set(target);
            context.flush = Flush::pending;
            ++calls_.counters(cpu.id()).flushes_left_pending;
        });
    }
    calls_.run_on(cpu, in_kernel, work);
}

void DeferredMechanism::entered_kernel(Cpu& cpu) {
    const Account account{cpu, kLateFlush};
    cpu.touch(data_.cpu_context(cpu.id()), Touch::contended);  // xchg
    Context& context = contexts_[cpu.id().index()];
    context.where = Where::kernel;
    if (std::exchange(context.flush, Flush::none) == Flush::pending) calls_.local().execute(cpu, {RemoteWork::Kind::flush_all});
}

void DeferredMechanism::leaves_kernel(Cpu& cpu) {
    const Account account{cpu, kLateFlush};
    cpu.touch(data_.cpu_context(cpu.id()), Touch::contended);  // xchg
    contexts_[cpu.id().index()].where = Where::outside;
}

}  // namespace splinter::alloc
