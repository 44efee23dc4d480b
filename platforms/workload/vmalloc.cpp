// Workload `vmalloc`: cores that allocate with vmalloc(), write the first byte and free again, as fix_size_alloc_test of the
// kernel's lib/test_vmalloc.c. By pages per call: the more pages, the more entries share a section of the key register.
#include "hw/base/user_error.h"
#include "platforms/run/session.h"
#include "platforms/workload/core_share.h"

namespace splinter::platforms {
namespace {

class VmallocLoop : public Workload {
  public:
    explicit VmallocLoop(const RunConfig& config)
        : params_{config.workload.vmalloc}, share_{config.hw.cores, params_.cores_percent} {}

    [[nodiscard]] std::vector<std::string> phases() const override { return {"vmalloc"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return share_.contains(core); }

    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        CoreCpu& cpu = session.node().cpu(core);
        alloc::Vmalloc& vmalloc = session.node().kernel().mm().vmalloc();
        for (std::uint64_t i = 0; i < params_.calls; ++i) {
            session.serve_kernel(core);
            const Session::Operation begun = session.begin_operation(core);
            const auto start = vmalloc.allocate(cpu, PageCount{params_.pages});
            if (!start) throw SimulatedFinding("out of memory: vmalloc() of " + std::to_string(params_.pages) + " pages");
            cpu.touch(*start, alloc::Touch::owned);
            vmalloc.free(cpu, *start);
            session.end_operation(core, begun, params_.pages);
        }
    }

  private:
    VmallocParams params_;
    CoreShare share_;
};

}  // namespace

std::unique_ptr<Workload> make_vmalloc(const RunConfig& config) { return std::make_unique<VmallocLoop>(config); }

}  // namespace splinter::platforms
