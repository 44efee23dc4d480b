// Flushes of user ranges on the simulated machine: once an operation has returned, no core uses a translation with rights that
// it took away. Some threads of a process unmap and protect pages; the others write to these pages all the time, through their
// MMUs, go to sleep, leave for other processes and come back.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "hw/base/rng.h"
#include "platforms/adapter/boot_cpu.h"
#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using alloc::AddressSpace;
using alloc::PageRights;
using Json = nlohmann::json;

constexpr VirtAddr kFirst{0x0000700000000000U};
constexpr x86::Access kWrite{x86::AccessKind::write, x86::Mode::user};
constexpr std::uint64_t kInitiators = 3;
constexpr std::uint64_t kAreaPages = 40;  // of an initiator
constexpr std::uint64_t kAreaBytes = std::uint64_t{1} << 21;
constexpr std::uint64_t kOperations = 60;

// Whether initiators know who uses the space.
enum class Targets : std::uint8_t { known, forgotten };

class Writers : public Workload {
  public:
    explicit Writers(Targets targets) : targets_{targets} {}
    [[nodiscard]] std::vector<std::string> phases() const override { return {"operations"}; }
    [[nodiscard]] bool allocates(CpuId) const override { return true; }

    void prepare(Session& session) override {
        BootCpu cpu{session.node().memory()};
        space_ = session.node().kernel().mm().new_space(cpu, alloc::MmUse::any_cpu);
        for (std::uint64_t i = 0; i < kInitiators; ++i)
            (void)space_->populate(cpu, area(i), PageCount{kAreaPages}, alloc::FolioSize::small);
    }

    void run(Session& session, CpuId core) override {
        CoreCpu& cpu = session.node().cpu(core);
        Rng rng{1, "core" + std::to_string(core.raw())};
        session.node().kernel().tlb_state().switch_mm(cpu, space_->mm());
        session.warm_up(core, Cycles{0}, Cycles{0});
        if (core.raw() < kInitiators)
            operate(session, core, rng);
        else
            write(session, core, rng);
        session.node().kernel().tlb_state().switch_mm(cpu, session.node().space(core));
        cpu.order();
        ++left_;
        for (std::uint32_t i = 0; i < session.node().core_count(); ++i)
            if (CpuId{i} != core) session.wake(CpuId{i}, cpu.now());
        if (core != CpuId{0U}) return;
        session.sleep_until(core, [&] { return left_ == session.node().core_count(); });
        space_->exit(cpu);
    }

    [[nodiscard]] std::uint64_t leaks() const { return leaks_; }
    [[nodiscard]] std::uint64_t late() const { return late_; }
    [[nodiscard]] std::uint64_t foreign() const { return foreign_; }
    [[nodiscard]] std::uint64_t writes() const { return writes_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }

  private:
    static VirtAddr area(std::uint64_t initiator) { return kFirst + initiator * kAreaBytes; }

    // Takes rights to some pages of the own area away, waits, and gives them back.
    void operate(Session& session, CpuId core, Rng& rng) {
        CoreCpu& cpu = session.node().cpu(core);
        for (std::uint64_t i = 0; i < kOperations; ++i) {
            const std::uint64_t pages = 1 + rng.below(kAreaPages);
            const std::uint64_t first = rng.below(kAreaPages - pages + 1);
            const VirtAddr start = area(core.raw()) + first * kPageBytes;
            const std::uint64_t which = rng.below(4);
            session.serve_kernel(core);
            if (targets_ == Targets::forgotten) {
                space_->mm().cpus = CpuMask{};
                space_->mm().cpus.set(core);
            }
            if (which == 0) space_->dontneed(cpu, start, PageCount{pages});
            if (which == 1) space_->mprotect(cpu, start, PageCount{pages}, PageRights::read);
            if (which == 2) space_->mprotect(cpu, start, PageCount{pages}, PageRights::none);
            if (which == 3) space_->munmap(cpu, start, PageCount{pages});
            cpu.order();
            const bool unmaps = which == 0 || which == 3;
            for (std::uint64_t page = 0; page < pages; ++page) {
                const VirtAddr va = start + page * kPageBytes;
                (unmaps ? unmapped_ : taken_).insert(va);
                if (unmaps) std::erase_if(frames_, [va](const auto& entry) { return entry.second == va; });
            }
            session.node().machine().core(core).timeline().advance(Cycles{3000});
            cpu.order();
            for (std::uint64_t page = 0; page < pages; ++page) {
                taken_.erase(start + page * kPageBytes);
                unmapped_.erase(start + page * kPageBytes);
            }
            if (which == 1 || which == 2) space_->mprotect(cpu, start, PageCount{pages}, PageRights::read_write);
            if (which == 3) (void)space_->populate(cpu, start, PageCount{pages}, alloc::FolioSize::small);
            if (which == 0)
                for (std::uint64_t page = 0; page < pages; ++page) (void)space_->write_fault(cpu, start + page * kPageBytes);
            if (unmaps) note_frames(session, core, start, pages);
        }
        cpu.order();
        ++done_;
    }

