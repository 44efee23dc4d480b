// Which mapped pages still hold what their protected owners left there: with the scrub policy `on-alloc`, a block that is
// mapped again is not cleared, but each of its pages by the mapped request that takes it first. One bit per page, for such
// blocks only. The kernel has nothing like it; it would need a page flag [I].
#pragma once

#include <bitset>
#include <map>

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

class UnscrubbedPages {
  public:
    [[nodiscard]] bool empty() const { return blocks_.empty(); }
    void add(PfnRange range) { set(range, true); }
    void remove(PfnRange range) { set(range, false); }
    [[nodiscard]] bool contains(Pfn page) const {
        const auto block = blocks_.find(block_of(page));
        return block != blocks_.end() && block->second.test(page.raw() % kPages);
    }

  private:
    static constexpr std::size_t kPages = std::size_t{1} << kPageblockOrder.raw();
    static Pfn block_of(Pfn page) { return Pfn{page.raw() / kPages}; }
    void set(PfnRange range, bool unscrubbed) {  // NOLINT: private
        for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
            const auto block = unscrubbed ? blocks_.try_emplace(block_of(page)).first : blocks_.find(block_of(page));
            if (block == blocks_.end()) continue;
            block->second.set(page.raw() % kPages, unscrubbed);
            if (block->second.none()) blocks_.erase(block);
        }
    }
    std::map<Pfn, std::bitset<kPages>> blocks_;  // by pageblock
};

}  // namespace splinter::alloc
