// Workload `fragmentation`: the pattern of B. Jackman's secretmem-vs-frag (github.com/bjackman/kernel-benchmarks-nix). An
// antagonist takes 90 % of free memory in blocks of 64 KiB, keeps the first of every four and frees the others, so that no
// pageblock is free; then core 0 takes protected pages one by one until one cannot be had. The figure is how much it got.
// Leaves out: who else needs memory, reclaim, the OOM killer, the page tables of both programs.
#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/run/session.h"

namespace splinter::platforms {
namespace {

inline constexpr Label kAntagonist{"antagonist"};

class Fragmentation : public Workload, private alloc::MovableOwner {
  public:
    explicit Fragmentation(const RunConfig& config) : params_{config.workload.fragmentation} {}

    [[nodiscard]] std::vector<std::string> phases() const override { return {"until-failure"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core == CpuId{0U}; }

    void run(Session& session, CpuId core) override {
        if (params_.antagonist != "none") fragment(session, core);
        session.warm_up(core, Cycles{0}, Cycles{0});
        session.add_figure(core, "kept_bytes", bytes(kept_));
        while (session.acquire(core, alloc::AllocRequest{})) obtained_ += PageCount{1};
    }

    void check(Session& session) override {
        alloc::PageAllocator& pages = session.node().kernel().pages();
        PageCount managed;
        PageCount free = session.strategy().held();
        for (const alloc::Zone& zone : pages.zones()) {
            managed += zone.layout().managed;
            free += pages.free_pages(zone);
        }
        session.add_figure(CpuId{0U}, "free_bytes", bytes(free));
        SPLINTER_CHECK(obtained_ + kept_ + free <= managed, "memory is kept, obtained or free, and no page is two of these");
    }

  private:
    static double bytes(PageCount pages) { return static_cast<double>(pages.raw() * kPageBytes); }

    void fragment(Session& session, CpuId core) {
        CoreCpu& cpu = session.node().cpu(core);
        alloc::PageAllocator& pages = session.node().kernel().pages();
        const alloc::Account account{cpu, kAntagonist};
        const Order order{static_cast<unsigned>(params_.block_order)};
        alloc::AllocRequest request;
        request.order = order;
        request.freetype = params_.antagonist == "movable" ? alloc::kMovable : alloc::kUnmovable;
        PageCount free;
        for (const alloc::Zone& zone : pages.zones()) free += pages.free_pages(zone);
        std::vector<Pfn> taken;
        for (std::uint64_t left = free.raw() * params_.taken_percent / 100; left >= order.pages().raw();
             left -= order.pages().raw()) {
            const auto block = pages.alloc_pages(cpu, request);
            if (!block) break;
            taken.push_back(*block);
        }
        for (std::size_t i = 0; i < taken.size(); ++i) {
            if (i % params_.keep_one_in != 0) {
                pages.free_pages(cpu, taken[i], order);
                continue;
            }
            kept_ += order.pages();
            if (params_.antagonist == "movable" && order < alloc::kPageblockOrder) pages.movable().add(taken[i], order, *this);
        }
    }

    // Compaction has moved a block that the antagonist keeps: it has as much as before.
    void moved(Pfn /*from*/, Pfn /*to*/, Order /*order*/) override {}

    FragmentationParams params_;
    PageCount kept_;
    PageCount obtained_;
};

}  // namespace

std::unique_ptr<Workload> make_fragmentation(const RunConfig& config) { return std::make_unique<Fragmentation>(config); }

}  // namespace splinter::platforms
