// Anonymous folios that page tables map: their order, and how many entries map their pages (folio_ref_count(), as far as
// mappings hold it). One record per frame in chunks of a pageblock, made when the first folio stands there.
// REQUIRES: what maps the same folio is changed by one CPU at a time.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "hw/base/check.h"
#include "hw/base/types.h"

namespace splinter::alloc {

class Folios {
  public:
    // A new folio, each of whose pages one entry maps.
    void add(Pfn head, Order order) {
        for (Pfn page = head; page < head + order.pages(); page += PageCount{1}) record(page).order = order;
        record(head).mappings = static_cast<std::uint32_t>(order.pages().raw());
    }
    [[nodiscard]] Order order_of(Pfn page) { return record(page).order; }
    [[nodiscard]] Pfn head_of(Pfn page) { return Pfn{page.raw() & ~(order_of(page).pages().raw() - 1)}; }
    // Whether more entries than one map each of its pages, on average: another space has it too.
    [[nodiscard]] bool shared(Pfn head) { return record(head).mappings > order_of(head).pages().raw(); }
    // More, or fewer, entries map pages of the folio. False: no entry does any more.
    void get(Pfn head, std::uint32_t entries) { record(head).mappings += entries; }
    [[nodiscard]] bool put(Pfn head, std::uint32_t entries) {
        std::uint32_t& mappings = record(head).mappings;
        SPLINTER_CHECK(mappings >= entries, "a folio is unmapped as often as it was mapped");
        mappings -= entries;
        return mappings != 0;
    }

  private:
    static constexpr std::uint64_t kChunk = 512;
    struct Record {
        std::uint32_t mappings = 0;  // head
        Order order;                 // every page
    };
    [[nodiscard]] Record& record(Pfn page) {
        const std::uint64_t chunk = page.raw() / kChunk;
        if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
        if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<std::array<Record, kChunk>>();
        return (*chunks_[chunk])[page.raw() % kChunk];
    }
    std::vector<std::unique_ptr<std::array<Record, kChunk>>> chunks_;  // by pageblock
};

}  // namespace splinter::alloc
