// Exposure: page-cycles from the moment that a protected page goes to its owner until no core holds a translation with the old
// rights. Kept by events, as facts of each core's own time, so that results do not depend on who ran first in host order:
//
//   - narrowed(): a record of the range is made, and a notice of it reaches every core one lookahead later, when the store is
//     visible there at the latest (RecentStores). The core then marks the entries that it still holds; each is a hold.
//   - A walk or a refill that brings a taken-away right into a TLB after that moment opens a hold too.
//   - When a marked entry goes (eviction, invalidation), the hold closes at that cycle.
// A page's exposure is the time of the last close after its hand-out, less its hand-out; it ends when the page is mapped again.
// An entry that disappears within one lookahead of the store counts as never held: that is the model's resolution.
//
// What strategies do between a flush and the hand-out, such as zeroing, hides a mechanism that is late. So the same is kept
// from the return of the flush: of each flush that the CPU makes which took the pages away, or that is of their very range.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "alloc/flush/flush_strategy.h"
#include "alloc/smp/tlb_flush.h"
#include "hw/core/machine.h"

namespace splinter::platforms {

class ExposureTracker : public alloc::MapObserver, public alloc::FlushObserver {
  public:
    // Sends the notice of a record to every core; `record` comes back through on_notice().
    using Notify = std::function<void(CpuId sender, std::uint64_t record)>;

    ExposureTracker();
    ~ExposureTracker() override;
    ExposureTracker(const ExposureTracker&) = delete;
    ExposureTracker& operator=(const ExposureTracker&) = delete;
    // Before the first event. The tracker becomes the observer of every core's MMU.
    void attach(hw::Machine& machine, Notify notify);

    void narrowed(alloc::Cpu& cpu, PfnRange range) override;
    void widened(alloc::Cpu& cpu, PfnRange range) override;
    void handed_out(alloc::Cpu& cpu, PfnRange range) override;
    void released(alloc::Cpu& cpu, PfnRange range) override;
    void flush_begins(alloc::Cpu&) override {}
    void flushed_range(alloc::Cpu& cpu, VirtAddr start, PageCount pages) override;
    void flushed_all(alloc::Cpu& cpu) override;
    // `core` has reached the cycle at which the record's store is visible to it.
    void on_notice(hw::Core& core, std::uint64_t record);
    // Hand-outs from here on count for `phase`. By core: each enters a phase at its own notice.
    void enter_phase(CpuId core, std::size_t phase);
    // Open holds and hand-outs end at `end`.
    void finish(Cycles end);

    struct Total {
        std::uint64_t page_cycles = 0;
        std::uint64_t pages = 0;    // handed out
        std::uint64_t longest = 0;  // cycles of one page
        // From the return of the flush, known after finish(); of pages taken out of the map that were flushed.
        std::uint64_t flushed_pages = 0;
        std::uint64_t after_flush_page_cycles = 0;
        std::uint64_t longest_after_flush = 0;
    };
    [[nodiscard]] Total total(std::size_t phase) const;
    // Holds that are open now: for the test that compares them with a scan of all TLBs.
    [[nodiscard]] std::uint64_t open_holds() const;

  private:
    struct Hold {
        CpuId core;
        VirtAddr page;
        x86::PageSize size;
        friend bool operator==(const Hold&, const Hold&) = default;
    };
    struct Owned {
        PfnRange range;
        Cycles from;
        Cycles to;
        std::size_t phase;
    };
    struct Drop {
        PfnRange range;
        Cycles at;
    };
    struct Record {
        PfnRange range;
        Cycles visible_at;  // to every core
        Cycles widened_at = kNever;
        Cycles flushed_at = kNever;
        std::size_t flush_phase = 0;
        std::size_t notices_left = 0;
        std::vector<Hold> holds;
        std::vector<Drop> drops;     // merged by range, latest time
        std::vector<Owned> owned;    // handed out and not released
        std::vector<Owned> waiting;  // released, but drops may still come
        [[nodiscard]] bool settled() const { return notices_left == 0 && holds.empty(); }
    };
    class CoreObserver;
    friend class CoreObserver;

    // visit(Record&) for records, current or replaced, that overlap the page.
    template <class Visitor>
    void for_each_overlapping(VirtAddr page, x86::PageSize size, Visitor&& visit);
    [[nodiscard]] Record* find(Pfn pfn);
    bool open_hold(CpuId core, VirtAddr page, x86::PageSize size, Cycles now);
    void close_holds(CpuId core, VirtAddr page, x86::PageSize size, Cycles now);
    void settle(const Record& record, const Owned& owned);
    void note_flush(Record& record, const alloc::Cpu& cpu);
    void count_after_flush(const Record& record);
    Total& total_of(std::size_t phase);
    void settle_if_quiet(Record& record);

    hw::Machine* machine_ = nullptr;
    Notify notify_;
    std::vector<std::unique_ptr<CoreObserver>> observers_;
    std::vector<std::unique_ptr<Record>> records_;  // by record number
    std::map<Pfn, Record*> current_;                // by first frame; ranges do not overlap
    std::vector<std::vector<Record*>> unflushed_;   // by the CPU that narrowed
    std::vector<Record*> replaced_;                 // widened, with holds or notices left
    std::vector<std::size_t> phase_of_core_;
    std::vector<Total> totals_;  // by phase
};

}  // namespace splinter::platforms
