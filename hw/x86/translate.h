// One whole access without time, caches or SystemC: canonical check, walk, permission check, A and D stores (SDM Vol. 3A
// chapter 4). What the timed MMU must agree with.
#pragma once

#include <concepts>

#include "hw/x86/canonical.h"
#include "hw/x86/check_access.h"
#include "hw/x86/walk.h"

namespace splinter::x86 {

// What an access ended with. Fields that the kind does not name stay as they are here, so that outcomes compare.
struct AccessOutcome {
    enum class Kind : std::uint8_t { ok, page_fault, general_protection };
    Kind kind = Kind::general_protection;
    PhysAddr address;              // ok
    PageSize size = PageSize::k4;  // ok
    PageFault fault;               // page_fault

    static constexpr AccessOutcome ok(PhysAddr address, PageSize size) { return {Kind::ok, address, size, {}}; }
    static constexpr AccessOutcome page_fault(const PageFault& fault) { return {Kind::page_fault, {}, PageSize::k4, fault}; }
    static constexpr AccessOutcome general_protection() { return {}; }
    friend constexpr bool operator==(const AccessOutcome&, const AccessOutcome&) = default;
};

// Where page-table entries are: PhysMem, or a few words of a test.
template <class Memory>
concept EntryMemory = requires(Memory& memory, PhysAddr address, Pte value) {
    { memory.load(address) } -> std::same_as<Pte>;
    memory.store(address, value);
};

// Physical address of `va` inside a translation's page (SDM Vol. 3A 4.5.4).
constexpr PhysAddr physical_address(VirtAddr va, const Translation& translation) {
    return base_of(translation.frame) + (va.raw() & (leaf_level(translation.size).bytes() - 1));
}

template <EntryMemory Memory>
AccessOutcome translate(Memory& memory, Pfn root, const PagingState& state, VirtAddr va, Access access) {
    if (!is_canonical(va, state)) return AccessOutcome::general_protection();
    Walk walk{va, root, state};
    while (!walk.done()) {
        const PhysAddr address = walk.entry_address();
        const Pte found = memory.load(address);
        const Pte used = found.with(walk.flags_to_set(found, access, state));
        if (used != found) memory.store(address, used);
        walk.step(used);
    }
    if (walk.failure()) return AccessOutcome::page_fault(page_fault(va, access, *walk.failure(), state));
    if (const auto fault = check_access(va, access, walk.result()->rights, state)) return AccessOutcome::page_fault(*fault);
    return AccessOutcome::ok(physical_address(va, *walk.result()), walk.result()->size);
}

}  // namespace splinter::x86
