// Invariants that every run checks, of rights that the kernel takes away in the direct map:
//   - when a flush of such a change has reached all CPUs, no TLB that it was to reach gives the old rights by a global entry
//     or, with page-table isolation, under the PCID that is loaded there. Without isolation what has lost its Global bit
//     survives INVLPG under other PCIDs, in Linux as well: metric pcid_survivors;
//   - no page is reused (a protected page handed out, a page-table page handed out, a page that had the key freed) before a
//   flush
//     that began after the change has reached all CPUs;
//   - a page-table page is handed out under a leaf with the key of page tables, if the policy protects them;
//   - at the end, every page-table page that the roots reach lies in such a leaf.
// That no write to one passes at the default level is the MMU's own check: it would fault, and end the run.
// A breach is a bug of the model, not of the configuration. Kept by events, in the order in which they happen on the host,
// which is that of simulated time wherever cores meet.
#pragma once

#include <map>
#include <vector>

#include "alloc/map/map_observer.h"
#include "alloc/smp/tlb_flush.h"
#include "hw/core/machine.h"

namespace splinter::platforms {

class MapAudit : public alloc::MapObserver, public alloc::FlushObserver {
  public:
    enum class Tables : std::uint8_t { have_no_key, have_a_key };
    enum class HandOut : std::uint8_t { after_the_flush, any_time };  // any_time: the strategy declares that it is late
    // is_not_checked: of a mechanism that returns earlier, of a test's strategy that breaks the contract on purpose.
    enum class Flush : std::uint8_t { reaches_all, reaches_global_entries, is_not_checked };

    MapAudit(std::size_t cores, HandOut hand_out, Flush flush) : begun_(cores, 0), hand_out_{hand_out}, flush_{flush} {}
    // Before the first CPU runs.
    void watch(const hw::Machine& machine, const x86::PhysMem& memory, Pfn root, Tables tables);

    void narrowed(alloc::Cpu& cpu, PfnRange range) override { add(cpu, range); }
    void widened(alloc::Cpu& cpu, PfnRange range) override;
    void handed_out(alloc::Cpu& cpu, PfnRange range) override;
    void keyed(alloc::Cpu& cpu, PfnRange range) override { add(cpu, range); }
    void unkeyed(alloc::Cpu& cpu, PfnRange range) override { add(cpu, range); }
    void table_handed_out(alloc::Cpu& cpu, PfnRange page) override;
    void unkeyed_freed(alloc::Cpu& /*cpu*/, PfnRange range) override {
        check_flushed(range, "memory that was page tables is freed");
    }
    void flush_begins(alloc::Cpu& cpu) override { begun_[cpu.id().index()] = now_; }
    void flushed_range(alloc::Cpu& cpu, VirtAddr start, PageCount pages) override;
    void flushed_all(alloc::Cpu& cpu) override;

    // After the run, over all page tables that these roots reach.
    void check_tables(const std::vector<Pfn>& roots) const;

  private:
    struct Pending {
        Pfn end;
        std::uint64_t since;  // number of the change
    };
    void add(alloc::Cpu& cpu, PfnRange range);
    // Forgets changes of the range up to number `begun`; visit(range) for each part of one.
    template <class Visitor>
    void remove(PfnRange range, std::uint64_t begun, Visitor&& visit);
    void check_tlbs(const alloc::Cpu& cpu, PfnRange range) const;
    void check_flushed(PfnRange range, const char* what) const;
    [[nodiscard]] x86::Pte leaf_of(Pfn page) const;
    [[nodiscard]] unsigned key_of(Pfn page) const;
    void check_table(Pfn table, x86::Level level, std::vector<bool>& seen) const;

    std::map<Pfn, Pending> pending_;    // by first page; ranges do not overlap
    std::uint64_t now_ = 0;             // changes so far
    std::vector<std::uint64_t> begun_;  // by core: changes before its flush began
    HandOut hand_out_;
    Flush flush_;
    const hw::Machine* machine_ = nullptr;
    const x86::PhysMem* memory_ = nullptr;
    Pfn root_;
    Tables tables_ = Tables::have_no_key;
};

}  // namespace splinter::platforms
