// Workload `pgtable-churn`: k cores build and tear down address spaces, so that page-table pages come and go on all of them at
// once; a share of their operations takes protected pages and gives them back instead. Beside them f cores ("flippers") change
// the protection of random pages of the kernel by set_memory_ro() and set_memory_rw(): splits of the direct map, cpa_lock and
// shootdowns compete with the rest. Flippers go on until the other cores have done all their work.
#include "hw/base/rng.h"
#include "hw/base/user_error.h"
#include "platforms/adapter/boot_cpu.h"
#include "platforms/run/session.h"
#include "platforms/workload/core_share.h"

namespace splinter::platforms {
namespace {

constexpr VirtAddr kFirstArea{0x0000700000000000U};
constexpr std::uint64_t kAreaDistance = std::uint64_t{1} << 30;  // each area has tables of its own
constexpr Order kFlipBlock{9U};

class PgtableChurn : public Workload {
  public:
    explicit PgtableChurn(const RunConfig& config)
        : params_{config.workload.pgtable_churn},
          seed_{config.platform.seed},
          cores_{config.hw.cores},
          share_{config.hw.cores, params_.cores_percent} {
        if (params_.flippers > cores_ - share_.count())
            throw UserError("workload.pgtable_churn.flippers",
                            "found " + std::to_string(params_.flippers) + ", allowed: up to " +
                                std::to_string(cores_ - share_.count()) + ", the cores that cores_percent leaves");
        for (std::uint64_t core = cores_; core-- > 0 && flippers_.size() < params_.flippers;)
            if (const CpuId id{static_cast<std::uint32_t>(core)}; !share_.contains(id)) flippers_.push_back(id);
    }

    [[nodiscard]] std::vector<std::string> phases() const override {
        if (params_.start_operations == 0) return {"churn"};
        return {"start-up", "churn"};
    }
    [[nodiscard]] bool allocates(CpuId core) const override { return share_.contains(core) || flips(core); }

    // Before the first core runs, and untimed: whoever holds the memory is not what is measured.
    void prepare(Session& session) override {
        if (params_.taken_percent == 0) return;
        BootCpu cpu{session.node().memory()};
        alloc::PageAllocator& pages = session.node().kernel().pages();
        PageCount free;
        for (const alloc::Zone& zone : pages.zones()) free += pages.free_pages(zone);
        alloc::AllocRequest request;
        request.order = Order{static_cast<unsigned>(params_.taken_order)};
        request.effort = alloc::Effort::no_retry;
        std::vector<Pfn> taken;
        for (PageCount done; done.raw() * 100 < free.raw() * params_.taken_percent; done += request.order.pages()) {
            const auto block = pages.alloc_pages(cpu, request);
            if (!block) break;
            taken.push_back(*block);
        }
        for (std::size_t i = 0; i < taken.size(); i += params_.freed_one_in) pages.free_pages(cpu, taken[i], request.order);
        pages.drain_all_pages(cpu);
    }

    void run(Session& session, CpuId core) override {
        Rng rng{seed_, "core" + std::to_string(core.raw()) + ".pgtable_churn"};
        if (flips(core)) return flip(session, core, rng);
        std::vector<Pfn> pages;
        session.warm_up(core, params_.warm_up, params_.baseline);
        if (params_.start_operations > 0) {
            operate(session, core, rng, pages, params_.start_operations);
            session.begin_phase(core);
        }
        operate(session, core, rng, pages, params_.operations);
        for (Pfn page : pages) session.release(core, page, Order{0U});
    }

  private:
    void operate(Session& session, CpuId core, Rng& rng, std::vector<Pfn>& pages, std::uint64_t operations) {
        for (std::uint64_t i = 0; i < operations; ++i) {
            session.serve_kernel(core);
            if (rng.below(100) < params_.secretmem_percent)
                exchange_protected(session, core, rng, pages);
            else
                build_and_tear_down(session, core);
        }
        session.node().machine().core(core).timeline().order();
        ++done_;
    }

    [[nodiscard]] bool flips(CpuId core) const { return std::ranges::find(flippers_, core) != flippers_.end(); }

