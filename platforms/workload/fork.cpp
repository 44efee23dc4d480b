// Workloads `fork` and `munmap`: one core maps and faults in anonymous memory, then does the one thing that is timed: copies
// the page tables as fork() does, or unmaps the memory. The benchmarks of D. Hildenbrand with which kpkeys is measured: 1 GiB,
// small or huge folios, always mapped by PTEs. A fresh parent for each repetition, since a second fork() finds its entries
// read-only. Leaves out: what fork() does besides dup_mmap() (about 0.1 ms), the child's run; other cores run the background
// loop.
#include "hw/base/user_error.h"
#include "platforms/run/session.h"

namespace splinter::platforms {
namespace {

constexpr VirtAddr kStart{0x0000700000000000U};  // a whole GiB starts here

class OneSpace : public Workload {
  public:
    OneSpace(const MappingParams& params, std::string_view name)
        : params_{params}, huge_{params.folios == "huge"}, name_{name} {
        const std::uint64_t unit = huge_ ? x86::kPde.bytes() : kPageBytes;
        if (params_.bytes % unit != 0)
            throw UserError("workload.mapping.bytes", "found " + std::to_string(params_.bytes) +
                                                          " bytes, allowed: whole folios of " + (huge_ ? "2MiB" : "4KiB"));
    }
    [[nodiscard]] std::vector<std::string> phases() const override { return {name_}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core == CpuId{0U}; }

    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        CoreCpu& cpu = session.node().cpu(core);
        alloc::TlbState& tlb = session.node().kernel().tlb_state();
        for (std::uint64_t i = 0; i < params_.repetitions; ++i) {
            const auto parent = session.node().kernel().mm().new_space(cpu);
            demand(parent != nullptr);
            tlb.switch_mm(cpu, parent->mm());
            demand(parent->populate(cpu, kStart, pages(), huge_ ? alloc::FolioSize::huge : alloc::FolioSize::small) ==
                   Outcome::done);
            measure(session, core, *parent);
            parent->exit(cpu);
            tlb.switch_mm(cpu, session.node().space(core));
        }
    }

  protected:
    using Outcome = alloc::AddressSpace::Outcome;
    virtual void measure(Session& session, CpuId core, alloc::AddressSpace& parent) = 0;
    [[nodiscard]] PageCount pages() const { return PageCount{params_.bytes >> kPageShift}; }
    void demand(bool enough) const {
        if (!enough)
            throw SimulatedFinding("out of memory: workload " + name_ + " with " + std::to_string(params_.bytes) + " bytes");
    }

  private:
    MappingParams params_;
    bool huge_;
    std::string name_;
};

class Fork : public OneSpace {
  public:
    explicit Fork(const RunConfig& config) : OneSpace{config.workload.mapping, "fork"} {}

  private:
    void measure(Session& session, CpuId core, alloc::AddressSpace& parent) override {
        CoreCpu& cpu = session.node().cpu(core);
        const Session::Operation begun = session.begin_operation(core);
        const auto child = session.node().kernel().mm().new_space(cpu);
        demand(child != nullptr && parent.fork(cpu, *child) == Outcome::done);
        session.end_operation(core, begun, pages().raw());
        child->exit(cpu);
    }
};

class Munmap : public OneSpace {
  public:
    explicit Munmap(const RunConfig& config) : OneSpace{config.workload.mapping, "munmap"} {}

  private:
    void measure(Session& session, CpuId core, alloc::AddressSpace& parent) override {
        const Session::Operation begun = session.begin_operation(core);
        parent.munmap(session.node().cpu(core), kStart);
        session.end_operation(core, begun, pages().raw());
    }
};

}  // namespace

std::unique_ptr<Workload> make_fork(const RunConfig& config) { return std::make_unique<Fork>(config); }
std::unique_ptr<Workload> make_munmap(const RunConfig& config) { return std::make_unique<Munmap>(config); }

}  // namespace splinter::platforms
