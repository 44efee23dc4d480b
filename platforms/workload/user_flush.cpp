// Workload `user-flush`: a process with a thread on each of the first cores. One thread, or each, repeats an operation on pages
// of its own that takes translations away; the other threads run in user mode on the same page tables, sleep, or have been
// displaced by another process. All other cores run the background loop. What published measurements of TLB shootdowns do:
// madvise(MADV_DONTNEED) and a write to the page, mprotect(), munmap(), flush_tlb_mm_range() by pages.
//
// An operation is measured from the entry of its system call to the return, and to the last write if `touch`. What makes the
// pages ready for the next one is not.
#include <array>

#include "hw/base/user_error.h"
#include "platforms/adapter/boot_cpu.h"
#include "platforms/run/session.h"
#include "platforms/workload/accounts.h"

namespace splinter::platforms {
namespace {

using alloc::AddressSpace;
using alloc::PageRights;

constexpr VirtAddr kFirstRegion{0x0000700000000000U};
constexpr std::uint64_t kRegionBytes = std::uint64_t{1} << 31;  // of a thread: the operation's pages, then its own
constexpr unsigned kOtherKey = 1;
constexpr alloc::LockId kCalibrationLock{0xfffffff0U};  // none of the kernel's
constexpr std::uint64_t kAccessesBetweenLooks = 32;     // of a spinning thread, at whether it is done
inline constexpr Label kUser{"user"};
inline constexpr Label kOperation{"operation"};
inline constexpr Label kMakeReady{"make-ready"};
inline constexpr x86::Access kUserWrite{x86::AccessKind::write, x86::Mode::user};
inline constexpr x86::Access kUserRead{x86::AccessKind::read, x86::Mode::user};

// The pages of an initiator, and who works on them.
struct Place {
    CoreCpu& cpu;
    AddressSpace& space;
    alloc::UserFlush& flush;
    VirtAddr start;
    PageCount pages;
};

void demand(AddressSpace::Outcome outcome) {
    if (outcome != AddressSpace::Outcome::done) throw SimulatedFinding("out of memory: workload user-flush");
}

void fault_in(const Place& at) {
    for (std::uint64_t i = 0; i < at.pages.raw(); ++i) demand(at.space.write_fault(at.cpu, at.start + i * kPageBytes));
}
void map(const Place& at) { demand(at.space.populate(at.cpu, at.start, at.pages, alloc::FolioSize::small)); }
void read_only(const Place& at) { at.space.mprotect(at.cpu, at.start, at.pages, PageRights::read); }
void read_write(const Place& at) { at.space.mprotect(at.cpu, at.start, at.pages, PageRights::read_write); }
void change_key(const Place& at) { at.space.pkey_mprotect(at.cpu, at.start, at.pages, PageRights::read_write, kOtherKey); }
void restore_key(const Place& at) { at.space.pkey_mprotect(at.cpu, at.start, at.pages, PageRights::read_write, 0); }
void dontneed(const Place& at) { at.space.dontneed(at.cpu, at.start, at.pages); }
void munmap(const Place& at) { at.space.munmap(at.cpu, at.start, at.pages); }
void flush(const Place& at) {
    at.flush.mm_range(at.cpu, at.space.mm(), at.start, at.pages.raw() * kPageBytes, PageCount{1},
                      alloc::RemoteWork::Tables::kept);
}
void nothing(const Place&) {}

enum class Kind : std::uint8_t { system_call, kernel_function };
// The pages after the operation: cannot be written, or can, by way of a fault or without one.
enum class Write : std::uint8_t { refused, faults, works };
// Whether the operation leaves the pages' area there.
enum class Mapped : std::uint8_t { once, for_each };

struct Operation {
    std::string_view name;
    Kind kind;
    Write write;
    Mapped mapped;
    void (*make_ready)(const Place&);  // before each one
    void (*run)(const Place&);
};
constexpr std::array kOperations{
    Operation{"dontneed", Kind::system_call, Write::faults, Mapped::once, fault_in, dontneed},
    Operation{"munmap", Kind::system_call, Write::refused, Mapped::for_each, map, munmap},
    Operation{"mprotect_ro", Kind::system_call, Write::refused, Mapped::once, read_write, read_only},
    Operation{"mprotect_rw", Kind::system_call, Write::works, Mapped::once, read_only, read_write},
    Operation{"pkey_mprotect", Kind::system_call, Write::works, Mapped::once, restore_key, change_key},
    Operation{"flush", Kind::kernel_function, Write::works, Mapped::once, nothing, flush},
};

const Operation& find_operation(const std::string& name) {
    for (const Operation& operation : kOperations)
        if (operation.name == name) return operation;
    SPLINTER_CHECK(false, "the configuration allows the operations that there are");
    return kOperations.front();
}

class UserFlushLoop : public Workload {
  public:
    explicit UserFlushLoop(const RunConfig& config)
        : params_{config.workload.user_flush}, operation_{find_operation(params_.op)} {
        if (params_.threads > config.hw.cores)
            throw UserError("workload.user_flush.threads", "found " + std::to_string(params_.threads) + ", allowed: up to " +
                                                               std::to_string(config.hw.cores) + ", the cores");
        if (params_.touch == "yes" && operation_.write == Write::refused)
            throw UserError("workload.user_flush.touch",
                            "found yes, but pages cannot be written after the operation " + params_.op);
        if (params_.op == "pkey_mprotect" && config.platform.pku == "absent")
            throw UserError("workload.user_flush.op", "found pkey_mprotect, but platform.pku is absent");
    }

