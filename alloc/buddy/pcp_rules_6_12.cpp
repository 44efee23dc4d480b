// nr_pcp_alloc(), nr_pcp_high(), nr_pcp_free() and decay_pcp_high() of mm/page_alloc.c, Linux 6.12: refills of single pages
// double while nothing is freed, drains are as large as the series of frees, and pcp->high floats between high_min and
// high_max. Leaves out: ZONE_RECLAIM_ACTIVE (reclaim is not modelled).
#include <algorithm>

#include "alloc/buddy/pcp_rules.h"

namespace splinter::alloc {
namespace {

using Pages = std::int64_t;  // differences are negative at times

Pages raw(PageCount pages) { return static_cast<Pages>(pages.raw()); }
PageCount count_of(Pages pages) { return PageCount{static_cast<std::uint64_t>(pages)}; }

// include/linux/minmax.h: the upper bound is looked at first.
Pages clamp(Pages value, Pages low, Pages high) { return value >= high ? high : std::max(value, low); }

Pages clamp_high(PcpState& pcp) {
    pcp.high = count_of(clamp(raw(pcp.high), raw(pcp.high_min), raw(pcp.high_max)));
    return raw(pcp.high);
}

class PcpRules6_12 : public PcpRules {
  public:
    void on_allocate(PcpState& pcp) const override { pcp.free_count = PageCount{pcp.free_count.raw() >> 1}; }

    // nr_pcp_alloc()
    unsigned refill_blocks(PcpState& pcp, Order order, ZoneFill fill) const override {
        const Pages base = raw(pcp.batch);
        Pages high = clamp_high(pcp);
        if (high < base) return 1;
        Pages batch = order.index() > 0 ? base : base << pcp.factor;
        if (pcp.high_min != pcp.high_max && fill == ZoneFill::above_high) {
            high = std::min(high + batch, raw(pcp.high_max));
            pcp.high = count_of(high);
        }
        if (order.index() == 0) {
            const Pages most = std::max(high - raw(pcp.count) - base, base);
            if (batch <= most && pcp.factor < kPcpBatchScaleMax) ++pcp.factor;
            batch = std::min(batch, most);
        }
        if (batch > 1) batch = std::max<Pages>(batch >> order.index(), 2);
        return static_cast<unsigned>(batch);
    }

    // free_unref_page_commit()
    PageCount on_free(PcpState& pcp, Order order, ZoneFill fill) const override {
        pcp.factor >>= 1;
        const bool free_high = frees_high(pcp, order);
        pcp.freed_high_order = is_high(order);
        if (raw(pcp.free_count) < longest_series(pcp)) pcp.free_count += order.pages();
        const Pages high = nr_pcp_high(pcp, free_high, fill);
        if (raw(pcp.count) < high) return PageCount{0};
        return count_of(nr_pcp_free(pcp, high, free_high));
    }

    bool frees_high(const PcpState& pcp, Order order) const override {
        return is_high(order) && pcp.free_count >= pcp.batch && pcp.freed_high_order &&
               (!pcp.keeps_high_batch || pcp.count >= pcp.batch);
    }

    // decay_pcp_high()
    PageCount decay(PcpState& pcp, PageCount count) const override {
        if (pcp.high > pcp.high_min)
            pcp.high =
                count_of(std::max({raw(count) - longest_series(pcp), raw(pcp.high) - (raw(pcp.high) >> 3), raw(pcp.high_min)}));
        return count > pcp.high ? count - pcp.high : PageCount{0};
    }

  private:
    // "As high-order pages other than THP's stored on PCP can contribute to fragmentation"
    static bool is_high(Order order) { return order.index() > 0 && order.index() <= kCostlyOrder; }
    static Pages longest_series(const PcpState& pcp) { return raw(pcp.batch) << kPcpBatchScaleMax; }

    static Pages nr_pcp_high(PcpState& pcp, bool free_high, ZoneFill fill) {
        const Pages high = clamp_high(pcp);
        if (high == 0) return 0;
        if (free_high) {
            pcp.high = count_of(std::max(high - longest_series(pcp), raw(pcp.high_min)));
            return 0;
        }
        if (pcp.high_min == pcp.high_max) return high;
        if (fill == ZoneFill::below_high) {
            const Pages series = std::max(raw(pcp.free_count), raw(pcp.batch));
            pcp.high = count_of(std::max(high - series, raw(pcp.high_min)));
            return std::max(raw(pcp.count), raw(pcp.high_min));
        }
        const Pages needed = raw(pcp.free_count) + raw(pcp.batch);
        if (raw(pcp.count) >= high && high < needed) pcp.high = count_of(clamp(needed, raw(pcp.high_min), raw(pcp.high_max)));
        return high;
    }

    static Pages nr_pcp_free(const PcpState& pcp, Pages high, bool free_high) {
        if (free_high) return std::min(raw(pcp.count), longest_series(pcp));
        if (high < raw(pcp.batch)) return 1;
        return clamp(raw(pcp.free_count), raw(pcp.batch), high - raw(pcp.batch));
    }
};

}  // namespace

const PcpRules& pcp_rules_6_12() {
    static const PcpRules6_12 kRules;
    return kRules;
}

}  // namespace splinter::alloc