    void build_and_tear_down(Session& session, CpuId core) {
        CoreCpu& cpu = session.node().cpu(core);
        const Session::Operation begun = session.begin_operation(core);
        const auto space = session.node().kernel().mm().new_space(cpu);
        alloc::TlbState& tlb = session.node().kernel().tlb_state();
        if (space != nullptr) tlb.switch_mm(cpu, space->mm());
        bool built = space != nullptr;
        for (std::uint64_t i = 0; built && i < params_.areas; ++i)
            built = space->populate(cpu, kFirstArea + i * kAreaDistance, PageCount{params_.pages}, alloc::FolioSize::small) ==
                    alloc::AddressSpace::Outcome::done;
        if (space != nullptr) {
            space->exit(cpu);
            tlb.switch_mm(cpu, session.node().space(core));
        }
        session.end_operation(core, begun, params_.areas * params_.pages);
        if (!built) session.add_figure(core, "spaces_failed", 1);
    }

    // Up to `secretmem_pages` in use; half of the operations give one back once there are some.
    void exchange_protected(Session& session, CpuId core, Rng& rng, std::vector<Pfn>& pages) {
        if (pages.size() == params_.secretmem_pages || (!pages.empty() && rng.below(2) == 0)) {
            std::swap(pages[rng.below(pages.size())], pages.back());
            session.release(core, pages.back(), Order{0U});
            pages.pop_back();
        } else if (const auto page = session.acquire(core, alloc::AllocRequest{})) {
            pages.push_back(*page);
        }
    }

    void flip(Session& session, CpuId core, Rng& rng) {
        alloc::Kernel& kernel = session.node().kernel();
        CoreCpu& cpu = session.node().cpu(core);
        std::vector<Pfn> blocks;
        for (std::uint64_t i = 0; i < params_.flip_blocks; ++i) {
            const auto block = kernel.pages().alloc_pages(cpu, {.order = kFlipBlock, .freetype = alloc::kUnmovable});
            if (!block) break;
            blocks.push_back(*block);
        }
        if (blocks.empty()) throw SimulatedFinding("out of memory: no 2 MiB block for a flipper of pgtable-churn");
        session.warm_up(core, params_.warm_up, params_.baseline);
        if (params_.start_operations > 0) {
            flip_until(session, core, rng, blocks, share_.count());
            session.begin_phase(core);
            flip_until(session, core, rng, blocks, 2 * share_.count());
        } else {
            flip_until(session, core, rng, blocks, share_.count());
        }
    }

    // Until so many times a core has done its operations of a phase.
    void flip_until(Session& session, CpuId core, Rng& rng, const std::vector<Pfn>& blocks, std::uint64_t done) {
        CoreCpu& cpu = session.node().cpu(core);
        hw::Timeline& time = session.node().machine().core(core).timeline();
        for (time.order(); done_ < done; time.order()) {
            session.serve_kernel(core);
            const PfnRange page{blocks[rng.below(blocks.size())] + PageCount{rng.below(kFlipBlock.pages().raw())},
                                PageCount{1}};
            const Cycles begin = cpu.now();
            const bool changed =
                set_memory(session, cpu, "set_memory_ro", page) && set_memory(session, cpu, "set_memory_rw", page);
            session.add_figure(core, "flip_cycles", static_cast<double>((cpu.now() - begin).raw()));
            session.add_figure(core, changed ? "flips" : "flips_failed", 1);
            time.advance(params_.flip_think);
        }
    }

    bool set_memory(Session& session, CoreCpu& cpu, std::string_view function, PfnRange page) {
        const auto* const found = alloc::find_set_memory_function(function, session.node().config().kernel.version);
        return session.node().kernel().set_memory().call(cpu, *found, page) == alloc::SetMemory::Outcome::done;
    }

    PgtableChurnParams params_;
    std::uint64_t seed_;
    std::uint64_t cores_;
    CoreShare share_;
    std::vector<CpuId> flippers_;
    std::uint64_t done_ = 0;  // operate() calls; changed at ordering points
};

}  // namespace

std::unique_ptr<Workload> make_pgtable_churn(const RunConfig& config) { return std::make_unique<PgtableChurn>(config); }

}  // namespace splinter::platforms
