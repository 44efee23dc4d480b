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
    struct Page;

  public:
    LineDirectory(const MachineParams& params, const Topology& topology)
        : topology_{&topology},
          latencies_{params.mem.l1d_hit, params.mem.transfer_sibling, params.mem.transfer_cluster, params.mem.transfer_socket,
                     params.mem.transfer_cross} {}
    // The lines of one page, found once, for several to be taken.
    class PageLines {
      public:
        PageLines() = default;
        // As those of the directory. REQUIRES: the address is in this page.
        [[gnu::always_inline]] Cycles take_from_others(CpuId cpu, VirtAddr address) const {
            Owner& place = page_->owners[address.raw() >> kLineShift & (kLines - 1)];
            const Owner owner = std::exchange(place, static_cast<Owner>(cpu.raw()));
            if (owner == kNobody || owner == cpu.raw()) return kNever;
            return directory_->transfer(CpuId{owner}, cpu);
        }
        [[gnu::always_inline]] Cycles take(CpuId cpu, VirtAddr address) const {
            const Cycles transfer = take_from_others(cpu, address);
            return transfer == kNever ? directory_->latencies_[0] : transfer;
        }

      private:
        friend class LineDirectory;
        PageLines(const LineDirectory& directory, Page* page) : directory_{&directory}, page_{page} {}
        const LineDirectory* directory_ = nullptr;
        Page* page_ = nullptr;
    };
    [[nodiscard, gnu::always_inline]] PageLines page_of(VirtAddr address) {
        const std::uint64_t number = address.raw() >> kPageShift;
        const Memo& memo = memos_[number % kMemos];
        return {*this, memo.number == number ? memo.page : find_page(number)};
    }
    // `cpu` owns the 64-byte line of `address` from now on. The transfer, if another core owned it; kNever if it was the core's
    // own or nobody's: then the caches know the cost. (No std::optional, which goes through the host's memory.)
    [[gnu::always_inline]] Cycles take_from_others(CpuId cpu, VirtAddr address) {
        return page_of(address).take_from_others(cpu, address);
    }
    // The same with a flat cost for the other case. A line nobody has touched is a hit: its first fetch from memory is part of
    // the software path length.
    [[gnu::always_inline]] Cycles take(CpuId cpu, VirtAddr address) { return page_of(address).take(cpu, address); }
    // The most that take() returns.
    [[nodiscard]] Cycles slowest() const { return *std::max_element(latencies_.begin(), latencies_.end()); }
    [[nodiscard]] Cycles transfer(CpuId from, CpuId to) const {
        return latencies_[static_cast<std::size_t>(topology_->distance(from, to))];
    }

  private:
    using Owner = std::uint16_t;  // a CpuId
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

    [[gnu::noinline]] Page* find_page(std::uint64_t number) {
        const auto [page, added] = page_of_.find_or_add(number);
        if (added) page = &pages_.emplace_back();
        memos_[number % kMemos] = {number, page};
        return page;
    }

    const Topology* topology_;
    std::array<Cycles, kDistances> latencies_;  // by distance
    std::array<Memo, kMemos> memos_;
    FlatMap<Page*> page_of_;  // by number
    std::deque<Page> pages_;  // where they stay
};

}  // namespace splinter::hw
