// A machine of counts for user shootdowns: one process whose helper threads run, sleep or have been displaced on CPUs of their
// own, and the operations of shoot.csv on it, done by the kernel's code (alloc/mm, alloc/smp) on CPUs without time. CPU 0
// makes them. What the recorded kernels counted with tracepoints, alloc::TlbTrace counts.
//
// How the recorded program lays out its memory is inferred from the counts (README.md): an operation's pages lie between two
// neighbours that keep their page tables, from the second page of a table on; `munmap_free` and the transparent huge pages
// alone in a GiB; mremap() goes to the beginning of a table.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "alloc/smp/tlb_state.h"
#include "hw/base/types.h"

namespace splinter::platforms {

enum class HelperMode : std::uint8_t { none, spin, sleep, other };

struct ShootShape {
    std::string_view kernel;  // "6.1" or "6.12"
    std::size_t cpus;
    PageCount ceiling;
    std::size_t helpers;
    HelperMode mode;
};

struct ShootCounts {
    alloc::TlbTrace trace;
    std::uint64_t interrupts = 0;  // cross-calls received
    // What has been counted since `before`.
    [[nodiscard]] ShootCounts since(const ShootCounts& before) const;
    ShootCounts& operator+=(const ShootCounts& other);
};

class ShootMachine {
  public:
    static constexpr PageCount kMostPages{32768};  // of an operation
    explicit ShootMachine(const ShootShape& shape);
    ~ShootMachine();
    ShootMachine(const ShootMachine&) = delete;
    ShootMachine& operator=(const ShootMachine&) = delete;

    struct Operation {
        std::string_view name;  // in column `op`
        void (ShootMachine::*make_ready)(PageCount);
        void (ShootMachine::*run)(PageCount);
        void (ShootMachine::*clean_up)(PageCount);
    };
    [[nodiscard]] static std::span<const Operation> operations();
    // `repetitions` times on `pages` pages; what happened while the operation itself ran, in all of them.
    [[nodiscard]] ShootCounts run(const Operation& operation, PageCount pages, std::uint64_t repetitions);

  private:
    struct Parts;
    void map_between_neighbours(PageCount pages);
    void map_alone(PageCount pages);
    void map_huge(PageCount pages);
    void map_huge_after_small(PageCount pages);
    void map_read_only(PageCount pages);
    void map_shared(PageCount pages);
    void munmap(PageCount pages);
    void dontneed(PageCount pages);
    void mprotect_ro(PageCount pages);
    void mprotect_rw(PageCount pages);
    void mprotect_none(PageCount pages);
    void pkey_mprotect(PageCount pages);
    void mremap(PageCount pages);
    void fork(PageCount pages);
    void cow(PageCount pages);
    void split_mprotect(PageCount pages);
    void drop_pages(PageCount pages);
    void drop_moved_pages(PageCount pages);
    void drop_child(PageCount pages);
    void nothing(PageCount pages);
    [[nodiscard]] ShootCounts counts() const;

    std::unique_ptr<Parts> parts_;
    std::uint64_t regions_ = 0;  // of 1 GiB that operations have had
};

}  // namespace splinter::platforms
