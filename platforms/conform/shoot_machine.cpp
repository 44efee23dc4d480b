#include "platforms/conform/shoot_machine.h"

#include <array>

#include "alloc/flush/strategies.h"
#include "alloc/kernel.h"
#include "platforms/build/zone_plan.h"
#include "platforms/conform/counting_cpu.h"

namespace splinter::platforms {

namespace {

using alloc::AddressSpace;
using alloc::FolioSize;
using alloc::PageRights;

constexpr VirtAddr kFirstRegion{0x0000100000000000U};
constexpr std::uint64_t kRegionBytes = x86::kPdpte.bytes();
constexpr std::uint64_t kManagedBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kBootBytes = std::uint64_t{64} << 20;
constexpr PageCount kNeighbour{1};
constexpr unsigned kOtherKey = 1;

void demand(AddressSpace::Outcome outcome) {
    SPLINTER_CHECK(outcome == AddressSpace::Outcome::done, "this machine has memory for the largest operation");
}

alloc::KernelParams params_of(const ShootShape& shape) {
    alloc::KernelParams params;
    params.version = shape.kernel;
    params.flush_ceiling = shape.ceiling.raw();
    if (shape.kernel != alloc::kLinux6_12.version) params.freetypes = "none";
    return params;
}

}  // namespace

struct ShootMachine::Parts {
    explicit Parts(const ShootShape& shape)
        : memory{kManagedBytes + kBootBytes},
          frames{PageCount{kManagedBytes >> kPageShift}},
          boot_frames{{pfn_of(PhysAddr{kManagedBytes}), PageCount{kBootBytes >> kPageShift}}},
          tables{memory, boot_frames},
          params{params_of(shape)},
          kernel{params, alloc::find_flush_strategy("none"), frames, boot_info(shape), observer} {
        for (std::uint32_t i = 0; i < shape.cpus; ++i)
            cpus.push_back(std::make_unique<CountingCpu>(CpuId{i}, shape.cpus, memory, interrupts, [this] { answer(); }));
        space = kernel.mm().new_space(cpu(), alloc::MmUse::any_cpu);
        other = kernel.mm().new_space(cpu(), alloc::MmUse::any_cpu);
        SPLINTER_CHECK(space != nullptr && other != nullptr, "memory for two address spaces");
        kernel.tlb_state().switch_mm(cpu(), space->mm());
        for (std::size_t i = 0; i < shape.helpers && shape.cpus > 1; ++i)
            start_helper(*cpus[1 + i % (shape.cpus - 1)], shape.mode);
    }
    // The end of the simulated machine, not of its processes.
    ~Parts() {
        for (const auto& each : cpus)
            if (each != nullptr) kernel.tlb_state().switch_mm(*each, kernel.tlb_state().init_mm());
        for (AddressSpace* each : {child.get(), space.get(), other.get()})
            if (each != nullptr) each->exit(cpu());
    }
    alloc::BootInfo boot_info(const ShootShape& shape) {
        return {shape.cpus,
                tables.root(),
                alloc::layout::KernelData{alloc::layout::kDirectMap},
                plan_zones(kManagedBytes, 1, frames, *alloc::find_kernel_rules(params.version), alloc::freetype_lists(params)),
                std::vector<alloc::NodeId>(shape.cpus),
                {},
                tables.kernel_half(),
                tables.prepare_mermap(shape.cpus),
                "ipi",
                alloc::Pcids::absent};  // QEMU's CPUs have none
    }
    void start_helper(alloc::Cpu& on, HelperMode mode) {
        alloc::TlbState& tlb = kernel.tlb_state();
        tlb.switch_mm(on, space->mm());
        if (mode == HelperMode::sleep) tlb.enter_lazy_tlb(on);
        if (mode == HelperMode::other) tlb.switch_mm(on, other->mm());
    }
    void answer() {
        for (CpuId target : std::exchange(interrupts.pending, {}))
            kernel.on_interrupt(*cpus[target.index()], alloc::kCallFunctionVector);
    }
    [[nodiscard]] alloc::Cpu& cpu() { return *cpus.front(); }

