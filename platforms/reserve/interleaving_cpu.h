// A CPU without time on which others run a whole operation at a chosen moment: the Nth time that it is about to take a lock.
// What others hold, it cannot have: an operation that waits for it cannot come to its end then, and Blocked ends it all.
#pragma once

#include <functional>
#include <set>
#include <utility>

#include "platforms/adapter/boot_cpu.h"

namespace splinter::platforms {

class InterleavingCpu : public BootCpu {
  public:
    struct Blocked {};
    using Locks = std::set<alloc::LockId>;

    // `held`: the locks of all CPUs together.
    InterleavingCpu(CpuId id, x86::PhysMem& memory, Locks& held) : BootCpu{id, memory}, held_{held} {}

    // Others run at the moment number `moment` from now on, from 1; 0: never.
    void interrupt_at(std::uint64_t moment, std::function<void()> others) {
        moments_ = 0;
        at_ = moment;
        others_ = std::move(others);
    }
    // Moments since then.
    [[nodiscard]] std::uint64_t moments() const { return moments_; }

    void lock(alloc::LockId lock) override {
        if (++moments_ == at_) std::exchange(others_, nullptr)();
        if (held_.contains(lock)) throw Blocked{};
        held_.insert(lock);
    }
    void unlock(alloc::LockId lock) override { held_.erase(lock); }
    [[nodiscard]] bool try_lock(alloc::LockId lock) override {
        this->lock(lock);
        return true;
    }

  private:
    Locks& held_;
    std::uint64_t moments_ = 0;
    std::uint64_t at_ = 0;
    std::function<void()> others_;
};

}  // namespace splinter::platforms
