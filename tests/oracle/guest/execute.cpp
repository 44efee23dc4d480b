#include "tests/oracle/guest/execute.h"

#include "tests/oracle/guest/console.h"
#include "tests/oracle/guest/cpu.h"
#include "tests/oracle/guest/traps.h"

extern "C" {
void run_supervisor(uint64_t va, uint64_t stub, uint64_t flags, uint64_t value);
void run_user(uint64_t va, uint64_t stub, uint64_t flags, uint64_t value);
extern const char stub_read[], stub_write[], stub_fetch[], stub_implicit[];
}

namespace oracle_guest {
namespace {

constexpr uint64_t kMark = uint64_t{0x7a51e7} << 40;  // upper bits of a word that tells its own frame number

// All of memory is identity-mapped for the guest itself.
volatile uint64_t& word_at(uint64_t physical) { return *reinterpret_cast<volatile uint64_t*>(physical & ~uint64_t{7}); }

// What lies at the target, so that the CPU's answer says where it was: the frame number in a form that the access can report.
uint64_t sentinel(const State& state) {
    const uint64_t frame = state.target >> kPageShift;
    switch (state.kind) {
        case AccessKind::Fetch:  // mov $frame, %eax; int $ORACLE_DONE_VECTOR; nop
            return 0xb8 | (frame << 8) | (uint64_t{0xcd} << 40) | (uint64_t{ORACLE_DONE_VECTOR} << 48) | (uint64_t{0x90} << 56);
        case AccessKind::Implicit:  // a writable data segment of DPL 3 whose limit is the frame number
            return (frame & 0xffff) | (uint64_t{0xf2} << 40) | ((frame >> 16) << 48);
        default:
            return kMark | frame;
    }
}

struct Store {
    unsigned shift;
    uint8_t value;  // differs from what the sentinel has there
};

Store store_of(const State& state) {
    const unsigned shift = static_cast<unsigned>(state.target & 7) * 8;
    return {shift, static_cast<uint8_t>(~(sentinel(state) >> shift))};
}

uint64_t observed_frame(const State& state) {
    switch (state.kind) {
        case AccessKind::Write: {
            const Store store = store_of(state);
            const uint64_t expected = sentinel(state) ^ (uint64_t{0xff} << store.shift);
            return state.target_is_ram && word_at(state.target) == expected ? state.target >> kPageShift : kNowhere;
        }
        case AccessKind::Read:
            return (trap_record.rax & (uint64_t{0xffffff} << 40)) == kMark ? trap_record.rax & ~kMark : kNowhere;
        default:
            return trap_record.rax < kNowhere ? trap_record.rax : kNowhere;
    }
}

uint64_t stub_of(AccessKind kind) {
    switch (kind) {
        case AccessKind::Read:
            return reinterpret_cast<uint64_t>(stub_read);
        case AccessKind::Write:
            return reinterpret_cast<uint64_t>(stub_write);
        case AccessKind::Fetch:
            return reinterpret_cast<uint64_t>(stub_fetch);
        default:
            return reinterpret_cast<uint64_t>(stub_implicit);
    }
}

void set_registers(const State& state) {
    write_cr4(read_cr4() | kCr4Pke);  // WRPKRU needs it; the state's own CR4 follows
    write_pkru(state.pkru);
    write_msr(kMsrPkrs, state.pkrs);
    write_msr(kMsrEfer, state.efer);
    write_cr0(state.cr0);
    write_cr4(state.cr4);
    write_cr3(state.cr3);
    // A change of CR4.PGE invalidates everything, global entries too (SDM Vol. 3A 4.10.4.1).
    write_cr4(state.cr4 ^ kCr4Pge);
    write_cr4(state.cr4);
}

}  // namespace

Outcome execute(const State& state) {
    const uint64_t own_cr3 = read_cr3();
    const uint64_t own_cr4 = read_cr4();
    for (unsigned i = 0; i < state.entry_count(); ++i) word_at(state.entries[i].address) = state.entries[i].value;
    word_at(state.cr3) = word_at(own_cr3);  // slot 0: the guest's own mapping
    if (state.target_is_ram) word_at(state.target) = sentinel(state);
    if (state.kind == AccessKind::Implicit) set_local_table(state.va);

    set_registers(state);
    const uint64_t stub = stub_of(state.kind);
    const uint64_t value = store_of(state).value;
    if (state.cpl == Cpl::User)
        run_user(state.va, stub + ORACLE_USER_ALIAS, state.flags, value);
    else
        run_supervisor(state.va, stub, state.flags, value);
    write_cr3(own_cr3);
    write_cr4(own_cr4);
    write_cr0(kCr0Base);

    Outcome outcome{trap_record.vector, trap_record.error, trap_record.cr2, kNowhere, {}};
    if (outcome.done())
        outcome.frame = observed_frame(state);
    else if (outcome.vector != kPageFaultVector && outcome.vector != kGeneralProtectionVector)
        fail("an access ended in vector", outcome.vector);
    for (unsigned i = 0; i < state.entry_count(); ++i) {
        outcome.post[i] = word_at(state.entries[i].address);
        word_at(state.entries[i].address) = 0;
    }
    return outcome;
}

}  // namespace oracle_guest