    x86::PhysMem memory;
    alloc::FrameTable frames;
    alloc::BootFrames boot_frames;
    alloc::BootTables tables;
    alloc::KernelParams params;
    alloc::MapObserver observer;
    alloc::Kernel kernel;
    CountedInterrupts interrupts;
    std::vector<std::unique_ptr<CountingCpu>> cpus;
    std::unique_ptr<AddressSpace> space;
    std::unique_ptr<AddressSpace> other;  // of the process that displaces helpers
    std::unique_ptr<AddressSpace> child;
    bool first = false;  // of the repetitions of a row
    VirtAddr region;
    VirtAddr start;  // of the operation's pages
};

ShootMachine::ShootMachine(const ShootShape& shape) : parts_{std::make_unique<Parts>(shape)} {}
ShootMachine::~ShootMachine() = default;

std::span<const ShootMachine::Operation> ShootMachine::operations() {
    using M = ShootMachine;
    static constexpr std::array kOperations{
        Operation{"munmap_keep", &M::map_between_neighbours, &M::munmap, &M::nothing},
        Operation{"munmap_free", &M::map_alone, &M::munmap, &M::nothing},
        Operation{"dontneed", &M::map_between_neighbours, &M::dontneed, &M::nothing},
        Operation{"mprotect_ro", &M::map_between_neighbours, &M::mprotect_ro, &M::drop_pages},
        Operation{"mprotect_rw", &M::map_read_only, &M::mprotect_rw, &M::drop_pages},
        Operation{"mprotect_none", &M::map_between_neighbours, &M::mprotect_none, &M::drop_pages},
        Operation{"pkey_mprotect", &M::map_between_neighbours, &M::pkey_mprotect, &M::drop_pages},
        Operation{"mremap", &M::map_between_neighbours, &M::mremap, &M::drop_moved_pages},
        Operation{"thp_munmap", &M::map_huge_after_small, &M::munmap, &M::nothing},
        Operation{"thp_split_mprotect", &M::map_huge, &M::split_mprotect, &M::drop_pages},
        Operation{"cow", &M::map_shared, &M::cow, &M::drop_child},
        Operation{"fork", &M::map_between_neighbours, &M::fork, &M::drop_child},
    };
    return kOperations;
}

ShootCounts ShootMachine::run(const Operation& operation, PageCount pages, std::uint64_t repetitions) {
    ShootCounts sum;
    for (std::uint64_t i = 0; i < repetitions; ++i) {
        parts_->region = kFirstRegion + regions_++ * kRegionBytes;
        parts_->first = i == 0;
        (this->*operation.make_ready)(pages);
        const ShootCounts before = counts();
        (this->*operation.run)(pages);
        sum += counts().since(before);
        (this->*operation.clean_up)(pages);
    }
    return sum;
}

void ShootMachine::map_between_neighbours(PageCount pages) {
    Parts& p = *parts_;
    p.start = p.region + kNeighbour.raw() * kPageBytes;
    demand(p.space->populate(p.cpu(), p.region, kNeighbour, FolioSize::small));
    demand(p.space->populate(p.cpu(), p.start, pages, FolioSize::small));
    demand(p.space->populate(p.cpu(), p.start + pages.raw() * kPageBytes, kNeighbour, FolioSize::small));
}

void ShootMachine::map_alone(PageCount pages) {
    parts_->start = parts_->region;
    demand(parts_->space->populate(parts_->cpu(), parts_->start, pages, FolioSize::small));
}

void ShootMachine::map_huge(PageCount pages) {
    parts_->start = parts_->region;
    demand(parts_->space->populate(parts_->cpu(), parts_->start, pages, FolioSize::transparent));
}

// At first there are still tables of PTEs from what the program did before, which keep huge pages out.
void ShootMachine::map_huge_after_small(PageCount pages) { parts_->first ? map_alone(pages) : map_huge(pages); }

void ShootMachine::map_read_only(PageCount pages) {
    map_between_neighbours(pages);
    mprotect_ro(pages);
}

void ShootMachine::map_shared(PageCount pages) {
    map_between_neighbours(pages);
    fork(pages);
}

void ShootMachine::munmap(PageCount pages) { parts_->space->munmap(parts_->cpu(), parts_->start, pages); }
void ShootMachine::dontneed(PageCount pages) { parts_->space->dontneed(parts_->cpu(), parts_->start, pages); }
void ShootMachine::mprotect_ro(PageCount pages) {
    parts_->space->mprotect(parts_->cpu(), parts_->start, pages, PageRights::read);
}
void ShootMachine::mprotect_rw(PageCount pages) {
    parts_->space->mprotect(parts_->cpu(), parts_->start, pages, PageRights::read_write);
}
void ShootMachine::mprotect_none(PageCount pages) {
    parts_->space->mprotect(parts_->cpu(), parts_->start, pages, PageRights::none);
}
void ShootMachine::pkey_mprotect(PageCount pages) {
    parts_->space->pkey_mprotect(parts_->cpu(), parts_->start, pages, PageRights::read_write, kOtherKey);
}

// To a region of its own.
void ShootMachine::mremap(PageCount pages) {
    const VirtAddr to = kFirstRegion + regions_++ * kRegionBytes;
    demand(parts_->space->mremap(parts_->cpu(), parts_->start, pages, to));
    parts_->start = to;
}

void ShootMachine::fork(PageCount) {
    Parts& p = *parts_;
    p.child = p.kernel.mm().new_space(p.cpu(), alloc::MmUse::any_cpu);
    SPLINTER_CHECK(p.child != nullptr, "memory for a child");
    demand(p.space->fork(p.cpu(), *p.child));
}

void ShootMachine::cow(PageCount pages) {
    for (std::uint64_t i = 0; i < pages.raw(); ++i)
        demand(parts_->space->write_fault(parts_->cpu(), parts_->start + i * kPageBytes));
}

// All but the first page, so that one huge page is split.
void ShootMachine::split_mprotect(PageCount pages) {
    if (pages == PageCount{1}) return mprotect_ro(pages);
    parts_->space->mprotect(parts_->cpu(), parts_->start + kPageBytes, pages - PageCount{1}, PageRights::read);
}

// The pages go, and the tables stay: freeing them would be one more flush that lazy CPUs hear of.
void ShootMachine::drop_pages(PageCount pages) { dontneed(pages); }
void ShootMachine::drop_moved_pages(PageCount pages) { dontneed(pages); }

void ShootMachine::drop_child(PageCount pages) {
    parts_->child->exit(parts_->cpu());
    parts_->child.reset();
    dontneed(pages);
}

void ShootMachine::nothing(PageCount) {}

ShootCounts ShootMachine::counts() const {
    return {parts_->kernel.tlb_state().trace(), parts_->interrupts.multi_received + parts_->interrupts.single_received};
}

ShootCounts ShootCounts::since(const ShootCounts& before) const {
    ShootCounts out = *this;
    alloc::for_each_trace([&](std::string_view, auto member) { out.trace.*member -= before.trace.*member; });
    out.interrupts -= before.interrupts;
    return out;
}

ShootCounts& ShootCounts::operator+=(const ShootCounts& other) {
    alloc::for_each_trace([&](std::string_view, auto member) { trace.*member += other.trace.*member; });
    interrupts += other.interrupts;
    return *this;
}

}  // namespace splinter::platforms
