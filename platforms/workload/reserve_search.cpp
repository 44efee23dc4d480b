// Workload `reserve-search`: the smallest reserve of page-table pages (platforms/reserve), for 1, 2, 4 ... changes of the
// direct map at the same time, each a phase. Nothing is simulated in time; the machine idles meanwhile.
#include "platforms/reserve/reserve_search.h"

#include "hw/base/user_error.h"
#include "platforms/reserve/closed_form.h"
#include "platforms/run/session.h"

namespace splinter::platforms {
namespace {

double or_none(const std::optional<unsigned>& reserve) { return reserve ? static_cast<double>(*reserve) : -1; }

class ReserveSearch : public Workload {
  public:
    explicit ReserveSearch(const RunConfig& config) : params_{config.workload.reserve_search} {
        question_.tables = config.kernel.page_tables;
        const std::string& policy = question_.tables.policy;
        keeps_a_reserve_ = policy == "pba" || policy == "pba-percpu" || policy == "freetype-key";
        if (config.kernel.direct_map.largest_leaf == "2MiB") question_.leaf = x86::PageSize::m2;
        if (config.kernel.direct_map.largest_leaf == "4KiB") question_.leaf = x86::PageSize::k4;
        if (params_.change == "range") question_.change = ChangeShape::range;
        if (params_.change == "two-leaves") question_.change = ChangeShape::two_leaves;
        const bool pageblocks = policy == "freetype-key";
        question_.lowest_order = pageblocks ? alloc::kPageblockOrder : Order{static_cast<unsigned>(params_.lowest_order)};
        if (!pageblocks) question_.tables.refill_orders = std::to_string(params_.lowest_order);
    }

    [[nodiscard]] std::vector<std::string> phases() const override {
        std::vector<std::string> names;
        for (std::uint64_t k = 1; k <= params_.most_splitters; k *= 2) names.push_back("K=" + std::to_string(k));
        return names;
    }
    [[nodiscard]] bool allocates(CpuId core) const override { return core == CpuId{0U}; }

    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        for (std::uint64_t k = 1; k <= params_.most_splitters; k *= 2) {
            if (k > 1) session.begin_phase(core);
            if (keeps_a_reserve_) search(session, core, static_cast<unsigned>(k));
        }
    }

  private:
    void search(Session& session, CpuId core, unsigned splitters) {
        question_.splitters = splitters;
        const ReserveAnswer answer = find_reserve(question_, static_cast<unsigned>(params_.limit));
        session.add_figure(core, "smallest_reserve", or_none(answer.smallest));
        session.add_figure(core, "closed_form_reserve", or_none(closed_form(question_)));
        session.add_figure(core, "reserve_states", static_cast<double>(answer.states));
    }

    ReserveSearchParams params_;
    ReserveQuestion question_;
    bool keeps_a_reserve_;
};

}  // namespace

std::unique_ptr<Workload> make_reserve_search(const RunConfig& config) { return std::make_unique<ReserveSearch>(config); }

}  // namespace splinter::platforms
