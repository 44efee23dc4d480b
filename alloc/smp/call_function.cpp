#include "alloc/smp/call_function.h"

#include <utility>

#include "alloc/smp/send_ipi.h"

namespace splinter::alloc {

CallFunction::CallFunction(std::size_t cpus, layout::KernelData data)
    : data_{data}, local_{cpus, data}, queues_(cpus), sequences_(cpus, 0) {}

void CallFunction::run_on_all(Cpu& cpu, const RemoteWork& work) { run_on(cpu, all_but(cpu), work); }

void CallFunction::run_on(Cpu& cpu, const CpuMask& targets, const RemoteWork& work, Acknowledge acknowledge) {
    const std::uint64_t sequence = ++sequences_[cpu.id().index()];
    if (!targets.empty()) {
        const Account account{cpu, kCallSetup};
        cpu.retire(Step::flush_setup);
        cpu.begin_call(targets.count());
        const CpuMask to_interrupt = enqueue(cpu, targets, {cpu.id(), sequence, work, acknowledge});
        if (!to_interrupt.empty()) send_ipi(cpu, to_interrupt, kCallFunctionVector);
        ++counters(cpu.id()).cross_calls;
    }
    {
        const Account account{cpu, kLocalFlush};
        local_.execute(cpu, work);
    }
    if (targets.empty()) return;
    const Account account{cpu, kAckWait};
    cpu.retire(Step::csd_wait);
    cpu.end_call(targets, sequence, data_.call_data(cpu.id()));
}

CpuMask CallFunction::enqueue(Cpu& cpu, const CpuMask& targets, const Request& request) {
    CpuMask to_interrupt = targets;
    cpu.touch_each(targets, Step::csd_enqueue, data_.call_queues(), [&](CpuId target) {  // llist_add(): atomic
        std::vector<Request>& queue = queues_[target.index()].waiting;
        if (!queue.empty()) to_interrupt.clear(target);
        queue.push_back(request);
    });
    return to_interrupt;
}

void CallFunction::on_interrupt(Cpu& cpu) {
    const Account account{cpu, kCallHandler};
    cpu.touch(data_.call_queues().of(cpu.id()), Touch::called);  // llist_del_all(): atomic
    auto& [waiting, requests] = queues_[cpu.id().index()];
    requests.clear();
    std::swap(waiting, requests);
    const auto is_early = [](const Request& request) { return request.acknowledge == Acknowledge::on_entry; };
    for (const Request& request : requests) {
        if (!is_early(request)) continue;
        cpu.touch(data_.call_data(request.initiator).of(cpu.id()), Touch::owned);
        cpu.acknowledge(request.initiator, request.sequence);
    }
    for (const Request& request : requests) {
        cpu.retire(Step::csd_handle);
        if (!is_early(request))
            cpu.touch(data_.call_data(request.initiator).of(cpu.id()), Touch::owned);  // the initiator only waits
        local_.execute(cpu, request.work);
        ++counters(cpu.id()).cross_calls_received;
        if (!is_early(request)) cpu.acknowledge(request.initiator, request.sequence);
    }
}

}  // namespace splinter::alloc
