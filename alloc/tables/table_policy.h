// What policies for protected page-table pages have in common.
#pragma once

#include "alloc/buddy/flip.h"
#include "alloc/kernel_params.h"
#include "alloc/map/direct_map.h"
#include "alloc/map/map_observer.h"

namespace splinter::alloc {

struct TableContext {
    PageAllocator& pages;
    DirectMap& direct_map;
    Flips& flips;
    MapObserver& observer;
    PageTableParams params;
    std::size_t cpus;
    layout::KernelData data;
};

class TablePolicy : public PageTablePages {
  public:
    explicit TablePolicy(const TableContext& context) : context_{context} {}
    TablePolicy(const TablePolicy&) = delete;
    TablePolicy& operator=(const TablePolicy&) = delete;

    // Untimed, before other CPUs run: fills what the policy keeps. `early`: pages with the key that splits may take meanwhile
    // (v6: the physmem allocator's), all of them from memory that is not the page allocator's.
    void boot(Cpu& cpu, std::vector<Pfn> early);
    // Pages that a split could take now. Nothing: the policy keeps none.
    [[nodiscard]] virtual std::optional<PageCount> ready_pages() const { return std::nullopt; }

    // Pages with the key that nobody uses.
    [[nodiscard]] virtual PageCount idle_pages() const { return PageCount{0}; }

  protected:
    virtual void fill(Cpu& /*cpu*/) {}
    // One of boot's pages, while boot lasts.
    [[nodiscard]] std::optional<Pfn> take_early();
    enum class Changed : std::uint8_t { done, no_memory };  // no_memory: as before the call
    // set_memory_pkey(page, pages, key of page tables) with its flush: no CPU writes to the pages after return.
    [[nodiscard]] Changed protect(Cpu& cpu, PfnRange range);
    // The way back, with its flush: x86's handler of spurious faults does not absorb those of keys.
    [[nodiscard]] Changed unprotect(Cpu& cpu, PfnRange range);
    // Pages that had the key go back to the page allocator, as blocks of `order`.
    void free_unprotected(Cpu& cpu, PfnRange range, Order order);
    [[nodiscard]] const TableContext& context() const { return context_; }
    [[nodiscard]] KernelCounters& counters(const Cpu& cpu) { return context_.pages.counters(cpu.id()); }

  private:
    [[nodiscard]] Changed set_key(Cpu& cpu, PfnRange range, unsigned key, void (MapObserver::*moment)(Cpu&, PfnRange));
    TableContext context_;
    std::vector<Pfn> early_;
};

}  // namespace splinter::alloc
