#include "hw/x86/check_access.h"

#include <gtest/gtest.h>

#include "tests/x86/accesses.h"

namespace splinter::x86 {
namespace {

constexpr VirtAddr kAccessedVa{0x7f0000001000};
constexpr Access kRead{AccessKind::read, Mode::supervisor};
constexpr Access kWrite{AccessKind::write, Mode::supervisor};
constexpr Access kFetch{AccessKind::fetch, Mode::supervisor};
constexpr Access kImplicitRead = Access::implicit(AccessKind::read);
constexpr std::uint8_t kKey = 5;
constexpr KeyRights kNoAccess{1U << (2 * kKey)};
constexpr KeyRights kNoWrite{2U << (2 * kKey)};

// Nothing forbids anything, so that a test switches on the one rule that it is about.
PagingState lenient() {
    PagingState state;
    state.smep = state.smap = state.pke = state.pks = false;
    return state;
}

PagingState with(bool PagingState::*flag) {
    PagingState state = lenient();
    state.*flag = true;
    return state;
}

constexpr Rights kUserPage{true, true, false, false, false, kKey};
constexpr Rights kSupervisorPage{true, false, false, false, false, kKey};

Rights read_only(Rights rights) {
    rights.writable = false;
    return rights;
}

Rights no_execute(Rights rights) {
    rights.no_execute = true;
    return rights;
}

void expect_permitted(Access access, const Rights& rights, const PagingState& state) {
    EXPECT_EQ(check_access(kAccessedVa, access, rights, state), std::nullopt);
}

void expect_fault(Access access, const Rights& rights, const PagingState& state, std::uint32_t error) {
    EXPECT_EQ(check_access(kAccessedVa, access, rights, state), (PageFault{kAccessedVa, error}));
}

TEST(CheckAccess, UserAccessesNeedAUserPage) {
    expect_permitted(kUserRead, kUserPage, lenient());
    expect_permitted(kUserWrite, kUserPage, lenient());
    expect_permitted(kUserFetch, kUserPage, lenient());
    expect_fault(kUserRead, kSupervisorPage, lenient(), 0x5);
    expect_fault(kUserWrite, kSupervisorPage, lenient(), 0x7);
    expect_fault(kUserFetch, kSupervisorPage, lenient(), 0x15);
}

TEST(CheckAccess, UserWritesNeedWriteRightWhateverWpIs) {
    PagingState without_wp = lenient();
    without_wp.wp = false;
    expect_fault(kUserWrite, read_only(kUserPage), lenient(), 0x7);
    expect_fault(kUserWrite, read_only(kUserPage), without_wp, 0x7);
    expect_permitted(kUserRead, read_only(kUserPage), lenient());
}

TEST(CheckAccess, SupervisorWritesNeedWriteRightUnderWpOnly) {
    PagingState without_wp = lenient();
    without_wp.wp = false;
    for (const Rights& page : {kUserPage, kSupervisorPage}) {
        expect_fault(kWrite, read_only(page), lenient(), 0x3);
        expect_permitted(kWrite, read_only(page), without_wp);
        expect_permitted(kWrite, page, lenient());
        expect_permitted(kRead, read_only(page), lenient());
    }
}

TEST(CheckAccess, XdForbidsFetchesOnly) {
    expect_fault(kUserFetch, no_execute(kUserPage), lenient(), 0x15);
    expect_fault(kFetch, no_execute(kSupervisorPage), lenient(), 0x11);
    expect_permitted(kUserRead, no_execute(kUserPage), lenient());
    expect_permitted(kWrite, no_execute(kSupervisorPage), lenient());
}

TEST(CheckAccess, ACachedXdMeansNothingWithoutNxe) {
    PagingState without_nxe = lenient();
    without_nxe.nxe = false;
    expect_permitted(kUserFetch, no_execute(kUserPage), without_nxe);
    expect_permitted(kFetch, no_execute(kSupervisorPage), without_nxe);
}

TEST(CheckAccess, SmepForbidsSupervisorFetchesFromUserPages) {
    expect_fault(kFetch, kUserPage, with(&PagingState::smep), 0x11);
    expect_permitted(kFetch, kUserPage, lenient());
    expect_permitted(kFetch, kSupervisorPage, with(&PagingState::smep));
    expect_permitted(kUserFetch, kUserPage, with(&PagingState::smep));
    expect_permitted(kRead, kUserPage, with(&PagingState::smep));
}

TEST(CheckAccess, SmepAloneReportsFetches) {
    PagingState smep = with(&PagingState::smep);
    smep.nxe = false;
    expect_fault(kFetch, kUserPage, smep, 0x11);
    PagingState neither = lenient();
    neither.nxe = false;
    expect_fault(kUserFetch, kSupervisorPage, neither, 0x5);
}

TEST(CheckAccess, SmapForbidsSupervisorDataAccessesToUserPages) {
    const PagingState smap = with(&PagingState::smap);
    expect_fault(kRead, kUserPage, smap, 0x1);
    expect_fault(kWrite, kUserPage, smap, 0x3);
    expect_permitted(kFetch, kUserPage, smap);
    expect_permitted(kRead, kSupervisorPage, smap);
    expect_permitted(kUserRead, kUserPage, smap);
}

TEST(CheckAccess, SmapHoldsWithoutWpToo) {
    PagingState smap = with(&PagingState::smap);
    smap.wp = false;
    expect_fault(kWrite, kUserPage, smap, 0x3);
}

TEST(CheckAccess, AcLiftsSmapFromExplicitAccessesOnly) {
    PagingState smap = with(&PagingState::smap);
    smap.ac = true;
    expect_permitted(kRead, kUserPage, smap);
    expect_permitted(kWrite, kUserPage, smap);
    expect_fault(kWrite, read_only(kUserPage), smap, 0x3);
    expect_fault(kImplicitRead, kUserPage, smap, 0x1);  // D1 in hw/README.md
    expect_permitted(kImplicitRead, kSupervisorPage, smap);
}

TEST(CheckAccess, ImplicitAccessesAreSupervisorAccesses) {
    expect_permitted(kImplicitRead, kSupervisorPage, lenient());
    expect_permitted(kImplicitRead, kUserPage, lenient());
    expect_fault(kImplicitRead, kUserPage, with(&PagingState::smap), 0x1);
    expect_fault(Access::implicit(AccessKind::write), read_only(kSupervisorPage), lenient(), 0x3);
}

TEST(CheckAccess, PkruBindsUserPagesUnderPke) {
    PagingState state = with(&PagingState::pke);
    state.pkru = kNoAccess;
    expect_fault(kUserRead, kUserPage, state, 0x25);
    expect_fault(kUserWrite, kUserPage, state, 0x27);
    expect_fault(kRead, kUserPage, state, 0x21);
    expect_permitted(kRead, kSupervisorPage, state);
    state.pke = false;
    expect_permitted(kUserRead, kUserPage, state);
}

TEST(CheckAccess, PkrsBindsSupervisorPagesUnderPks) {
    PagingState state = with(&PagingState::pks);
    state.pkrs = kNoAccess;
    expect_fault(kRead, kSupervisorPage, state, 0x21);
    expect_fault(kWrite, kSupervisorPage, state, 0x23);
    expect_permitted(kUserRead, kUserPage, state);
    state.pks = false;
    expect_permitted(kRead, kSupervisorPage, state);
}

TEST(CheckAccess, OneKeyBindsItsOwnPagesOnly) {
    PagingState state = with(&PagingState::pke);
    state.pkru = KeyRights{0x3U << (2 * (kKey + 1))};
    expect_permitted(kUserWrite, kUserPage, state);
}

TEST(CheckAccess, KeysDoNotBindFetches) {
    PagingState state = lenient();
    state.pke = state.pks = true;
    state.pkru = state.pkrs = kNoAccess;
    expect_permitted(kUserFetch, kUserPage, state);
    expect_permitted(kFetch, kSupervisorPage, state);
    expect_fault(kUserFetch, no_execute(kUserPage), state, 0x15);
}

TEST(CheckAccess, WriteDisableForbidsWritesOnly) {
    PagingState state = lenient();
    state.pke = state.pks = true;
    state.pkru = state.pkrs = kNoWrite;
    expect_permitted(kUserRead, kUserPage, state);
    expect_fault(kUserWrite, kUserPage, state, 0x27);
    expect_permitted(kRead, kSupervisorPage, state);
    expect_fault(kWrite, kSupervisorPage, state, 0x23);
}

TEST(CheckAccess, WriteDisableBindsSupervisorsUnderWpOnly) {
    PagingState state = lenient();
    state.pke = state.pks = true;
    state.pkru = state.pkrs = kNoWrite;
    state.wp = false;
    expect_permitted(kWrite, kUserPage, state);
    expect_permitted(kWrite, kSupervisorPage, state);  // D3
    expect_fault(kUserWrite, kUserPage, state, 0x27);
    state.pkrs = kNoAccess;
    expect_fault(kWrite, kSupervisorPage, state, 0x23);
}

TEST(CheckAccess, AKeyThatForbidsIsReportedBesideOtherRights) {
    PagingState state = with(&PagingState::pke);
    state.pkru = kNoWrite;
    expect_fault(kUserWrite, read_only(kUserPage), state, 0x27);
    state.pkru = KeyRights{};
    expect_fault(kUserWrite, read_only(kUserPage), state, 0x7);
}

TEST(CheckAccess, PkrsIsReportedForUserAccessesToSupervisorPages) {  // D2
    PagingState state = with(&PagingState::pks);
    state.pkrs = kNoAccess;
    expect_fault(kUserRead, kSupervisorPage, state, 0x25);
    state.pkrs = kNoWrite;
    state.wp = false;
    expect_fault(kUserWrite, kSupervisorPage, state, 0x27);
    expect_fault(kUserRead, kSupervisorPage, state, 0x5);
}

TEST(CheckAccess, NamesTheRuleThatForbids) {
    PagingState state = lenient();
    state.smep = state.smap = state.pke = true;
    state.pkru = kNoAccess;
    EXPECT_EQ(denied_by_rights(kUserRead, kSupervisorPage, state), Denial::supervisor_page);
    EXPECT_EQ(denied_by_rights(kUserWrite, read_only(kUserPage), state), Denial::read_only);
    EXPECT_EQ(denied_by_rights(kUserFetch, no_execute(kUserPage), state), Denial::no_execute);
    EXPECT_EQ(denied_by_rights(kFetch, kUserPage, state), Denial::smep);
    EXPECT_EQ(denied_by_rights(kRead, kUserPage, state), Denial::smap);
    EXPECT_EQ(denied_by_rights(kRead, kSupervisorPage, state), std::nullopt);
    EXPECT_EQ(denied_by_key(kUserRead, kUserPage, state), Denial::key_access);
    state.pkru = kNoWrite;
    EXPECT_EQ(denied_by_key(kUserWrite, kUserPage, state), Denial::key_write);
    EXPECT_EQ(denied_by_key(kUserRead, kUserPage, state), std::nullopt);
}

}  // namespace
}  // namespace splinter::x86
