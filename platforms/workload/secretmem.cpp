// Workload `secretmem`: each of k cores allocates N protected pages one by one (population, first touch), then, `rounds` times,
// frees them all in random order and allocates N again (steady state, reuse). What a set of processes with memfd_secret areas
// does to the kernel; their user mappings are not modelled.
#include <algorithm>

#include "hw/base/rng.h"
#include "hw/base/user_error.h"
#include "platforms/run/session.h"
#include "platforms/workload/accounts.h"
#include "platforms/workload/core_share.h"

namespace splinter::platforms {
namespace {

class Secretmem : public Workload {
  public:
    explicit Secretmem(const RunConfig& config)
        : params_{config.workload.secretmem}, seed_{config.platform.seed}, share_{config.hw.cores, params_.cores_percent} {}

    [[nodiscard]] std::vector<std::string> phases() const override { return {"population", "steady"}; }

    [[nodiscard]] bool allocates(CpuId core) const override { return share_.contains(core); }

    void run(Session& session, CpuId core) override {
        Rng rng{seed_, "core" + std::to_string(core.raw()) + ".secretmem"};
        std::vector<Pfn> pages;
        session.warm_up(core, params_.warm_up, params_.baseline);
        allocate(session, core, pages);
        session.begin_phase(core);
        for (std::uint64_t round = 0; round < params_.rounds; ++round) {
            for (std::size_t i = pages.size(); i > 1; --i) std::swap(pages[i - 1], pages[rng.below(i)]);
            for (Pfn page : pages) {
                think(session, core);
                session.release(core, page, Order{0U});
            }
            pages.clear();
            allocate(session, core, pages);
        }
    }

  private:
    void allocate(Session& session, CpuId core, std::vector<Pfn>& pages) {
        for (std::uint64_t i = 0; i < params_.pages; ++i) {
            think(session, core);
            const auto page = session.acquire(core, alloc::AllocRequest{});
            if (!page)
                throw SimulatedFinding("out of memory: core" + std::to_string(core.raw()) + " got " + std::to_string(i) +
                                       " of " + std::to_string(params_.pages) + " pages of secretmem");
            pages.push_back(*page);
        }
    }

    void think(Session& session, CpuId core) {
        const alloc::Account account{session.node().cpu(core), kThink};
        session.node().machine().core(core).timeline().advance(params_.think);
    }

    SecretmemParams params_;
    std::uint64_t seed_;
    CoreShare share_;
};

}  // namespace

std::unique_ptr<Workload> make_secretmem(const RunConfig& config) { return std::make_unique<Secretmem>(config); }

}  // namespace splinter::platforms
