#include "alloc/mm/vmalloc.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

namespace {

constexpr PageCount kGuardPage{1};  // behind each area: a run over the end faults
constexpr std::uint64_t kLazyPages = (std::uint64_t{32} << 20) / kPageBytes;

void insert_free(std::map<VirtAddr, PageCount>& free, VirtAddr start, PageCount pages) {
    auto [at, inserted] = free.emplace(start, pages);
    SPLINTER_CHECK(inserted, "addresses are freed once");
    const auto after = std::next(at);
    if (after != free.end() && at->first + at->second.raw() * kPageBytes == after->first) {
        at->second += after->second;
        free.erase(after);
    }
    if (at == free.begin()) return;
    const auto before = std::prev(at);
    if (before->first + before->second.raw() * kPageBytes != at->first) return;
    before->second += at->second;
    free.erase(at);
}

}  // namespace

// lazy_max_pages(): 32 MiB for each doubling of the CPUs.
Vmalloc::Vmalloc(PageAllocator& pages, PgAlloc& pgalloc, TlbFlush& flush, Pfn root, std::size_t cpus)
    : pages_{pages}, pgalloc_{pgalloc}, flush_{flush}, root_{root}, lazy_max_{std::bit_width(cpus) * kLazyPages} {
    free_.emplace(layout::kVmalloc, PageCount{layout::kVmallocBytes >> kPageShift});
}

std::optional<VirtAddr> Vmalloc::allocate(Cpu& cpu, PageCount pages) {
    const Account account{cpu, kVmalloc};
    cpu.retire(Step::vmalloc_area);
    const auto start = take_addresses(cpu, pages + kGuardPage);
    if (!start) return std::nullopt;
    Block block;
    while (block.pages.size() < pages.raw()) {  // vm_area_alloc_pages()
        const std::vector<Pfn> more =
            pages_.alloc_pages_bulk(cpu, AllocRequest{}, std::min<std::uint64_t>(100, pages.raw() - block.pages.size()));
        if (more.empty()) break;
        block.pages.insert(block.pages.end(), more.begin(), more.end());
    }
    if (block.pages.size() < pages.raw() || !map(cpu, *start, block.pages)) {
        unmap(cpu, *start, pages);
        give_back_pages(cpu, block.pages);
        free_lazily(cpu, *start, pages + kGuardPage);
        return std::nullopt;
    }
    const LockGuard lock{cpu, kVmapLock};
    busy_.emplace(*start, std::move(block));
    return start;
}

void Vmalloc::free(Cpu& cpu, VirtAddr start) {
    const Account account{cpu, kVfree};
    cpu.retire(Step::vfree_area);
    Block block;
    {
        const LockGuard lock{cpu, kVmapLock};
        const auto found = busy_.find(start);
        SPLINTER_CHECK(found != busy_.end(), "vfree() of what vmalloc() gave");
        block = std::move(found->second);
        busy_.erase(found);
    }
    const PageCount pages{block.pages.size()};
    unmap(cpu, start, pages);
    free_lazily(cpu, start, pages + kGuardPage);
    give_back_pages(cpu, block.pages);
}

// alloc_vmap_area(): the lowest address that fits; if there is none, once more after a purge.
std::optional<VirtAddr> Vmalloc::take_addresses(Cpu& cpu, PageCount pages) {
    for (bool purged : {false, true}) {
        {
            const LockGuard lock{cpu, kVmapLock};
            for (auto at = free_.begin(); at != free_.end(); ++at) {
                if (at->second < pages) continue;
                const auto [start, room] = *at;
                free_.erase(at);
                if (room > pages) free_.emplace(start + pages.raw() * kPageBytes, room - pages);
                return start;
            }
        }
        if (!purged) purge(cpu);
    }
    return std::nullopt;
}

