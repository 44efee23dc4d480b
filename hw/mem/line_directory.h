// Which core's cache holds a shared line last: what a touch of kernel data costs. A line is moved whole to the core that
// touches it (MESI's M state; shared readers are not modelled). Pure. REQUIRES: touches of one line are ordered by a lock or an
// ordering point, as the kernel's own accesses are.
//
// Kept by page of lines, as kernel data that many cores share is: arrays with a line for each CPU, page-table pages.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "hw/base/flat_map.h"
#include "hw/topology.h"

namespace splinter::hw {

class LineDirectory {
  public:
    LineDirectory(const MachineParams& params, const Topology& topology)
        : topology_{&topology},
          latencies_{params.mem.l1d_hit, params.mem.transfer_sibling, params.mem.transfer_cluster, params.mem.transfer_socket,
                     params.mem.transfer_cross} {}
    // `cpu` owns the 64-byte line of `address` from now on. The transfer, if another core owned it; kNever if it was the core's
    // own or nobody's: then the caches know the cost. (No std::optional, which goes through the host's memory.)
    [[gnu::always_inline]] Cycles take_from_others(CpuId cpu, VirtAddr address) {
        return take_from_others(cpu, owner_of(address));
    }
    // The same with a flat cost for the other case. A line nobody has touched is a hit: its first fetch from memory is part of
    // the software path length.
    [[gnu::always_inline]] Cycles take(CpuId cpu, VirtAddr address) { return take(cpu, owner_of(address)); }
    // The same in two steps: where the owner of a line is kept, nullptr if that takes a search, and the taking.
    using Owner = std::uint16_t;  // a CpuId
    [[nodiscard, gnu::always_inline]] Owner* known_owner(VirtAddr address) const {
        const std::uint64_t number = address.raw() >> kPageShift;
        const Memo& memo = memos_[number % kMemos];
        return memo.number == number ? &memo.page->owners[place_of(address)] : nullptr;
    }
    [[gnu::always_inline]] Cycles take(CpuId cpu, Owner& owner) {
        const Cycles transfer = take_from_others(cpu, owner);
        return transfer == kNever ? latencies_[0] : transfer;
    }
    // The most that take() returns.
    [[nodiscard]] Cycles slowest() const { return *std::max_element(latencies_.begin(), latencies_.end()); }
    [[nodiscard]] Cycles transfer(CpuId from, CpuId to) const {
        return latencies_[static_cast<std::size_t>(topology_->distance(from, to))];
    }

  private:
    static constexpr Owner kNobody = 0xffff;
    static constexpr unsigned kLineShift = 6;
    static constexpr std::size_t kLines = kPageBytes >> kLineShift;
    struct Page {
        std::array<Owner, kLines> owners;
        Page() { owners.fill(kNobody); }
    };
    // A page that was asked for of late, at a place by its number.
    struct Memo {
        std::uint64_t number = ~std::uint64_t{0};
        Page* page = nullptr;
    };
    static constexpr std::size_t kMemos = 64;

    static std::size_t place_of(VirtAddr address) { return address.raw() >> kLineShift & (kLines - 1); }
    [[nodiscard, gnu::always_inline]] Owner& owner_of(VirtAddr address) {
        Owner* const known = known_owner(address);
        return known != nullptr ? *known : find_page(address.raw() >> kPageShift).owners[place_of(address)];
    }
    [[nodiscard, gnu::always_inline]] Cycles take_from_others(CpuId cpu, Owner& place) const {
        const Owner owner = std::exchange(place, static_cast<Owner>(cpu.raw()));
        if (owner == kNobody || owner == cpu.raw()) return kNever;
        return transfer(CpuId{owner}, cpu);
    }
    [[gnu::noinline]] Page& find_page(std::uint64_t number) {
        const auto [page, added] = page_of_.find_or_add(number);
        if (added) page = &pages_.emplace_back();
        memos_[number % kMemos] = {number, page};
        return *page;
    }

    const Topology* topology_;
    std::array<Cycles, kDistances> latencies_;  // by distance
    std::array<Memo, kMemos> memos_;
    FlatMap<Page*> page_of_;  // by number
    std::deque<Page> pages_;  // where they stay
};

}  // namespace splinter::hw
