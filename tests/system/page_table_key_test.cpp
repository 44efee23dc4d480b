// The key of page tables on a whole machine: a write outside of a section faults, one inside passes, the walker's own do.
#include <gtest/gtest.h>

#include <functional>

#include "hw/base/user_error.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using x86::Pte;

const Sets kKeys{"platform.model=sapphire-rapids-2s", "platform.cores=2", "kernel.page_tables.mock=switch-only"};

// What core 0 does; the others run the background loop.
class Script : public Workload {
  public:
    explicit Script(std::function<void(alloc::Kernel&, CoreCpu&)> script) : script_{std::move(script)} {}
    std::vector<std::string> phases() const override { return {"script"}; }
    bool allocates(CpuId core) const override { return core == CpuId{0U}; }
    void run(Session& session, CpuId core) override {
        session.warm_up(core, Cycles{0}, Cycles{0});
        script_(session.node().kernel(), session.node().cpu(core));
        ran_ = true;
    }
    [[nodiscard]] bool ran() const { return ran_; }

  private:
    std::function<void(alloc::Kernel&, CoreCpu&)> script_;
    bool ran_ = false;
};

void run_script(std::function<void(alloc::Kernel&, CoreCpu&)> script) {
    Script workload{std::move(script)};
    Session session{small_config(kKeys), workload};
    session.run();
    EXPECT_TRUE(workload.ran());
}

// set_memory_pkey() of one page, and its flush.
void protect(alloc::Kernel& kernel, CoreCpu& cpu, Pfn table) {
    ASSERT_EQ(kernel.direct_map().change(cpu, {table, PageCount{1}}, alloc::LeafChange::key(alloc::kPageTableKey)),
              alloc::DirectMap::Outcome::done);
    kernel.flush().kernel_range(cpu, alloc::layout::direct_map(table), PageCount{1});
}

std::string finding_of_store(CoreCpu& cpu, VirtAddr entry) {
    try {
        cpu.store_pte(entry, Pte{1});
    } catch (const SimulatedFinding& finding) {
        return finding.what();
    }
    return "none";
}

TEST(PageTableKey, FaultsAWriteOutsideOfASectionAndPassesOneInside) {
    run_script([](alloc::Kernel& kernel, CoreCpu& cpu) {
        const Pfn table = kernel.mm().pgalloc().new_table(cpu).value();
        const VirtAddr entry = alloc::layout::direct_map(table);
        EXPECT_EQ(finding_of_store(cpu, entry), "none");  // no key yet
        protect(kernel, cpu, table);
        // P, W/R and PK of the error code (SDM Vol. 3A 4.7).
        EXPECT_NE(finding_of_store(cpu, entry).find("error code 0x23"), std::string::npos) << finding_of_store(cpu, entry);
        kernel.mm().pgalloc().set(cpu, entry, Pte{2});
        EXPECT_EQ(cpu.load_pte(entry), Pte{2});
        EXPECT_NE(finding_of_store(cpu, entry), "none");
    });
}

TEST(PageTableKey, DoesNotConcernTheWalkersOwnWrites) {
    run_script([](alloc::Kernel& kernel, CoreCpu& cpu) {
        const VirtAddr page = kernel.mm().vmalloc().allocate(cpu, PageCount{1}).value();
        Pfn table = cpu.core().mmu().unit().root();
        for (x86::Level level = x86::kPml4e; level > x86::kPte; level = level.below())
            table = cpu.load_pte(alloc::entry_in(table, level, page)).next_table();
        const VirtAddr entry = alloc::entry_in(table, x86::kPte, page);
        protect(kernel, cpu, table);
        const Pte untouched = cpu.load_pte(entry).without(Pte::kAccessed | Pte::kDirty);
        kernel.mm().pgalloc().set(cpu, entry, untouched);
        cpu.touch(page, alloc::Touch::owned);
        EXPECT_EQ(cpu.load_pte(entry), untouched.with(Pte::kAccessed | Pte::kDirty));
        EXPECT_NE(finding_of_store(cpu, entry), "none");
    });
}

TEST(PageTableKey, IsWrittenAtTheCostOfTheInstruction) {
    run_script([](alloc::Kernel& kernel, CoreCpu& cpu) {
        const Pfn table = kernel.mm().pgalloc().new_table(cpu).value();
        const VirtAddr entry = alloc::layout::direct_map(table);
        cpu.store_pte(entry, Pte{});
        const Cycles begin = cpu.now();
        cpu.store_pte(entry, Pte{});
        const Cycles bare = cpu.now() - begin;
        const Cycles guarded_begin = cpu.now();
        kernel.mm().pgalloc().set(cpu, entry, Pte{});
        EXPECT_EQ(cpu.now() - guarded_begin, bare + Cycles{2 * 60});
    });
}

TEST(PageTableKey, NeedsProtectionKeysForSupervisorPages) {
    EXPECT_THROW(Node::check(small_config({"platform.model=skylake-sp-2s", "kernel.page_tables.mock=switch-only"})), UserError);
}

}  // namespace
}  // namespace splinter::platforms::testing
