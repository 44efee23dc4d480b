#include "hw/x86/check_access.h"

namespace splinter::x86 {
namespace {

std::optional<Denial> deny_if(bool condition, Denial reason) { return condition ? std::optional{reason} : std::nullopt; }

// SDM 4.6.1, "For supervisor-mode accesses".
std::optional<Denial> denied_to_supervisor(Access access, const Rights& rights, const PagingState& state) {
    if (access.kind == AccessKind::fetch) {
        if (rights.user && state.smep) return Denial::smep;
        return deny_if(rights.no_execute && state.nxe, Denial::no_execute);
    }
    // RFLAGS.AC lifts SMAP from explicit accesses only.
    const bool lifted = state.ac && access.origin == Origin::instruction;
    if (rights.user && state.smap && !lifted) return Denial::smap;
    return deny_if(access.kind == AccessKind::write && !rights.writable && state.wp, Denial::read_only);
}

// SDM 4.6.1, "For user-mode accesses".
std::optional<Denial> denied_to_user(Access access, const Rights& rights, const PagingState& state) {
    if (!rights.user) return Denial::supervisor_page;
    if (access.kind == AccessKind::fetch) return deny_if(rights.no_execute && state.nxe, Denial::no_execute);
    return deny_if(access.kind == AccessKind::write && !rights.writable, Denial::read_only);
}

}  // namespace

std::optional<Denial> denied_by_rights(Access access, const Rights& rights, const PagingState& state) {
    return access.mode == Mode::user ? denied_to_user(access, rights, state) : denied_to_supervisor(access, rights, state);
}

// SDM 4.6.2: the mode of the address chooses the register, PKRU for user-mode and PKRS for supervisor-mode addresses; fetches
// are exempt; WD binds supervisor accesses under CR0.WP only.
std::optional<Denial> denied_by_key(Access access, const Rights& rights, const PagingState& state) {
    if (access.kind == AccessKind::fetch) return std::nullopt;
    if (rights.user ? !state.pke : !state.pks) return std::nullopt;
    const KeyRights key_rights = rights.user ? state.pkru : state.pkrs;
    if (key_rights.access_disabled(rights.key)) return Denial::key_access;
    const bool write_counts = access.kind == AccessKind::write && (access.mode == Mode::user || state.wp);
    return deny_if(write_counts && key_rights.write_disabled(rights.key), Denial::key_write);
}

// SDM 4.7: P is 1, for there is a translation. PK is set whenever the key denies, also if other rights deny too.
std::optional<PageFault> check_access(VirtAddr va, Access access, const Rights& rights, const PagingState& state) {
    const bool key_denies = denied_by_key(access, rights, state).has_value();
    if (!key_denies && !denied_by_rights(access, rights, state)) return std::nullopt;
    return PageFault{va, PageFault::kPresentBit | access_bits(access, state) | (key_denies ? PageFault::kKeyBit : 0)};
}

}  // namespace splinter::x86
