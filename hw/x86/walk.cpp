#include "hw/x86/walk.h"

#include "hw/x86/check_access.h"

namespace splinter::x86 {

std::uint64_t Walk::flags_to_set(VirtAddr va, WalkPoint at, WalkRules rules, Pte entry, Access access,
                                 const PagingState& state) {
    if (!entry.present() || rules.reserved_bits_set(entry, at.level) != 0) return 0;
    if (!entry.is_leaf(at.level) || access.kind != AccessKind::write) return Pte::kAccessed;
    Rights rights = at.rights.rights();
    rights.take_leaf(entry, rules.global());
    const bool permitted = !check_access(va, access, rights, state).has_value();
    return Pte::kAccessed | (permitted ? Pte::kDirty : 0);
}

// SDM 4.7: P is 0 only for an entry that is not present; RSVD comes with P. Without a translation there is no key: PK is 0.
PageFault page_fault(VirtAddr va, Access access, const WalkFailure& failure, const PagingState& state) {
    const bool reserved = failure.reason == WalkFailure::Reason::reserved_bit;
    return {va, access_bits(access, state) | (reserved ? PageFault::kPresentBit | PageFault::kReservedBit : 0)};
}

}  // namespace splinter::x86
