#include "hw/x86/check_access.h"

namespace splinter::x86 {
namespace {

// SDM 4.6.1: the U/S, R/W and XD rules, without protection keys.
bool allowed_by_mode(Access access, const Rights& rights, const PagingMode& mode) {
    if (access.mode == Mode::user) {
        if (!rights.user) return false;
        if (access.kind == AccessKind::fetch) return !rights.no_execute;
        return access.kind == AccessKind::read || rights.writable;
    }
    if (access.kind == AccessKind::fetch) return !rights.no_execute && !(rights.user && mode.smep);
    if (rights.user && mode.smap && !mode.alignment_check) return false;
    return access.kind == AccessKind::read || rights.writable || !mode.write_protect;
}

// SDM 4.6.2: PKRU governs user pages, PKRS supervisor pages; fetches are exempt; WD binds supervisor writes under CR0.WP only.
bool allowed_by_key(Access access, const Rights& rights, const PagingMode& mode) {
    if (access.kind == AccessKind::fetch) return true;
    if (rights.user ? !mode.pku : !mode.pks) return true;
    const KeyRights& key_rights = rights.user ? mode.pkru : mode.pkrs;
    if (key_rights.access_disabled(rights.key)) return false;
    const bool write_counts = access.mode == Mode::user || mode.write_protect;
    return access.kind != AccessKind::write || !write_counts || !key_rights.write_disabled(rights.key);
}

}  // namespace

std::optional<PageFault> check_access(VirtAddr va, Access access, const Rights& rights, const PagingMode& mode) {
    const std::uint32_t bits = PageFault::kPresentBit | access_bits(access);
    const bool key_ok = allowed_by_key(access, rights, mode);
    if (!allowed_by_mode(access, rights, mode)) return PageFault{va, bits | (key_ok ? 0 : PageFault::kKeyBit)};
    if (!key_ok) return PageFault{va, bits | PageFault::kKeyBit};
    return std::nullopt;
}

}  // namespace splinter::x86
