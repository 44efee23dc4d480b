#include "platforms/build/node.h"

#include <algorithm>

#include "alloc/buddy/flip_policy.h"
#include "alloc/tables/refill_orders.h"
#include "hw/base/user_error.h"
#include "platforms/adapter/boot_cpu.h"
#include "platforms/build/zone_plan.h"

namespace splinter::platforms {
namespace {

constexpr std::uint64_t kLargeBytes = x86::kPde.bytes();
constexpr unsigned kEarlyTables =
    8;  // v6 counts up to 16 for all that runs before its pool is there; here that is the pool alone

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

PageCount managed_frames(const RunConfig& config, const KernelSnapshot* snapshot) {
    if (snapshot == nullptr) return PageCount{config.platform.memory >> kPageShift};
    Pfn end{0};
    for (const SnapshotZone& zone : snapshot->zones) end = std::max(end, zone.span.end());
    return end - Pfn{0};
}

void check_page_tables(const RunConfig& config) {
    const alloc::PageTableParams& params = config.kernel.page_tables;
    const alloc::TablePolicyInfo& policy = alloc::find_table_policy(params.policy);
    (void)alloc::refill_orders(params.refill_orders);
    if (policy.tables == alloc::KeyRegister::Tables::have_a_key && config.platform.pks == "absent")
        throw UserError(
            "kernel.page_tables.policy", "is " + params.policy + ", but platform.pks is absent",
            "choose plain, a platform with protection keys for supervisor pages, or platform.pks = \"hypothetical\"");
    if (params.policy == "freetype-key" && config.kernel.version != alloc::kLinux6_12.version)
        throw UserError("kernel.page_tables.policy",
                        "is freetype-key, but freetypes exist on 6.12 only, and kernel.version is " + config.kernel.version);
}

// Sockets are shared out evenly, in order.
std::vector<alloc::NodeId> nodes_of_cpus(const RunConfig& config) {
    std::vector<alloc::NodeId> nodes;
    const hw::Topology topology{config.hw};
    for (std::uint32_t i = 0; i < config.hw.cores; ++i)
        nodes.emplace_back(
            static_cast<std::uint8_t>(topology.socket(CpuId{i}) * config.platform.numa_nodes / topology.sockets()));
    return nodes;
}

}  // namespace

Node::Node(const RunConfig& config, const KernelSnapshot* snapshot, alloc::MapObserver& observer)
    : Node{config, snapshot, observer, alloc::find_flush_strategy(config.flush.strategy), 0} {}

Node::Node(const RunConfig& config, const KernelSnapshot* snapshot, alloc::MapObserver& observer,
           const alloc::StrategyInfo& strategy, std::uint64_t user_footprint)
    : config_{config},
      user_footprint_{std::max(user_footprint, config.workload.background.user_footprint)},
      direct_map_start_{config.kernel.direct_map} {
    check(config);
    size_memory(managed_frames(config, snapshot));
    boot(snapshot, observer, strategy);
    build_silicon(*tables_);
    take_kernel_pages();
    key_boot_tables();
    BootCpu cpu{*memory_};
    kernel_->boot(cpu);
}

void Node::check(const RunConfig& config) {
    config.hw.check();
    if (config.platform.memory % kLargeBytes != 0)
        throw UserError("platform.memory",
                        "found " + std::to_string(config.platform.memory) + " bytes, allowed: multiples of 2MiB");
    if (config.platform.numa_nodes == 0 || config.platform.numa_nodes > config.hw.sockets)
        throw UserError("platform.numa_nodes", "found " + std::to_string(config.platform.numa_nodes) + ", allowed: 1 to " +
                                                   std::to_string(config.hw.sockets) + ", the sockets of the platform");
    if (config.platform.numa_nodes > 1 && std::ranges::find(config.workload.run, "trace") != config.workload.run.end())
        throw UserError("platform.numa_nodes",
                        "found " + std::to_string(config.platform.numa_nodes) +
                            " with the workload trace, whose recorded zones are of one node, allowed: 1");
    check_page_tables(config);
    if (config.kernel.page_tables.mock != "none" && config.platform.pks == "absent")
        throw UserError("kernel.page_tables.mock",
                        "found \"" + config.kernel.page_tables.mock + "\" with platform.pks = \"absent\", allowed: none");
    const bool broadcasts = config.platform.invlpgb != "absent";
    if (broadcasts != config.hw.broadcast.present())
        throw UserError("platform.invlpgb", "found \"" + config.platform.invlpgb + "\" with hw.broadcast.flight_socket of " +
                                                std::to_string(config.hw.broadcast.flight_socket.raw()) + " cycles, allowed: " +
                                                (broadcasts ? "flights above 0" : "flights of 0") + " with it");
}

// Boot's own memory stands behind the zones, so that a recorded snapshot's frames stay the allocator's alone.
void Node::size_memory(PageCount managed_end) {
    managed_end_ = managed_end;
    const std::uint64_t begin = round_up(managed_end.raw() * kPageBytes, kLargeBytes);
    const std::uint64_t struct_pages = round_up(managed_end.raw() * alloc::layout::kStructPageBytes, kLargeBytes);
    const std::uint64_t spaces = config_.hw.cores * config_.workload.background.processes;
    const std::uint64_t footprints = spaces * round_up(user_footprint_, kLargeBytes);
    const std::uint64_t whole = begin + struct_pages + footprints + alloc::layout::kKernelDataBytes;
    // Page tables: at most one page per 2 MiB mapped with 4 KiB leaves (footprints, the tail of memory), and a few per GiB; and
    // what the direct map takes beyond that.
    const std::uint64_t tables = round_up((footprints / kLargeBytes + whole / (std::uint64_t{1} << 30) * 2 + spaces * 8 + 1024 +
                                           direct_map_start_.tables_for(whole).raw()) *
                                              kPageBytes,
                                          kLargeBytes);
    const std::uint64_t end = whole + 8 * kLargeBytes;  // alignment of the parts
    boot_range_ = PfnRange{pfn_of(PhysAddr{begin}), PageCount{(end - begin) >> kPageShift}};
    table_range_ = PfnRange{boot_range_->end(), PageCount{tables >> kPageShift}};
    memory_ = std::make_unique<x86::PhysMem>(end + tables);
    frames_ = std::make_unique<alloc::FrameTable>(managed_end);
}

void Node::boot(const KernelSnapshot* snapshot, alloc::MapObserver& observer, const alloc::StrategyInfo& strategy) {
    boot_frames_ = std::make_unique<alloc::BootFrames>(*boot_range_);
    const Pfn data = boot_frames_->take(PageCount{alloc::layout::kKernelDataBytes >> kPageShift});
    const std::uint64_t struct_page_bytes = round_up(managed_end_.raw() * alloc::layout::kStructPageBytes, kLargeBytes);
    const Pfn struct_pages = boot_frames_->take(PageCount{struct_page_bytes >> kPageShift});
    table_frames_ = std::make_unique<alloc::BootFrames>(*table_range_);
    const auto leaves = config_.kernel.pti == "on" ? alloc::KernelLeaves::not_global : alloc::KernelLeaves::global;
    tables_ = std::make_unique<alloc::BootTables>(*memory_, *table_frames_, leaves);
    direct_map_start_.map_memory(*tables_, managed_end_);
    direct_map_start_.map(*tables_, *boot_range_);
    direct_map_start_.map(*tables_, *table_range_);
    tables_->map(alloc::layout::kVmemmap, struct_pages, struct_page_bytes, x86::PageSize::m2, alloc::kKernelTable,
                 alloc::kernel_leaf(leaves));
    tables_->preallocate(alloc::layout::kVmalloc);
    std::vector<Pfn> mermap = tables_->prepare_mermap(config_.hw.cores);
    const alloc::KernelRules& rules = *alloc::find_kernel_rules(config_.kernel.version);
    const alloc::FreetypeLists freetypes = alloc::freetype_lists(config_.kernel);
    auto zones = snapshot != nullptr
                     ? plan_zones(*snapshot, *frames_, rules, freetypes)
                     : plan_zones(config_.platform.memory, config_.platform.numa_nodes, *frames_, rules, freetypes);
    std::vector<Pfn> early_tables;
    for (unsigned i = 0; i < kEarlyTables; ++i) early_tables.push_back(table_frames_->take());
    kernel_ = std::make_unique<alloc::Kernel>(
        config_.kernel, strategy, *frames_,
        alloc::BootInfo{config_.hw.cores, tables_->root(), alloc::layout::KernelData{alloc::layout::direct_map(data)},
                        std::move(zones), nodes_of_cpus(config_), std::move(early_tables), tables_->kernel_half(),
                        std::move(mermap), config_.flush.mechanism,
                        config_.platform.pcid == "absent" ? alloc::Pcids::absent : alloc::Pcids::present,
                        config_.flush.interrupts == "off" ? alloc::IrqState::disabled : alloc::IrqState::enabled,
                        config_.flush.is_unsafe ? alloc::KernelRanges::allowed : alloc::KernelRanges::refused},
        observer);
    if (snapshot != nullptr) load_pcp_lists(*snapshot, kernel_->pages(), *frames_, config_.hw.cores);
}

void Node::build_silicon(const alloc::BootTables& kernel_tables) {
    config_.hw.isolates_user_tables = config_.kernel.pti == "on";
    machine_ = std::make_unique<hw::Machine>("machine", config_.hw, *memory_);
    machine_->set_call_vector(hw::Vector{alloc::kCallFunctionVector});
    online_ = CpuMask::first(config_.hw.cores);
    BootCpu cpu{*memory_};
    const PageCount pages{user_footprint_ >> kPageShift};
    Pfn footprint = boot_frames_->take(PageCount{pages.raw() * config_.hw.cores * config_.workload.background.processes});
    for (std::uint32_t i = 0; i < config_.hw.cores; ++i) {
        cpus_.push_back(std::make_unique<CoreCpu>(*machine_, CpuId{i}, config_.costs, online_));
        for (std::uint64_t process = 0; process < config_.workload.background.processes; ++process) {
            alloc::BootTables space = kernel_tables.new_address_space();
            space.map(kUserBase, footprint, user_footprint_, x86::PageSize::k4, alloc::kUserTable, alloc::kUserLeaf);
            footprint += pages;
            roots_.push_back(space.root());
            spaces_.push_back(std::make_unique<alloc::MmContext>());
            kernel_->tlb_state().init(cpu, *spaces_.back(), roots_.back(), alloc::MmUse::one_cpu);
        }
        start_core(CpuId{i});
    }
}

void Node::start_core(CpuId core) {
    const bool keyed = kernel_->keys().tables() == alloc::KeyRegister::Tables::have_a_key;
    hw::TranslationUnit& unit = machine_->core(core).mmu().unit();
    x86::PagingState state;
    state.pcide = config_.platform.pcid != "absent";
    state.pke = config_.platform.pku != "absent";
    state.pks = keyed;
    if (keyed) state.pkrs = x86::KeyRights{alloc::kPkrsDefault};
    state.maxphyaddr = static_cast<std::uint8_t>(config_.hw.mmu.physical_bits);
    unit.write_state(state);
    alloc::TlbState& tlb = kernel_->tlb_state();
    tlb.start_in(core, space(core));
    unit.write_cr3(space(core).pgd, tlb.pcid_of(0), hw::TranslationUnit::Cr3Flush::flush);
}

bool Node::tables_have_a_key() const {
    return alloc::find_table_policy(config_.kernel.page_tables.policy).tables == alloc::KeyRegister::Tables::have_a_key;
}

// Late init: the tables that boot has made get the key (kpkeys_hardened_pgtables_init_late(), v6).
void Node::key_boot_tables() {
    if (tables_have_a_key()) tables_->change_direct(*table_range_, alloc::LeafChange::key(alloc::kPageTableKey));
}

void Node::take_kernel_pages() {
    BootCpu cpu{*memory_};
    const std::uint64_t wanted = config_.workload.background.kernel_footprint >> kPageShift;
    for (std::uint64_t i = 0; i < wanted; ++i) {
        const auto page = kernel_->pages().alloc_pages(cpu, alloc::AllocRequest{});
        if (!page) throw UserError("workload.background.kernel_footprint", "does not fit into the machine's free memory");
        kernel_pages_.push_back(*page);
    }
}

}  // namespace splinter::platforms
