#include "alloc/smp/call_function.h"

#include <utility>

#include "alloc/smp/send_ipi.h"

namespace splinter::alloc {

CallFunction::CallFunction(std::size_t cpus, layout::KernelData data)
    : data_{data}, local_{cpus, data}, queues_(cpus), requests_(cpus) {}

void CallFunction::run_on_all(Cpu& cpu, const RemoteWork& work) { run_on(cpu, all_but(cpu), work); }

void CallFunction::run_on(Cpu& cpu, const CpuMask& targets, const RemoteWork& work, Acknowledge acknowledge) {
    Request& request = requests_[cpu.id().index()];
    request = {cpu.id(), request.sequence + 1, work, acknowledge};
    if (!targets.empty()) {
        const Account account{cpu, kCallSetup};
        cpu.retire(Step::flush_setup);
        cpu.begin_call(targets.count());
        const CpuMask to_interrupt = enqueue(cpu, targets, request);
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
    cpu.end_call(targets, request.sequence, data_.call_data(cpu.id()));
}

CpuMask CallFunction::enqueue(Cpu& cpu, const CpuMask& targets, const Request& request) {
    CpuMask to_interrupt = targets;
    cpu.touch_each(targets, Step::csd_enqueue, data_.call_queues(), [&](CpuId target) {  // llist_add(): atomic
        Queue& queue = queues_[target.index()];
        const bool first = queue.empty();
        if (!first) to_interrupt.clear(target);
        if (first && request.acknowledge == Acknowledge::when_done)
            queue.first = &request;
        else
            queue.others.push_back(request);
    });
    return to_interrupt;
}

void CallFunction::on_interrupt(Cpu& cpu) {
    const Account account{cpu, kCallHandler};
    cpu.touch(data_.call_queues().of(cpu.id()), Touch::called);  // llist_del_all(): atomic
    Queue& queue = queues_[cpu.id().index()];
    const Request* const first = std::exchange(queue.first, nullptr);
    if (!queue.others.empty()) [[unlikely]]
        return handle_all(cpu, first, std::exchange(queue.others, {}));
    if (first != nullptr) handle(cpu, *first);
}

void CallFunction::handle_all(Cpu& cpu, const Request* first, const std::vector<Request>& others) {
    for (const Request& request : others)
        if (request.acknowledge == Acknowledge::on_entry) acknowledge(cpu, request);
    if (first != nullptr) handle(cpu, *first);
    for (const Request& request : others) handle(cpu, request);
}

inline void CallFunction::handle(Cpu& cpu, const Request& request) {
    cpu.retire(Step::csd_handle);
    if (request.acknowledge == Acknowledge::when_done)
        cpu.touch(data_.call_data(request.initiator).of(cpu.id()), Touch::owned);  // the initiator only waits
    local_.execute(cpu, request.work);
    ++counters(cpu.id()).cross_calls_received;
    if (request.acknowledge == Acknowledge::when_done) cpu.acknowledge(request.initiator, request.sequence);
}

inline void CallFunction::acknowledge(Cpu& cpu, const Request& request) {
    cpu.touch(data_.call_data(request.initiator).of(cpu.id()), Touch::owned);
    cpu.acknowledge(request.initiator, request.sequence);
}

}  // namespace splinter::alloc
