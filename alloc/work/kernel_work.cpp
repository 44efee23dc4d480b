#include "alloc/work/kernel_work.h"

#include <algorithm>
#include <utility>

#include "alloc/accounts.h"
#include "alloc/smp/send_ipi.h"

namespace splinter::alloc {

void KernelWork::at(Cpu& cpu, Cycles when, Work& work) {
    std::vector<Timed>& timers = mine(cpu).timers;
    const auto later = std::find_if(timers.begin(), timers.end(), [&](const Timed& timed) { return timed.when <= when; });
    timers.insert(later, {when, &work});
    arm(cpu);
}

void KernelWork::arm(Cpu& cpu) {
    const std::vector<Timed>& timers = mine(cpu).timers;
    cpu.set_timer(timers.empty() ? kNever : timers.back().when);
}

void KernelWork::on_timer(Cpu& cpu) {
    PerCpu& of_cpu = mine(cpu);
    while (!of_cpu.timers.empty() && of_cpu.timers.back().when <= cpu.now()) {
        of_cpu.ready.push_back(of_cpu.timers.back().work);
        of_cpu.timers.pop_back();
    }
    arm(cpu);
}

void KernelWork::wake(Cpu& cpu, CpuId target, Work& work) {
    const auto push_once = [&work](std::deque<Work*>& queue) {
        if (std::find(queue.begin(), queue.end(), &work) == queue.end()) queue.push_back(&work);
    };
    if (target == cpu.id()) return push_once(mine(cpu).ready);
    cpu.touch(data_.work_queue(target), Touch::contended);  // ttwu_queue_wakelist(): atomic
    std::deque<Work*>& woken = cpus_[target.index()].woken;
    const bool interrupt = woken.empty();
    push_once(woken);
    if (!interrupt) return;
    send_ipi(cpu, target, kRescheduleVector);
}

void KernelWork::on_reschedule(Cpu& cpu) {
    cpu.touch(data_.work_queue(cpu.id()), Touch::contended);  // sched_ttwu_pending(): atomic
    PerCpu& of_cpu = mine(cpu);
    for (Work* work : std::exchange(of_cpu.woken, {}))
        if (std::find(of_cpu.ready.begin(), of_cpu.ready.end(), work) == of_cpu.ready.end()) of_cpu.ready.push_back(work);
}

void KernelWork::run_pending(Cpu& cpu) {
    const Account account{cpu, kKernelWork};
    std::deque<Work*>& ready = mine(cpu).ready;
    while (!ready.empty()) {
        Work* const work = ready.front();
        ready.pop_front();
        work->run(cpu);
    }
}

}  // namespace splinter::alloc
