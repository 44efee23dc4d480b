// TLB arrays and levels against a naive list of live entries: whatever is filled, looked up and invalidated, in any order.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "hw/mmu/tlb_level.h"
#include "tests/properties/any_tlb.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

constexpr const char* kSizeNames[] = {"4k", "2m", "1g"};

// Every entry that was filled and not yet invalidated, without any limit on their number.
class LiveEntries {
  public:
    struct Entry {
        VirtAddr page;
        Pcid pcid;
        x86::Translation translation;
    };

    // A fill of a page that is live already, as own or as global entry, replaces it.
    void insert(VirtAddr va, Pcid pcid, const x86::Translation& translation) {
        drop([&](const Entry& entry) {
            return entry.translation.size == translation.size && covers(entry, va) && visible(entry, pcid);
        });
        const std::uint64_t bytes = x86::leaf_level(translation.size).bytes();
        entries_.push_back({VirtAddr{va.raw() & ~(bytes - 1)}, pcid, translation});
    }
    template <class Dies>
    void drop(Dies&& dies) {
        std::erase_if(entries_, dies);
    }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

    static bool covers(const Entry& entry, VirtAddr va) {
        return va.raw() - entry.page.raw() < x86::leaf_level(entry.translation.size).bytes();
    }
    static bool visible(const Entry& entry, Pcid pcid) { return entry.translation.rights.global || entry.pcid == pcid; }

  private:
    std::vector<Entry> entries_;
};

// Few addresses, so that pages collide, overlap in size and come again; both halves of the address space.
VirtAddr any_address() {
    const std::uint64_t offset = up_to(3) << 30 | up_to(3) << 21 | up_to(5) << kPageShift | up_to(1) * 0xfff;
    return VirtAddr{up_to(1) == 0 ? offset : 0xffff888000000000U + offset};
}
Pcid any_pcid() { return Pcid{static_cast<std::uint16_t>(up_to(2))}; }

x86::Translation any_translation() {
    const PageSize size = x86::kPageSizes[up_to(2)];
    const std::uint64_t pages = x86::leaf_level(size).pages().raw();
    return {Pfn{up_to(1000) * pages}, size, {up_to(1) != 0, up_to(1) != 0, false, up_to(3) == 0, up_to(1) != 0, 0}};
}

void invalidate(TlbLevel& level, LiveEntries& live) {
    using Entry = LiveEntries::Entry;
    const VirtAddr va = any_address();
    const Pcid pcid = any_pcid();
    const Globals globals = up_to(1) == 0 ? Globals::kept : Globals::dropped;
    const auto global = [](const Entry& entry) { return entry.translation.rights.global; };
    const auto reached = [&](const Entry& entry) {
        return LiveEntries::covers(entry, va) && (globals == Globals::dropped || !global(entry));
    };
    switch (up_to(5)) {
        case 0:
            level.drop_address(va, pcid, globals);
            return live.drop([&](const Entry& entry) { return reached(entry) && LiveEntries::visible(entry, pcid); });
        case 1:
            level.drop_address_everywhere(va, globals);
            return live.drop(reached);
        case 2:
            level.drop_pcid(pcid);
            return live.drop([&](const Entry& entry) { return !global(entry) && entry.pcid == pcid; });
        case 3:
            level.drop_global();
            return live.drop(global);
        case 4:
            level.drop_non_global();
            return live.drop([&](const Entry& entry) { return !global(entry); });
        default:
            level.drop_all();
            return live.drop([](const Entry&) { return true; });
    }
}

void expect_live(const LiveEntries& live, const CachedTranslation& cached) {
    const auto same = [&](const LiveEntries::Entry& entry) {
        return entry.page == cached.page && entry.translation == cached.translation &&
               (entry.translation.rights.global || entry.pcid == cached.pcid);
    };
    RC_ASSERT(std::ranges::any_of(live.entries(), same));
}

RC_GTEST_PROP(TlbProperty, NothingIsReturnedOrKeptThatIsNotLive, ()) {
    const std::vector<TlbParams> arrays = any_tlb_level();
    TlbLevel level{arrays};
    LiveEntries live;
    for (std::uint64_t step = up_to(150); step > 0; --step) {
        const VirtAddr va = any_address();
        const Pcid pcid = any_pcid();
        switch (up_to(5)) {
            case 0:
                invalidate(level, live);
                break;
            case 1:
            case 2: {
                const x86::Translation translation = any_translation();
                level.insert(va, pcid, translation);
                live.insert(va, pcid, translation);
                break;
            }
            default:
                if (const CachedEntry* hit = level.lookup(va, pcid)) {
                    const VirtAddr page{va.raw() & ~(hit->page_bytes() - 1)};
                    expect_live(live, {page, hit->size(), pcid, hit->translation()});
                }
        }
    }
    std::size_t cached = 0;
    std::map<std::string, std::size_t> by_size;
    level.for_each([&](const CachedTranslation& entry) {
        expect_live(live, entry);
        ++cached;
        ++by_size[kSizeNames[static_cast<std::size_t>(entry.size)]];
    });
    std::size_t capacity = 0;
    for (const TlbParams& array : arrays) capacity += array.entries;
    RC_ASSERT(cached <= capacity);
    for (const auto& [size, count] : by_size) {
        std::size_t room = 0;
        for (const TlbParams& array : arrays) room += array.holds(size) ? array.entries : 0;
        RC_ASSERT(count <= room);
    }
}

// With true LRU the naive list tells hits from misses too: each set keeps the `ways` entries that were used last.
RC_GTEST_PROP(TlbProperty, AnLruArrayHoldsExactlyTheLastUsedEntriesOfEachSet, ()) {
    const std::uint64_t sets = std::uint64_t{1} << up_to(2);
    const std::uint64_t ways = 1 + up_to(4);
    TlbArray array{{sets * ways, ways, "4k", "linear", "lru"}};
    std::vector<std::vector<std::uint64_t>> naive(sets);  // by set: pages, the least recently used first
    for (std::uint64_t step = up_to(150); step > 0; --step) {
        const std::uint64_t number = up_to(20);
        const VirtAddr va{number << kPageShift};
        std::vector<std::uint64_t>& set = naive[number % sets];
        const bool held = std::erase(set, number) > 0;
        switch (up_to(3)) {
            case 0:
                array.drop_address(va, Pcid{1}, Globals::dropped);
                break;
            case 1:
                RC_ASSERT((array.lookup(va, PageSize::k4, Pcid{1}) != nullptr) == held);
                if (held) set.push_back(number);
                break;
            default:
                array.insert(va, Pcid{1}, {Pfn{number}, PageSize::k4, {}});
                set.push_back(number);
                if (set.size() > ways) set.erase(set.begin());
        }
    }
    for (std::uint64_t number = 0; number <= 20; ++number)
        RC_ASSERT((array.lookup(VirtAddr{number << kPageShift}, PageSize::k4, Pcid{1}) != nullptr) ==
                  (std::ranges::count(naive[number % sets], number) > 0));
}

}  // namespace
}  // namespace splinter::hw
