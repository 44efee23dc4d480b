// Simulated addresses of what Linux keeps in memory: the direct map, struct page, per-CPU areas, shared lines. The code calls
// Cpu::touch() with them where Linux would take the cache line. Documentation/arch/x86/x86_64/mm.rst, 4-level paging, no KASLR.
#pragma once

#include "hw/base/types.h"

namespace splinter::alloc::layout {

inline constexpr VirtAddr kDirectMap{0xffff888000000000U};  // PAGE_OFFSET
inline constexpr VirtAddr kMermap{0xffff880000000000U};     // LDT_BASE_ADDR, which the series makes the mm-local region
inline constexpr VirtAddr kVmemmap{0xffffea0000000000U};    // VMEMMAP_START
inline constexpr VirtAddr kVmalloc{0xffffc90000000000U};    // VMALLOC_START
inline constexpr std::uint64_t kVmallocBytes = std::uint64_t{512} << 30;  // of its 32 TiB: one entry of the root
inline constexpr std::uint64_t kStructPageBytes = 64;
inline constexpr std::uint64_t kLineBytes = 64;

constexpr VirtAddr direct_map(PhysAddr address) { return kDirectMap + address.raw(); }
constexpr VirtAddr direct_map(Pfn pfn) { return direct_map(base_of(pfn)); }
constexpr VirtAddr struct_page(Pfn pfn) { return kVmemmap + pfn.raw() * kStructPageBytes; }

// Kernel data that stands in no modelled frame: the boot memory gives it `kKernelDataBytes` behind the managed zones, and these
// are offsets from its start.
inline constexpr std::uint64_t kKernelDataBytes = std::uint64_t{128} << 20;
// Which of the lines reserved for address spaces one has (struct mm_struct).
class MmSlot : public Quantity<class MmSlotTag, std::uint32_t> {
  public:
    using Quantity::Quantity;
};
enum class MmLine : std::uint8_t { context, mmap_lock };

// An array with a line for each CPU.
class CpuLines {
  public:
    explicit constexpr CpuLines(VirtAddr first) : first_{first} {}
    [[nodiscard]] constexpr VirtAddr of(CpuId cpu) const { return first_ + std::uint64_t{cpu.raw()} * kLineBytes; }

  private:
    VirtAddr first_;
};

class KernelData {
  public:
    explicit constexpr KernelData(VirtAddr start) : start_{start} {}
    // struct llist_head call_single_queue.
    [[nodiscard]] constexpr CpuLines call_queues() const { return CpuLines{line(0)}; }
    // The call_single_data of `initiator`, by target (cfd_data).
    [[nodiscard]] constexpr CpuLines call_data(CpuId initiator) const {
        return CpuLines{line(kCpus + std::uint64_t{initiator.raw()} * kCpus)};
    }
    // struct free_area of a zone.
    [[nodiscard]] constexpr VirtAddr free_area(std::uint64_t zone, Order order) const {
        return line(kCpus + kCpus * kCpus + zone * 16 + order.index());
    }

    // struct per_cpu_pages of a CPU and zone.
    [[nodiscard]] constexpr VirtAddr pcp(std::uint64_t zone, CpuId cpu) const {
        return line(kCpus + kCpus * kCpus + kZones * 16 + zone * kCpus + cpu.raw());
    }
    // The list of kernel threads that others have woken on a CPU (struct rq: wake list).
    [[nodiscard]] constexpr VirtAddr work_queue(CpuId cpu) const { return line(kWorkQueues + cpu.raw()); }
    // Data of the flush strategy that all CPUs share.
    [[nodiscard]] constexpr VirtAddr strategy_line() const { return line(kWorkQueues + kCpus); }

    // Whether a CPU is in the kernel, and whether a flush waits for it there: mechanism `deferred`.
    [[nodiscard]] constexpr VirtAddr cpu_context(CpuId cpu) const { return line(kContexts + cpu.raw()); }
    // State `index` of a CPU: mechanism `latr`.
    [[nodiscard]] constexpr VirtAddr latr_state(CpuId cpu, std::uint64_t index) const {
        return line(kContexts + kCpus + cpu.raw() * kLatrStates + index);
    }

    // cpu_tlbstate_shared of a CPU, which others read.
    [[nodiscard]] constexpr VirtAddr tlb_state_shared(CpuId cpu) const { return line(kTlbStates + cpu.raw()); }
    // flush_tlb_info of a CPU.
    [[nodiscard]] constexpr VirtAddr flush_info(CpuId cpu) const { return line(kTlbStates + kCpus + cpu.raw()); }
    [[nodiscard]] constexpr VirtAddr mm(MmSlot slot, MmLine which) const {
        return line(kMmLines + std::uint64_t{slot.raw()} * 4 + static_cast<std::uint64_t>(which));
    }
    // mm_cpumask(): 512 CPUs to a line.
    [[nodiscard]] constexpr VirtAddr mm_cpumask(MmSlot slot, CpuId cpu) const {
        return line(kMmLines + std::uint64_t{slot.raw()} * 4 + 2 + cpu.raw() / (kLineBytes * 8));
    }

    static constexpr std::uint64_t kCpus = 1024;
    static constexpr std::uint64_t kLatrStates = 64;
    static constexpr std::uint64_t kMms = 32768;
    static constexpr std::uint64_t kZones = 256;

  private:
    static constexpr std::uint64_t kWorkQueues = kCpus + kCpus * kCpus + kZones * 16 + kZones * kCpus;
    static constexpr std::uint64_t kTlbStates = kWorkQueues + kCpus + 1;
    static constexpr std::uint64_t kMmLines = kTlbStates + 2 * kCpus;
    static constexpr std::uint64_t kContexts = kMmLines + 4 * kMms;
    static_assert((kContexts + kCpus + kCpus * kLatrStates) * kLineBytes <= kKernelDataBytes);
    [[nodiscard]] constexpr VirtAddr line(std::uint64_t index) const { return start_ + index * kLineBytes; }
    VirtAddr start_;
};

}  // namespace splinter::alloc::layout
