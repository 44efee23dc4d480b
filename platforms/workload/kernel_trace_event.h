// One event of a recorded kernel allocation trace: a line of trace.csv, packed, because a trace has up to millions of them.
// The format is that of the oracle's traces (tests/data/traces/README.md); the comments give the line of each kind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hw/base/types.h"

namespace splinter::platforms {

enum class TraceEventKind : std::uint8_t {
    allocate,     // A,cpu,pfn,order,mt,g       mm_page_alloc, g: index into the gfp table
    free,         // F,cpu,pfn,order            mm_page_free
    take,         // L,cpu,pfn,order,mt,refill  taken off a buddy list
    put_back,     // D,cpu,pfn,order,mt         from a per-cpu list back to the buddy lists
    fallback,     // X,cpu,pfn,aorder,forder,amt,fmt,frag,own   order and migratetype asked for and fallen back to
    bulk_enter,   // B,cpu,gfp,nr               alloc_pages_bulk entered, asked for nr pages
    bulk_return,  // R,cpu,n                    ... and returned n of them; no A lines for these
    decay,        // P,cpu,zone                 decay of this cpu's per-cpu list (6.12)
    reclaim,      // C,cpu,name                 compaction or reclaim started
    marker,       // M,cpu,text
    invalidate,   // I,cpu,pfn                  set_direct_map_invalid
    restore,      // J,cpu,pfn                  set_direct_map_default
    flush_all,    // T,cpu                      flush_tlb_all: one per large-page split
    flush_range,  // K,cpu,start,end            flush_tlb_kernel_range
};
inline constexpr std::size_t kTraceEventKinds = 14;

inline constexpr std::uint8_t kRefill = 1;       // L: taken to refill a per-cpu list
inline constexpr std::uint8_t kFragmenting = 2;  // X
inline constexpr std::uint8_t kOwn = 4;          // X: the whole pageblock changed its type

struct TraceEvent {
    TraceEventKind kind{};
    Order order;                            // A F L D, X: asked for
    std::uint8_t migratetype = 0;           // A L D, X: asked for
    Order fallback_order;                   // X
    std::uint8_t fallback_migratetype = 0;  // X
    std::uint8_t flags = 0;                 // L X: kRefill, kFragmenting, kOwn
    std::uint16_t cpu_number = 0;
    std::uint64_t first = 0;  // see the accessors: their meaning depends on the kind
    std::uint64_t second = 0;

    [[nodiscard]] CpuId cpu() const { return CpuId{cpu_number}; }
    [[nodiscard]] Pfn pfn() const { return Pfn{first}; }                                // A F L D X I J
    [[nodiscard]] PfnRange block() const { return {pfn(), order.pages()}; }             // A F L D
    [[nodiscard]] std::size_t gfp_index() const { return second; }                      // A
    [[nodiscard]] std::uint64_t gfp_bits() const { return second; }                     // B
    [[nodiscard]] PageCount bulk_pages() const { return PageCount{first}; }             // B R
    [[nodiscard]] unsigned zone_index() const { return static_cast<unsigned>(first); }  // P
    [[nodiscard]] std::size_t text_index() const { return first; }                      // C M: into TraceLog::texts
    [[nodiscard]] VirtAddr flush_start() const { return VirtAddr{first}; }              // K
    [[nodiscard]] VirtAddr flush_end() const { return VirtAddr{second}; }               // K
    [[nodiscard]] bool has_flag(std::uint8_t flag) const { return (flags & flag) != 0; }
};
static_assert(sizeof(TraceEvent) == 24);

}  // namespace splinter::platforms