    [[nodiscard]] std::vector<std::string> phases() const override { return {"user-flush"}; }
    [[nodiscard]] bool allocates(CpuId core) const override { return core.raw() < params_.threads; }

    void prepare(Session& session) override {
        BootCpu cpu{session.node().memory()};
        space_ = session.node().kernel().mm().new_space(cpu, alloc::MmUse::any_cpu);
        if (space_ == nullptr) throw SimulatedFinding("out of memory: workload user-flush");
        for (std::uint32_t i = 0; i < params_.threads; ++i) {
            const auto populate = [&](VirtAddr start, std::uint64_t pages) {
                demand(space_->populate(cpu, start, PageCount{pages}, alloc::FolioSize::small));
            };
            populate(own_pages(CpuId{i}), params_.helper_footprint);
            if (initiates(CpuId{i}) && operation_.mapped == Mapped::once) populate(region(CpuId{i}), params_.pages);
        }
    }

    void run(Session& session, CpuId core) override {
        CoreCpu& cpu = session.node().cpu(core);
        alloc::Kernel& kernel = session.node().kernel();
        kernel.context_switch(cpu, space_->mm());
        if (initiates(core)) {
            initiate(session, core);
        } else {
            for (std::uint64_t i = 0; i < params_.helper_footprint; ++i) user_access(session, core, i);
            if (params_.helpers == "sleep") kernel.tlb_state().enter_lazy_tlb(cpu);
            if (params_.helpers == "other") kernel.context_switch(cpu, session.node().space(core));
            session.warm_up(core, Cycles{0}, Cycles{0});
            help(session, core);
        }
        leave(session, core);
    }

  private:
    [[nodiscard]] bool initiates(CpuId core) const { return core == CpuId{0U} || params_.initiators == "all"; }
    [[nodiscard]] bool done() const { return done_ == (params_.initiators == "all" ? params_.threads : 1); }
    [[nodiscard]] static VirtAddr region(CpuId core) { return kFirstRegion + core.raw() * kRegionBytes; }
    [[nodiscard]] static VirtAddr own_pages(CpuId core) { return region(core) + kRegionBytes / 2; }
    [[nodiscard]] static hw::Timeline& time_of(Session& session, CpuId core) {
        return session.node().machine().core(core).timeline();
    }

    void initiate(Session& session, CpuId core) {
        const Place place{session.node().cpu(core), *space_, session.node().kernel().user_flush(), region(core),
                          PageCount{params_.pages}};
        for (std::uint64_t i = 0; i < params_.warm_up; ++i) {
            make_ready(session, place);
            operate(session, place);
        }
        session.warm_up(core, Cycles{0}, Cycles{0});
        for (std::uint64_t i = 0; i < params_.repetitions; ++i) {
            session.serve_kernel(core);
            make_ready(session, place);
            const Session::Operation begun = session.begin_operation(core);
            operate(session, place);
            session.end_operation(core, begun, params_.pages);
        }
        time_of(session, core).order();
        ++done_;
        wake_threads(session, core);
    }

