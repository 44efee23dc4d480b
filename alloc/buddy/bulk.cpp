// Many pages of order 0 at once: alloc_pages_bulk() and free_unref_page_list() (6.1), free_unref_folios() (6.12) of
// mm/page_alloc.c. Part of PageAllocator.
#include "alloc/buddy/page_allocator.h"
#include "alloc/buddy/pcp_lock.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

constexpr unsigned kSwapClusterMax = 32;  // SWAP_CLUSTER_MAX: 6.1 lets the lists go after so many frees

}  // namespace

// The first zone of the CPU's own node above its low watermark with all the pages taken.
Zone* PageAllocator::zone_for_bulk(Cpu& cpu, const AllocRequest& request, std::uint64_t wanted) {
    for (std::size_t position : zonelist(cpu.id())) {
        Zone& zone = zones_[position];
        if (!request.may_use(zone.layout().index, zone.layout().kind)) continue;
        if (request.only_zone) return &zone;
        if (zone.layout().node != node_of(cpu.id())) return nullptr;
        cpu.retire(Step::zone_lookup);
        cpu.order();
        const PageCount mark = mark_of(zone.layout(), Mark::low) + PageCount{wanted};
        if (watermark_seen_ok(zone, Order{0U}, mark, fast_path_flags(request))) return &zone;
    }
    return nullptr;
}

std::optional<Pfn> PageAllocator::pop_or_refill(Cpu& cpu, Zone& zone, FreeType type, PerCpuPages& lists,
                                                Fragmenting fragmenting) {
    const std::size_t list = PerCpuPages::list_index(Order{0U}, type, zone.freetypes());
    if (lists.lists()[list].empty()) refill(cpu, zone, Order{0U}, type, lists, fragmenting);
    return lists.pop(*frames_, list);
}

std::vector<Pfn> PageAllocator::alloc_pages_bulk(Cpu& cpu, const AllocRequest& request, std::uint64_t wanted) {
    std::vector<Pfn> pages;
    if (wanted == 0) return pages;
    Zone* const zone = wanted > 1 ? zone_for_bulk(cpu, request, wanted) : nullptr;
    if (zone != nullptr && zone->freetypes().has_list(request.freetype)) {
        const Account account{cpu, kAllocPages};
        const PcpLock lock{*this, cpu, *zone};
        while (lock.held() && pages.size() < wanted) {
            cpu.retire(Step::pcp_alloc);
            const auto page = pop_or_refill(cpu, *zone, request.freetype, pcp(*zone, cpu.id()), Fragmenting::allowed);
            if (!page) break;
            account_allocation(cpu, *page, Order{0U});
            pages.push_back(*page);
        }
    }
    if (!pages.empty()) return pages;
    AllocRequest one = request;  // "failed": a single page by the ordinary way
    one.order = Order{0U};
    if (const auto page = alloc_pages(cpu, one)) pages.push_back(*page);
    return pages;
}

std::optional<Pfn> PageAllocator::alloc_bulk_page(Cpu& cpu, Zone& zone, FreeType type) {
    const PcpDrainLock lock{*this, cpu, zone, cpu.id()};
    return pop_or_refill(cpu, zone, type, pcp(zone, cpu.id()), Fragmenting::allowed);
}

void PageAllocator::free_pages_bulk(Cpu& cpu, std::span<const Pfn> pages) {
    for (Pfn page : pages)
        SPLINTER_CHECK(frames_->state(page).none(), "double free of page frame " + std::to_string(page.raw()));
    const bool lets_go = !zones_.empty() && zones_.front().rules().bulk_free == BulkFree::in_clusters;
    for (std::size_t at = 0; at < pages.size();) {
        Zone& zone = zone_of(pages[at]);
        const Account account{cpu, kFreePages};
        const PcpLock lock{*this, cpu, zone};
        if (!lock.held()) {
            free_to_buddy(cpu, pages[at++], Order{0U});
            continue;
        }
        for (unsigned freed = 0; at < pages.size() && zone.contains(pages[at]) && !(lets_go && freed == kSwapClusterMax);
             ++freed)
            free_to_list(cpu, zone, pages[at++], Order{0U});
    }
}

}  // namespace splinter::alloc
