#include "alloc/mm/gathered_memory.h"

#include <array>
#include <span>

namespace splinter::alloc {
namespace {

constexpr std::size_t kFolioBatch = 31;  // PAGEVEC_SIZE: folios_put_refs() frees so many at once

}  // namespace

void GatheredMemory::free(Cpu& cpu) {
    for (Pfn table : tables_) parts_.pgalloc.free_table(cpu, table);
    free_pieces(cpu);
}

PageCount GatheredMemory::pages() const {
    std::uint64_t pages = tables_.size();
    for (const MmuGather::Piece& piece : pieces_) pages += piece.entries;
    return PageCount{pages};
}

// free_pages_and_swap_cache(), folios_put_refs(): small folios go to the page allocator 31 at a time.
void GatheredMemory::free_pieces(Cpu& cpu) {
    std::array<Pfn, kFolioBatch> batch;
    std::size_t count = 0;
    const auto free_batch = [&] {
        if (count != 0) parts_.pages.free_pages_bulk(cpu, std::span{batch}.first(count));
        count = 0;
    };
    for (const MmuGather::Piece& piece : pieces_) {
        cpu.touch(layout::struct_page(piece.head), Touch::owned);
        if (parts_.folios.put(piece.head, piece.entries)) continue;
        cpu.retire(Step::folio_free);
        const Order order = parts_.folios.order_of(piece.head);
        if (order != Order{0U}) {
            parts_.pages.free_pages(cpu, piece.head, order);
            continue;
        }
        batch[count++] = piece.head;
        if (count == batch.size()) free_batch();
    }
    free_batch();
}

}  // namespace splinter::alloc
