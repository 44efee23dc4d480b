#include "platforms/workload/background.h"

#include <algorithm>

#include "alloc/layout.h"

namespace splinter::platforms {
namespace {
inline constexpr Label kUser{"user"};
inline constexpr Label kKernel{"kernel"};
inline constexpr Label kIrqOff{"irq-off"};
inline constexpr Label kSwitch{"switch_mm"};
inline constexpr Label kIdle{"idle"};
inline constexpr Label kSpeculative{"speculative"};

constexpr Cycles kIdleStep{1000};  // an interrupt makes the core late by less

// The low 16 random bits as a number from 0 to 99.
std::uint64_t percentile(std::uint64_t bits) { return (bits & 0xffff) * 100 >> 16; }

// Around the last of the kernel's own pages, as far as there is memory.
PfnRange window_of(const Node& node) {
    const std::uint64_t wanted = node.config().workload.background.speculative_window >> kPageShift;
    const std::uint64_t memory = node.config().platform.memory >> kPageShift;
    if (node.kernel_pages().empty() || wanted >= memory) return {Pfn{0}, PageCount{memory}};
    const std::uint64_t centre = node.kernel_pages().back().raw();
    const std::uint64_t first = std::min(centre - std::min(centre, wanted / 2), memory - wanted);
    return {Pfn{first}, PageCount{wanted}};
}

Cycles busy_length_of(const BackgroundParams& params) {
    if (params.idle_percent == 0) return Cycles{0};
    return Cycles{std::max<std::uint64_t>(1, params.idle_length.raw() * (100 - params.idle_percent) / params.idle_percent)};
}

}  // namespace

BackgroundDraws::BackgroundDraws(const Node& node, CpuId core)
    : params_{node.config().workload.background},
      kernel_pages_{node.kernel_pages()},
      rng_{node.config().platform.seed, "core" + std::to_string(core.raw()) + ".background"},
      speculative_rng_{node.config().platform.seed, "core" + std::to_string(core.raw()) + ".speculative"},
      window_{window_of(node)},
      user_pages_{params_.user_footprint >> kPageShift},
      user_page_{Node::kUserBase},
      kernel_page_{kernel_pages_.empty() ? VirtAddr{} : alloc::layout::direct_map(kernel_pages_.front())} {}

BackgroundDraws::Draw BackgroundDraws::next() {
    if (params_.speculative_percent > 0 && percentile(speculative_rng_.next()) < params_.speculative_percent)
        return {next_speculative(), Target::speculative};
    const std::uint64_t dice = rng_.next();
    const bool kernel = !kernel_pages_.empty() && percentile(dice) < params_.kernel_percent;
    const bool same_page = percentile(dice >> 16) < params_.same_page_percent;
    const std::uint64_t offset = dice >> 32 & (kPageBytes - 1);
    if (kernel) {
        if (!same_page) kernel_page_ = next_kernel_page();
        return {kernel_page_ + offset, Target::kernel};
    }
    if (user_pages_ == 0) return {};
    if (!same_page) user_page_ = next_user_page();
    return {user_page_ + offset, Target::user};
}

VirtAddr BackgroundDraws::next_user_page() { return Node::kUserBase + rng_.below(user_pages_) * kPageBytes; }

VirtAddr BackgroundDraws::next_kernel_page() {
    return alloc::layout::direct_map(kernel_pages_[rng_.below(kernel_pages_.size())]);
}

VirtAddr BackgroundDraws::next_speculative() {
    return alloc::layout::direct_map(window_.first + PageCount{speculative_rng_.below(window_.count.raw())});
}

BackgroundLoop::BackgroundLoop(Node& node, CpuId core, Memory memory)
    : node_{node},
      memory_{memory},
      think_{node.config().workload.background.think},
      switch_every_{node.config().workload.background.switch_every},
      next_switch_{switch_every_},
      busy_length_{busy_length_of(node.config().workload.background)},
      idle_length_{node.config().workload.background.idle_length},
      processes_{node.config().workload.background.processes},
      core_{node.machine().core(core)},
      draws_{BackgroundDraws{node, core}},
      irq_off_{node.config().workload.background, node.config().platform.seed, "core" + std::to_string(core.raw())},
      user_account_{core_.timeline().ledger().open(kUser)},
      kernel_account_{core_.timeline().ledger().open(kKernel)},
      irq_off_account_{core_.timeline().ledger().open(kIrqOff)},
      switch_account_{switch_every_ == Cycles{0} ? kernel_account_ : core_.timeline().ledger().open(kSwitch)},
      idle_account_{busy_length_ == Cycles{0} ? kernel_account_ : core_.timeline().ledger().open(kIdle)},
      speculative_account_{node.config().workload.background.speculative_percent == 0
                               ? kernel_account_
                               : core_.timeline().ledger().open(kSpeculative)} {
    if (busy_length_ == Cycles{0}) return;
    Rng phase{node.config().platform.seed, "core" + std::to_string(core.raw()) + ".idle"};
    next_idle_ = Cycles{phase.below((busy_length_ + idle_length_).raw())};  // cores do not sleep in step
}

void BackgroundLoop::idle() {
    hw::Timeline& time = core_.timeline();
    time.ledger().switch_to(idle_account_);
    core_.set_mode(x86::Mode::supervisor);
    core_.enter_idle();
    const Cycles until = time.now() + idle_length_;
    while (time.now() < until && !node_.kernel().work().pending(core_.id()))
        time.advance(std::min(until - time.now(), kIdleStep));
    core_.leave_idle();
    next_idle_ = time.now() + busy_length_;
}

void BackgroundLoop::speculate(VirtAddr va) {
    core_.timeline().ledger().switch_to(speculative_account_);
    core_.timeline().advance(core_.mmu().unit().access(va, {x86::AccessKind::read, x86::Mode::supervisor}).latency);
}

void BackgroundLoop::run_with_interrupts_off(Cycles length) {
    hw::Timeline& time = core_.timeline();
    time.ledger().switch_to(irq_off_account_);
    core_.set_mode(x86::Mode::supervisor);
    time.disable_interrupts();
    time.advance(length);
    time.enable_interrupts();
}

void BackgroundLoop::switch_space() {
    hw::Timeline& time = core_.timeline();
    time.ledger().switch_to(switch_account_);
    core_.set_mode(x86::Mode::supervisor);
    process_ = process_ == processes_ ? 0 : process_ + 1;
    alloc::TlbState& tlb = node_.kernel().tlb_state();
    CoreCpu& cpu = node_.cpu(core_.id());
    if (process_ == processes_)
        tlb.enter_lazy_tlb(cpu);
    else
        node_.kernel().context_switch(cpu, node_.space(core_.id(), process_));
    next_switch_ = time.now() + switch_every_;
}

void BackgroundLoop::step() {
    if (const Cycles length = irq_off_.next(); length > Cycles{0}) run_with_interrupts_off(length);
    using Target = BackgroundDraws::Target;
    if (switch_every_ != Cycles{0} && core_.timeline().now() >= next_switch_) [[unlikely]]
        switch_space();
    if (busy_length_ != Cycles{0} && core_.timeline().now() >= next_idle_) [[unlikely]]
        idle();
    const BackgroundDraws::Draw draw = draws_.next([this](const BackgroundDraws::Draw& later) {
        if (memory_ == Memory::accessed && later.target != Target::nothing) core_.expect(later.va);
    });
    const bool speculative = draw.target == Target::speculative;
    const bool kernel = draw.target == Target::kernel || speculative || process_ == processes_;
    hw::Timeline& time = core_.timeline();
    time.ledger().switch_to(kernel ? kernel_account_ : user_account_);
    core_.set_mode(kernel ? x86::Mode::supervisor : x86::Mode::user);
    time.advance(think_);
    if (memory_ == Memory::left_out) return;
    if (speculative) {
        speculate(draw.va);
        return;
    }
    if (draw.target == Target::kernel)
        core_.access(draw.va, {x86::AccessKind::read, x86::Mode::supervisor});
    else if (kernel)
        return;  // a kernel thread has no user memory
    else if (draw.target == Target::user)
        core_.access(draw.va, {x86::AccessKind::write, x86::Mode::user});
    ++accesses_;
}

}  // namespace splinter::platforms
