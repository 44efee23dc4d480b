// What a core does that does not allocate: accesses to its own user memory and, for a share of them, to kernel data through the
// direct map, with straight-line work in between. Its pace shows what flushes take from others.
//
// With workload.background.switch_every it goes from one of its address spaces to the next (switch_mm_irqs_off()), and after
// the last to a kernel thread, which has none and keeps what is loaded (enter_lazy_tlb()). The spaces are this core's alone, so
// that no switch reaches an ordering point. With workload.background.idle_percent it has nothing to run for a while now and
// then, and waits in a C-state. With speculative_percent it also reads, speculatively, pages that are nobody's business of its.
// A loop that is not sampled (workload.background.sampled_cores) draws the same steps, and does all of them but the accesses.
// Leaves out: the scheduler around the switch, other cores' tasks; lazy TLB while idle and the exit from the C-state when the
// loop itself goes on.
#pragma once

#include "hw/base/rng.h"
#include "hw/core/look_ahead.h"
#include "platforms/build/node.h"
#include "platforms/workload/irq_off_sections.h"

namespace splinter::platforms {

// Which accesses, one after the other. They depend on the seed alone, not on what is simulated, so that they can be drawn
// ahead.
class BackgroundDraws {
  public:
    enum class Target : std::uint8_t { user, kernel, speculative, nothing };  // nothing: the loop has no user memory
    struct Draw {
        VirtAddr va;
        Target target = Target::nothing;
    };
    BackgroundDraws(const Node& node, CpuId core);
    Draw next();

  private:
    VirtAddr next_user_page();
    VirtAddr next_kernel_page();
    VirtAddr next_speculative();
    BackgroundParams params_;
    const std::vector<Pfn>& kernel_pages_;
    Rng rng_;
    Rng speculative_rng_;
    PfnRange window_;  // of speculative reads
    std::uint64_t user_pages_;
    VirtAddr user_page_;
    VirtAddr kernel_page_;
};

class BackgroundLoop {
  public:
    enum class Memory : std::uint8_t { accessed, left_out };
    BackgroundLoop(Node& node, CpuId core, Memory memory);
    // One access and the work around it.
    void step();
    [[nodiscard]] std::uint64_t accesses() const { return accesses_; }
    [[nodiscard]] Memory memory() const { return memory_; }

  private:
    void run_with_interrupts_off(Cycles length);
    void switch_space();
    void idle();
    void speculate(VirtAddr va);
    Node& node_;
    Memory memory_;
    Cycles think_;
    Cycles switch_every_;
    Cycles next_switch_;
    Cycles busy_length_;  // between two times without work; 0: it always has some
    Cycles idle_length_;
    Cycles next_idle_;
    std::uint64_t processes_;
    std::uint64_t process_ = 0;  // `processes_`: the kernel thread
    hw::Core& core_;
    hw::LookAhead<BackgroundDraws> draws_;
    IrqOffSections irq_off_;
    AccountTree::Id user_account_;
    AccountTree::Id kernel_account_;
    AccountTree::Id irq_off_account_;
    AccountTree::Id switch_account_;
    AccountTree::Id idle_account_;
    AccountTree::Id speculative_account_;
    std::uint64_t accesses_ = 0;
};

}  // namespace splinter::platforms