    // Which frames these pages have now.
    void note_frames(Session& session, CpuId core, VirtAddr start, std::uint64_t pages) {
        hw::TranslationUnit& mmu = session.node().machine().core(core).mmu().unit();
        session.node().cpu(core).order();
        for (std::uint64_t page = 0; page < pages; ++page) {
            const VirtAddr va = start + page * kPageBytes;
            const auto outcome = mmu.access(va, kWrite);
            ASSERT_EQ(outcome.result.kind, x86::AccessOutcome::Kind::ok);
            frames_[pfn_of(outcome.result.address)] = va;
        }
    }

    void write(Session& session, CpuId core, Rng& rng) {
        CoreCpu& cpu = session.node().cpu(core);
        alloc::TlbState& tlb = session.node().kernel().tlb_state();
        hw::Timeline& time = session.node().machine().core(core).timeline();
        while (true) {
            time.order();
            if (done_ == kInitiators) return;
            const VirtAddr va = area(rng.below(kInitiators)) + rng.below(kAreaPages) * kPageBytes;
            const hw::TranslationUnit::Outcome outcome = session.node().machine().core(core).mmu().unit().access(va, kWrite);
            const bool let_through = outcome.result.kind == x86::AccessOutcome::Kind::ok;
            ++writes_;
            if (!let_through) ++refused_;
            if (let_through && taken_.contains(va)) ++leaks_;
            if (let_through && unmapped_.contains(va)) ++late_;
            if (let_through) {
                const auto owner = frames_.find(pfn_of(outcome.result.address));
                if (owner != frames_.end() && owner->second != va) ++foreign_;
            }
            session.serve_kernel(core);
            time.advance(outcome.latency + Cycles{50});
            if (rng.below(40) != 0) continue;
            if (rng.below(2) == 0)
                tlb.enter_lazy_tlb(cpu);
            else
                tlb.switch_mm(cpu, session.node().space(core));
            time.advance(Cycles{rng.below(20'000)});
            tlb.switch_mm(cpu, space_->mm());
        }
    }

    Targets targets_;
    std::unique_ptr<AddressSpace> space_;
    std::set<VirtAddr> taken_;        // pages that nobody may write now; changed and read at ordering points
    std::set<VirtAddr> unmapped_;     // pages that are not there now; the same
    std::map<Pfn, VirtAddr> frames_;  // of pages that have been mapped again; the same
    std::uint64_t done_ = 0;          // initiators; the same
    std::uint64_t left_ = 0;
    std::uint64_t leaks_ = 0;
    std::uint64_t late_ = 0;     // writes to pages that had been unmapped
    std::uint64_t foreign_ = 0;  // writes to a frame that another page has by now
    std::uint64_t writes_ = 0;
    std::uint64_t refused_ = 0;
};

struct Found {
    std::uint64_t leaks;
    std::uint64_t late;
    std::uint64_t foreign;
    std::uint64_t writes;
    std::uint64_t refused;
    std::uint64_t lazy_exits;
    std::uint64_t cycles;
};

Found run_writers(const Sets& sets, Targets targets = Targets::known) {
    const Json json = Json::parse(run_in_child([&] {
        Writers workload{targets};
        Session session{small_config(sets), workload};
        session.run();
        return Json{workload.leaks(),   workload.late(),    workload.foreign(),
                    workload.writes(),  workload.refused(), session.node().kernel().tlb_state().trace().left_lazily,
                    session.end().raw()}
            .dump();
    }));
    return {json[0], json[1], json[2], json[3], json[4], json[5], json[6]};
}

class UserFlushes : public ::testing::TestWithParam<Sets> {};

TEST_P(UserFlushes, LeaveNoCoreARightThatWasTaken) {
    const Found found = run_writers(GetParam());
    EXPECT_EQ(found.leaks, 0U);
    EXPECT_EQ(found.late, 0U);
    EXPECT_EQ(found.foreign, 0U);
    EXPECT_GT(found.writes, 1000U);
    EXPECT_GT(found.refused, 50U);
    EXPECT_GT(found.lazy_exits, 0U);
}

TEST_P(UserFlushes, DoNotDependOnTheQuantum) {
    const std::uint64_t lookahead = small_config(GetParam()).hw.lookahead().raw();
    const Found reference = run_writers(GetParam() + Sets{"platform.quantum=1", "platform.handlers=ordered"});
    for (const std::uint64_t quantum : {std::uint64_t{7}, lookahead}) {
        const Found found = run_writers(GetParam() + Sets{"platform.quantum=" + std::to_string(quantum)});
        EXPECT_EQ(found.cycles, reference.cycles) << quantum;
        EXPECT_EQ(found.writes, reference.writes) << quantum;
        EXPECT_EQ(found.refused, reference.refused) << quantum;
    }
}

INSTANTIATE_TEST_SUITE_P(Rows, UserFlushes,
                         ::testing::Values(Sets{}, Sets{"kernel.user_flush=sequential"}, Sets{"platform.pcid=absent"},
                                           Sets{"kernel.flush_ceiling=0"}, Sets{"platform.cores=5"}));

// The seeded error: an initiator that believes itself alone in the space.
TEST(UserFlush, ThatForgetsTheOtherCoresIsFound) { EXPECT_GT(run_writers({}, Targets::forgotten).leaks, 0U); }

// Unmapped pages stay usable until the tick, and nobody has their frames before; rights go at once.
TEST(UserFlush, UnderLatrIsLateOnUnmappedPagesOnlyWhichNobodyElseHas) {
    const Found found = run_writers({"flush.mechanism=latr", "kernel.tick=20000cyc"});
    EXPECT_EQ(found.leaks, 0U);
    EXPECT_GT(found.late, 0U);
    EXPECT_EQ(found.foreign, 0U);
}

const Sets kUserFlush{"workload.run=user-flush", "workload.user_flush.repetitions=20", "platform.memory=64MiB"};

double per_operation(const Sets& sets) {
    return metric(small_run(kUserFlush + sets).workloads.front(), "user-flush", "cycles_per_operation");
}

TEST(UserFlushWorkload, CostsMoreWithEachThreadThatRunsAndNothingMoreWithThreadsThatDoNot) {
    const double alone = per_operation({"workload.user_flush.threads=1"});
    const double two = per_operation({"workload.user_flush.threads=2"});
    const double four = per_operation({"workload.user_flush.threads=4"});
    EXPECT_GT(two, alone + 1000);
    EXPECT_GT(four, two);
    EXPECT_NEAR(per_operation({"workload.user_flush.threads=4", "workload.user_flush.helpers=other"}), alone, 100);
    EXPECT_LT(per_operation({"workload.user_flush.threads=4", "workload.user_flush.helpers=sleep"}), alone + 500);
}

TEST(UserFlushWorkload, IsSlowerIfTheOwnShareComesFirst) {
    const Sets sets{"workload.user_flush.threads=2", "workload.user_flush.op=flush", "workload.user_flush.pages=20"};
    EXPECT_GT(per_operation(sets + Sets{"kernel.user_flush=sequential"}), per_operation(sets) + 20 * 150);
}

TEST(UserFlushWorkload, GivesTheSameResultsForEveryQuantum) {
    for (const char* op : {"dontneed", "munmap", "mprotect_ro", "mprotect_rw", "pkey_mprotect", "flush"}) {
        const Sets sets = kUserFlush + Sets{std::string{"workload.user_flush.op="} + op, "workload.user_flush.threads=5",
                                            "workload.user_flush.initiators=all", "workload.user_flush.helpers_touch=yes"};
        const std::uint64_t hash =
            small_run(sets + Sets{"platform.quantum=1", "platform.handlers=ordered"}).workloads.front().state_hash;
        for (const char* quantum : {"7", "500"})
            EXPECT_EQ(small_run(sets + Sets{std::string{"platform.quantum="} + quantum}).workloads.front().state_hash, hash)
                << op << " " << quantum;
    }
}

const Sets kSwitching{"workload.background.switch_every=3000cyc"};

std::uint64_t counted(const Sets& sets, std::uint64_t alloc::TlbTrace::*member) {
    return Json::parse(run_in_child([&] {
               const RunConfig config = small_config(sets);
               const auto workload = find_workload(config.workload.run.front()).make(config);
               Session session{config, *workload};
               session.run();
               return Json(session.node().kernel().tlb_state().trace().*member).dump();
           }))
        .get<std::uint64_t>();
}

TEST(BackgroundSpaces, UpToSixKeepTheirTranslationsAndMoreDoNot) {
    using alloc::TlbTrace;
    const Sets six = kSwitching + Sets{"workload.background.processes=6"};
    const Sets seven = kSwitching + Sets{"workload.background.processes=7"};
    EXPECT_GT(counted(six, &TlbTrace::switch_keep), counted(six, &TlbTrace::switch_flush));
    EXPECT_GT(counted(seven, &TlbTrace::switch_flush), counted(seven, &TlbTrace::switch_keep));
    EXPECT_EQ(counted(six + Sets{"platform.pcid=absent"}, &TlbTrace::switch_keep), 0U);
}

TEST(BackgroundSpaces, GiveTheSameResultsForEveryQuantum) {
    const Sets sets = kSwitching + Sets{"workload.background.processes=3"};
    const std::uint64_t hash =
        small_run(sets + Sets{"platform.quantum=1", "platform.handlers=ordered"}).workloads.front().state_hash;
    for (const char* quantum : {"7", "500"})
        EXPECT_EQ(small_run(sets + Sets{std::string{"platform.quantum="} + quantum}).workloads.front().state_hash, hash);
}

}  // namespace
}  // namespace splinter::platforms::testing
