// Workload `pointer-chase`: core 0 reads each 64-byte line of its memory once in a random order, each read waiting for the one
// before it, and nobody allocates. After AIDA64's latency tests as InstLatx64 publishes them (*_NewMemLat.txt):
//
//   full-random   any line after any other
//   page-random   pages in random order, `window` of them at a time: all lines of these in random order, then the next pages
//
// Both miss the L1 TLB nearly every time. A page walk is paid for each access in full-random and once per 64 accesses in
// page-random, as long as the window fits into the L2 TLB: the difference of the two is what walks cost. Leaves out: overlap of
// a walk with anything, since the address of each read is the value of the one before.
#include <algorithm>

#include "hw/base/user_error.h"
#include "platforms/run/session.h"
#include "platforms/workload/random_order.h"

namespace splinter::platforms {
namespace {

inline constexpr Label kChase{"chase"};
constexpr std::uint64_t kLines = kPageBytes / 64;
constexpr x86::Access kRead{x86::AccessKind::read, x86::Mode::user};

// Line numbers, window by window; a window of all pages is full-random.
class LineOrder {
  public:
    LineOrder(std::uint64_t pages, std::uint64_t window, std::uint64_t seed)
        : seed_{seed}, pages_{pages}, window_{std::min(window, pages)}, page_order_{random_order(pages, "pages")} {
        start(0);
    }
    std::uint64_t next() {
        if (place_ == line_order_size_) start(first_ + width_ == pages_ ? 0 : first_ + width_);
        const std::uint64_t line = line_order_[place_++];
        return page_order_[first_ + line / kLines] * kLines + line % kLines;
    }

  private:
    void start(std::uint64_t first) {
        first_ = first;
        width_ = std::min(window_, pages_ - first);
        line_order_size_ = width_ * kLines;
        line_order_ = random_order(line_order_size_, std::to_string(first));  // the same in each pass
        place_ = 0;
    }
    [[nodiscard]] RandomOrder random_order(std::uint64_t bound, const std::string& of) const {
        Rng rng{seed_, "pointer_chase." + of};
        return RandomOrder{bound, rng};
    }
    std::uint64_t seed_;
    std::uint64_t pages_;
    std::uint64_t window_;
    RandomOrder page_order_;
    std::uint64_t first_ = 0;  // places of the window in page_order_
    std::uint64_t width_ = 0;
    std::uint64_t line_order_size_ = 0;
    RandomOrder line_order_{random_order(1, "")};
    std::uint64_t place_ = 0;
};

class PointerChase : public Workload {
  public:
    explicit PointerChase(const RunConfig& config) : params_{config.workload.pointer_chase}, seed_{config.platform.seed} {
        if (params_.footprint % kPageBytes != 0)
            throw UserError("workload.pointer_chase.footprint",
                            "found " + std::to_string(params_.footprint) + " bytes, allowed: whole pages of 4KiB");
    }

    [[nodiscard]] std::vector<std::string> phases() const override { return {"full-random", "page-random"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core == CpuId{0U}; }
    [[nodiscard]] std::uint64_t user_footprint() const override { return params_.footprint; }

    void run(Session& session, CpuId core) override {
        const std::uint64_t pages = params_.footprint >> kPageShift;
        session.warm_up(core, Cycles{0}, Cycles{0});
        chase(session, core, LineOrder{pages, pages, seed_});
        session.begin_phase(core);
        chase(session, core, LineOrder{pages, params_.window, seed_});
    }

  private:
    void chase(Session& session, CpuId core, LineOrder order) {
        const alloc::Account account{session.node().cpu(core), kChase};
        hw::Core& silicon = session.node().machine().core(core);
        silicon.set_mode(x86::Mode::user);
        const auto read = [&] { silicon.access(Node::kUserBase + order.next() * 64, kRead); };
        for (std::uint64_t i = 0; i < params_.warm_up; ++i) read();
        const Cycles begin = silicon.timeline().now();
        for (std::uint64_t i = 0; i < params_.accesses; ++i) read();
        session.count_accesses(core, params_.accesses, begin);
        silicon.set_mode(x86::Mode::supervisor);
    }

    PointerChaseParams params_;
    std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Workload> make_pointer_chase(const RunConfig& config) { return std::make_unique<PointerChase>(config); }

}  // namespace splinter::platforms
