// The hardest load for a flush strategy: some cores take protected blocks and give them back, the others read exactly these
// frames through the direct map all the time, before, while and after they are taken, so that each TLB holds whatever a flush
// could miss. A read that succeeds while the frame has an owner is a leak.
#pragma once

#include <set>

#include "hw/base/rng.h"
#include "platforms/run/session.h"

namespace splinter::platforms::testing {

struct ProbingParams {
    std::uint32_t initiators = 2;  // cores 0, 1, ...; the other cores probe
    std::uint64_t pages = 24;      // single pages per initiator and phase
    Order large{9U};               // one block of this order per initiator and phase; order 0: none
    Cycles think{500};             // of an initiator, between two operations
    Cycles probe_every{200};       // at least
    PageCount stride{512};         // between the frames that are probed before anything was handed out
    // Before the last phase core 0 takes all mapped blocks of 2 MiB and frees them: unmapped pageblocks must come back.
    enum class Squeeze : std::uint8_t { none, before_last_phase } squeeze = Squeeze::before_last_phase;
    // Probing cores change their address space between probes: with the no-flush bit of CR3 whatever the kernel thinks, or as
    // the kernel does it (switch_mm(); workload.background.processes must be 2).
    enum class Pcids : std::uint8_t { one, two, two_by_kernel } pcids = Pcids::one;
};

class ProbingWorkload : public Workload {
  public:
    explicit ProbingWorkload(const ProbingParams& params) : params_{params} {}

    std::vector<std::string> phases() const override { return {"first-touch", "reuse", "after-squeeze"}; }
    bool allocates(CpuId) const override { return true; }  // all cores run code of this class
    void prepare(Session& session) override;
    void run(Session& session, CpuId core) override;

    [[nodiscard]] std::uint64_t leaks() const { return leaks_; }
    [[nodiscard]] std::uint64_t probes() const { return probes_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }  // probes that took a page fault

  protected:
    // One read by a core that probes, at an ordering point of it.
    virtual void probe(Session& session, CpuId core, Rng& rng);

  private:
    void take_and_release(Session& session, CpuId core);
    void squeeze(Session& session, CpuId core);
    void probe_until_ended(Session& session, CpuId core, Rng& rng, std::uint64_t ended);
    // Both at ordering points of the core.
    void own(hw::Timeline& time, PfnRange range);
    void disown(hw::Timeline& time, PfnRange range);

    ProbingParams params_;
    std::vector<Pfn> targets_;  // a frame of each stride, and each frame that was ever handed out
    std::set<Pfn> known_;
    std::set<Pfn> owned_;
    std::uint64_t ended_ = 0;  // phases that initiators have ended, all together
    std::uint64_t leaks_ = 0;
    std::uint64_t probes_ = 0;
    std::uint64_t refused_ = 0;
};

}  // namespace splinter::platforms::testing
