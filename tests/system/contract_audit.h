// The contract of the flush strategies, checked by brute force at the moments that the kernel reports: at the hand-out of a
// block no TLB array and no paging-structure cache of any core, whatever the PCID, translates a frame of it, and the page
// tables have it not present. When a range has lost its rights, no entry may have another size than the tables' leaf: size and
// rights of a leaf have then changed without a flush in between, which no hardware forgives.
//
// REQUIRES a quantum of one cycle: then what the host has computed is what the simulated cores hold at that moment.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "alloc/flush/flush_strategy.h"
#include "platforms/build/node.h"

namespace splinter::platforms::testing {

class ContractAudit : public alloc::MapObserver {
  public:
    void attach(Node& node) { node_ = &node; }
    void narrowed(alloc::Cpu& cpu, PfnRange range) override;
    void handed_out(alloc::Cpu& cpu, PfnRange range) override;

    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    [[nodiscard]] std::uint64_t narrowed_pages() const { return narrowed_pages_; }
    [[nodiscard]] std::uint64_t handed_out_pages() const { return handed_out_pages_; }
    // Entries of other cores that translated a range at the moment that it lost its rights: what the flush is there for.
    [[nodiscard]] std::uint64_t stale_entries(x86::PageSize size) const { return stale_[static_cast<std::size_t>(size)]; }

  private:
    // visit(CpuId, CachedTranslation) for every TLB entry of any core that translates a frame of the range.
    template <class Visitor>
    void for_each_entry(PfnRange range, Visitor&& visit);
    void check_tlbs(PfnRange range, const std::string& when);
    void check_paging_caches(PfnRange range, const std::string& when);
    void check_tables(PfnRange range, const std::string& when);
    void report(const std::string& text);

    Node* node_ = nullptr;
    std::vector<std::string> violations_;
    std::uint64_t narrowed_pages_ = 0;
    std::uint64_t handed_out_pages_ = 0;
    std::array<std::uint64_t, 3> stale_{};
};

}  // namespace splinter::platforms::testing