// pte_alloc_kernel_track(): upper tables on the way. The lock is init_mm.page_table_lock, and no lock holds while PTEs of the
// kernel are written.
std::optional<Pfn> Vmalloc::pte_table(Cpu& cpu, VirtAddr va) {
    Pfn table = root_;
    for (Level level = x86::kPml4e; level > x86::kPte; level = level.below()) {
        const VirtAddr entry = entry_in(table, level, va);
        Pte value = cpu.load_pte(entry);
        if (!value.present()) {
            const auto made = pgalloc_.new_table(cpu);
            if (!made) return std::nullopt;
            {
                const LockGuard lock{cpu, kInitMmLock};
                const KeyRegister::Guard section = pgalloc_.table_lock_section(cpu);
                value = cpu.load_pte(entry);
                if (!value.present()) pgalloc_.set(cpu, entry, Pte::table(*made, kKernelTable));
            }
            if (value.present())
                pgalloc_.free_table(cpu, *made);  // somebody else was first
            else
                value = Pte::table(*made, kKernelTable);
        }
        table = value.next_table();
    }
    return table;
}

// vmap_pages_range_noflush(), vmap_pages_pte_range(): a section for each table.
bool Vmalloc::map(Cpu& cpu, VirtAddr start, const std::vector<Pfn>& pages) {
    for (std::size_t at = 0; at < pages.size();) {
        const VirtAddr va = start + at * kPageBytes;
        const auto table = pte_table(cpu, va);
        if (!table) return false;
        const KeyRegister::Guard lazy = pgalloc_.lazy_section(cpu);
        const std::uint64_t in_table = x86::kEntriesPerTable - x86::kPte.index(va);
        for (const std::size_t end = std::min<std::size_t>(pages.size(), at + in_table); at < end; ++at) {
            const VirtAddr entry = entry_in(*table, x86::kPte, start + at * kPageBytes);
            cpu.retire(Step::vmap_page);
            SPLINTER_CHECK(!cpu.load_pte(entry).present(), "vmalloc() maps free addresses");
            pgalloc_.set(cpu, entry, Pte::leaf(pages[at], x86::PageSize::k4, leaf_));
        }
    }
    return true;
}

// vunmap_range_noflush(), vunmap_pte_range().
void Vmalloc::unmap(Cpu& cpu, VirtAddr start, PageCount pages) {
    const VirtAddr end = start + pages.raw() * kPageBytes;
    for (VirtAddr at = start; at < end;) {
        const VirtAddr next = std::min(end, VirtAddr{(at.raw() / kTableBytes + 1) * kTableBytes});
        Pfn table = root_;
        bool there = true;
        for (Level level = x86::kPml4e; there && level > x86::kPte; level = level.below()) {
            const Pte value = cpu.load_pte(entry_in(table, level, at));
            there = value.present();
            table = value.next_table();
        }
        if (there) {
            const KeyRegister::Guard lazy = pgalloc_.lazy_section(cpu);
            for (; at < next; at = at + kPageBytes) {
                const VirtAddr entry = entry_in(table, x86::kPte, at);
                cpu.retire(Step::vunmap_page);
                if (cpu.load_pte(entry).present()) pgalloc_.set(cpu, entry, Pte{});
            }
        }
        at = next;
    }
}

// vfree() frees them one by one, before anybody flushes: stale translations of free addresses are nobody's concern.
void Vmalloc::give_back_pages(Cpu& cpu, const std::vector<Pfn>& pages) {
    for (Pfn page : pages) pages_.free_pages(cpu, page, Order{0U});
}

// free_vmap_area_noflush()
void Vmalloc::free_lazily(Cpu& cpu, VirtAddr start, PageCount pages) {
    bool due = false;
    {
        const LockGuard lock{cpu, kVmapLock};
        lazy_.emplace(start, pages);
        lazy_pages_ += pages;
        due = lazy_pages_ > lazy_max_;
    }
    if (due) purge(cpu);
}

// __purge_vmap_area_lazy(): one flush from the lowest to the highest address.
void Vmalloc::purge(Cpu& cpu) {
    std::map<VirtAddr, PageCount> lazy;
    {
        const LockGuard lock{cpu, kVmapLock};
        lazy.swap(lazy_);
        lazy_pages_ = PageCount{0};
    }
    if (lazy.empty()) return;
    const VirtAddr start = lazy.begin()->first;
    const auto last = std::prev(lazy.end());
    const VirtAddr end = last->first + last->second.raw() * kPageBytes;
    flush_.kernel_range(cpu, start, PageCount{(end - start) / kPageBytes});
    const LockGuard lock{cpu, kVmapLock};
    for (const auto& [at, pages] : lazy) insert_free(free_, at, pages);
    ++purges_;
}

}  // namespace splinter::alloc