    // The pages as the operation wants them, with their translations in this core's TLB.
    void make_ready(Session& session, const Place& place) {
        const alloc::Account account{place.cpu, kMakeReady};
        operation_.make_ready(place);
        access_pages(session, place, kUserRead);
    }

    void operate(Session& session, const Place& place) {
        const alloc::Account account{place.cpu, kOperation};
        if (operation_.kind == Kind::system_call) place.cpu.retire(alloc::Step::syscall);
        operation_.run(place);
        calibrated_work(session, place.cpu);
        if (params_.touch == "no") return;
        if (operation_.write == Write::faults) fault_in(place);
        access_pages(session, place, kUserWrite);
    }

    // What the published loop costs beyond what is modelled (configs/validation).
    void calibrated_work(Session& session, CoreCpu& cpu) const {
        hw::Timeline& time = time_of(session, cpu.id());
        time.advance(params_.own_work);
        if (params_.serial_work == Cycles{0}) return;
        cpu.lock(kCalibrationLock);
        time.advance(params_.serial_work);
        cpu.unlock(kCalibrationLock);
    }

    static void access_pages(Session& session, const Place& place, x86::Access access) {
        hw::Core& silicon = session.node().machine().core(place.cpu.id());
        silicon.set_mode(x86::Mode::user);
        for (std::uint64_t i = 0; i < place.pages.raw(); ++i) silicon.access(place.start + i * kPageBytes, access);
        silicon.set_mode(x86::Mode::supervisor);
    }

    // Until all operations are done.
    void help(Session& session, CpuId core) {
        if (params_.helpers == "sleep") return session.sleep_until(core, [this] { return done(); });
        hw::Timeline& time = time_of(session, core);
        for (std::uint64_t i = 0;; ++i) {
            if (i % kAccessesBetweenLooks == 0) {
                session.serve_kernel(core);
                time.order();
                if (done()) return;
            }
            {
                const alloc::Account account{session.node().cpu(core), kThink};
                hw::Core& silicon = session.node().machine().core(core);
                silicon.set_mode(x86::Mode::user);
                time.advance(session.node().config().workload.background.think);
                silicon.set_mode(x86::Mode::supervisor);
            }
            user_access(session, core, i);
        }
    }

    // One by a thread that makes no operations, or by the process that has displaced it.
    void user_access(Session& session, CpuId core, std::uint64_t number) const {
        const alloc::Account account{session.node().cpu(core), kUser};
        hw::Core& silicon = session.node().machine().core(core);
        const bool displaced = &session.node().kernel().tlb_state().loaded_mm(core) != &space_->mm();
        const RunConfig& config = session.node().config();
        const std::uint64_t footprint =
            displaced ? config.workload.background.user_footprint >> kPageShift : params_.helper_footprint;
        if (footprint == 0) return;
        silicon.set_mode(x86::Mode::user);
        silicon.access((displaced ? Node::kUserBase : own_pages(core)) + number % footprint * kPageBytes, kUserRead);
        if (params_.helpers_touch == "yes" && !displaced) {  // a fault is not taken: the page is not there just now
            const VirtAddr target = region(CpuId{0U}) + number % params_.pages * kPageBytes;
            silicon.timeline().advance(silicon.mmu().unit().access(target, kUserRead).latency);
        }
        silicon.set_mode(x86::Mode::supervisor);
    }

    // Back to the core's own process; the last CPU that is still in the space ends it.
    void leave(Session& session, CpuId core) {
        CoreCpu& cpu = session.node().cpu(core);
        session.node().kernel().context_switch(cpu, session.node().space(core));
        cpu.order();
        ++left_;
        wake_threads(session, core);
        if (core != CpuId{0U}) return;
        session.sleep_until(core, [this] { return left_ == params_.threads; });
        space_->exit(cpu);
    }

    void wake_threads(Session& session, CpuId core) const {
        for (std::uint32_t i = 0; i < params_.threads; ++i)
            if (CpuId{i} != core) session.wake(CpuId{i}, time_of(session, core).now());
    }

    UserFlushParams params_;
    const Operation& operation_;
    std::unique_ptr<AddressSpace> space_;
    std::uint64_t done_ = 0;  // initiators; changed at ordering points
    std::uint64_t left_ = 0;  // threads that no longer use the space; the same
};

}  // namespace

std::unique_ptr<Workload> make_user_flush(const RunConfig& config) { return std::make_unique<UserFlushLoop>(config); }

}  // namespace splinter::platforms
