// nr_pcp_high(), nr_pcp_free() and the refill of __rmqueue_pcplist() of mm/page_alloc.c, Linux 6.1: refills are one batch,
// drains double from one batch on with every drain that no allocation interrupts.
#include <algorithm>

#include "alloc/buddy/pcp_rules.h"

namespace splinter::alloc {
namespace {

class PcpRules6_1 : public PcpRules {
  public:
    void on_allocate(PcpState& pcp) const override { pcp.factor >>= 1; }

    unsigned refill_blocks(PcpState& pcp, Order order, ZoneFill) const override {
        const auto batch = static_cast<unsigned>(pcp.batch.raw());
        return batch > 1 ? std::max(batch >> order.index(), 2U) : batch;
    }

    PageCount on_free(PcpState& pcp, Order order, ZoneFill) const override {
        if (frees_high(pcp, order)) return pcp.count;
        if (pcp.count < pcp.high) return PageCount{0};
        return nr_pcp_free(pcp);
    }

    bool frees_high(const PcpState& pcp, Order order) const override {
        return pcp.factor > 0 && order.index() > 0 && order.index() <= kCostlyOrder;
    }

    PageCount decay(PcpState&, PageCount) const override { return PageCount{0}; }

  private:
    static PageCount nr_pcp_free(PcpState& pcp) {
        if (pcp.high < pcp.batch) return PageCount{1};
        const std::uint64_t most = (pcp.high - pcp.batch).raw();
        const std::uint64_t pages = pcp.batch.raw() << pcp.factor;
        if (pages < most && pcp.factor < kPcpBatchScaleMax) ++pcp.factor;
        return PageCount{std::min(std::max(pages, pcp.batch.raw()), most)};  // clamp(): the upper bound wins
    }
};

}  // namespace

const PcpRules& pcp_rules_6_1() {
    static const PcpRules6_1 kRules;
    return kRules;
}

}  // namespace splinter::alloc
