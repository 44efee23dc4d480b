// Workload `pressure`: a pool of unmapped pages beside ordinary allocations, with memory short. Each of k cores takes protected
// pages for a number of owners, most of whom release theirs, so that a strategy that keeps a pool has a large one, with owners
// in it. Then, in the measured phase, it mixes: ordinary pages, mostly movable, which it keeps as a page cache would; protected
// pages, one taken for one released. When an allocation fails it frees its oldest ordinary pages, as reclaim would, and goes
// on. Compaction may move the movable ones. Leaves out: kswapd and its marks (memory is freed when it is needed, not before),
// dirty pages, what reclaim costs.
#include <deque>
#include <unordered_map>

#include "hw/base/check.h"
#include "hw/base/rng.h"
#include "platforms/run/session.h"
#include "platforms/workload/accounts.h"
#include "platforms/workload/core_share.h"

namespace splinter::platforms {
namespace {

// Ordinary pages by a number that stays when compaction moves one. Changed and read at ordering points.
class PageCache : private alloc::MovableOwner {
  public:
    std::uint64_t add(Session& session, CpuId core, Pfn page, alloc::Migratetype type) {
        alloc::PageAllocator& pages = ordered(session, core);
        if (type == alloc::Migratetype::movable) {
            pages.movable().add(page, Order{0U}, *this);
            numbers_.emplace(page.raw(), pages_.size());
        }
        pages_.push_back(page);
        return pages_.size() - 1;
    }
    // Where it is now; its owner frees it next.
    Pfn remove(Session& session, CpuId core, std::uint64_t number) {
        alloc::PageAllocator& pages = ordered(session, core);
        const Pfn page = pages_[number];
        pages.movable().remove(page);
        numbers_.erase(page.raw());
        return page;
    }

  private:
    static alloc::PageAllocator& ordered(Session& session, CpuId core) {
        session.node().cpu(core).order();
        return session.node().kernel().pages();
    }
    void moved(Pfn from, Pfn to, Order /*order*/) override {
        auto entry = numbers_.extract(from.raw());
        SPLINTER_CHECK(!entry.empty(), "compaction moves pages that are registered");
        pages_[entry.mapped()] = to;
        entry.key() = to.raw();
        numbers_.insert(std::move(entry));
    }

    std::vector<Pfn> pages_;                                    // by number
    std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  // of movable pages, by frame; looked up only
};

class Pressure : public Workload {
  public:
    explicit Pressure(const RunConfig& config)
        : params_{config.workload.pressure}, seed_{config.platform.seed}, share_{config.hw.cores, params_.cores_percent} {}

    [[nodiscard]] std::vector<std::string> phases() const override { return {"pressure"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return share_.contains(core); }

    // Before the first core runs, so that each has the same part of what is free.
    void prepare(Session& session) override {
        alloc::PageAllocator& pages = session.node().kernel().pages();
        for (const alloc::Zone& zone : pages.zones()) free_at_start_ += pages.free_pages(zone);
    }

    void run(Session& session, CpuId core) override {
        Part part{Rng{seed_, "core" + std::to_string(core.raw()) + ".pressure"}, {}, {}};
        build_pool(session, core, part);
        session.warm_up(core, Cycles{0}, Cycles{0});
        for (std::uint64_t step = 0; step < params_.steps; ++step) {
            think(session, core);
            if (part.rng.below(100) < params_.protected_percent)
                protected_step(session, core, part);
            else
                ordinary_step(session, core, part);
        }
    }

  private:
    struct Part {
        Rng rng;
        std::vector<Pfn> protected_pages;
        std::deque<std::uint64_t> ordinary_pages;  // their numbers, oldest first
    };

    void build_pool(Session& session, CpuId core, Part& part) {
        const std::uint64_t wanted = free_at_start_.raw() * params_.pool_percent / 100 / share_.count();
        while (part.protected_pages.size() < wanted) {
            const auto page = session.acquire(core, alloc::AllocRequest{});
            if (!page) break;
            part.protected_pages.push_back(*page);
        }
        const std::uint64_t left = part.protected_pages.size() * (100 - params_.release_percent) / 100;
        while (part.protected_pages.size() > left) release_owner(session, core, part, part.protected_pages.size() - left);
    }

    // An owner's pages were allocated one after the other.
    void release_owner(Session& session, CpuId core, Part& part, std::uint64_t most) {
        std::vector<Pfn>& pages = part.protected_pages;
        const std::uint64_t owners = (pages.size() + params_.owner_pages - 1) / params_.owner_pages;
        const auto begin = pages.begin() + static_cast<std::ptrdiff_t>(part.rng.below(owners) * params_.owner_pages);
        const auto room = static_cast<std::uint64_t>(pages.end() - begin);
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min({params_.owner_pages, most, room}));
        for (auto page = begin; page != end; ++page) session.release(core, *page, Order{0U});
        pages.erase(begin, end);
    }

    void release_any(Session& session, CpuId core, Part& part) {
        if (part.protected_pages.empty()) return;
        std::swap(part.protected_pages[part.rng.below(part.protected_pages.size())], part.protected_pages.back());
        session.release(core, part.protected_pages.back(), Order{0U});
        part.protected_pages.pop_back();
    }

    void protected_step(Session& session, CpuId core, Part& part) {
        if (part.rng.below(2) == 0) return release_any(session, core, part);
        if (const auto page = session.acquire(core, alloc::AllocRequest{}))
            part.protected_pages.push_back(*page);
        else
            reclaim(session, core, part);
    }

    void ordinary_step(Session& session, CpuId core, Part& part) {
        alloc::AllocRequest request;
        request.freetype = part.rng.below(100) < params_.movable_percent ? alloc::kMovable : alloc::kUnmovable;
        if (const auto page = session.acquire_mapped(core, request))
            part.ordinary_pages.push_back(cache_.add(session, core, *page, request.freetype.migratetype));
        else
            reclaim(session, core, part);
    }

    void reclaim(Session& session, CpuId core, Part& part) {
        for (std::uint64_t i = 0; i < params_.reclaim_pages && !part.ordinary_pages.empty(); ++i) {
            session.release_mapped(core, cache_.remove(session, core, part.ordinary_pages.front()), Order{0U});
            part.ordinary_pages.pop_front();
        }
    }

    void think(Session& session, CpuId core) {
        const alloc::Account account{session.node().cpu(core), kThink};
        session.node().machine().core(core).timeline().advance(params_.think);
    }

    PressureParams params_;
    std::uint64_t seed_;
    CoreShare share_;
    PageCount free_at_start_;
    PageCache cache_;
};

}  // namespace

std::unique_ptr<Workload> make_pressure(const RunConfig& config) { return std::make_unique<Pressure>(config); }

}  // namespace splinter::platforms
