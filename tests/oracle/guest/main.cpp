// The guest's main loop: "seed=HEX count=N" on the command line; N vector lines on the debug console.
#include "tests/oracle/guest/console.h"
#include "tests/oracle/guest/cpu.h"
#include "tests/oracle/guest/execute.h"
#include "tests/oracle/guest/generate.h"
#include "tests/oracle/guest/report.h"
#include "tests/oracle/guest/traps.h"

namespace oracle_guest {
namespace {

// Xen's PVH boot protocol, struct hvm_start_info.
struct StartInfo {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line;
};
constexpr uint32_t kStartInfoMagic = 0x336e'c578;

// The hexadecimal number after `key` (which includes the equals sign).
uint64_t argument(const char* command_line, const char* key) {
    for (const char* at = command_line; *at != 0; ++at) {
        unsigned matched = 0;
        while (key[matched] != 0 && at[matched] == key[matched]) ++matched;
        if (key[matched] != 0) continue;
        uint64_t value = 0;
        for (at += matched; *at != 0 && *at != ' '; ++at) {
            const bool decimal = *at >= '0' && *at <= '9';
            if (!decimal && (*at < 'a' || *at > 'f')) fail("bad character in an argument", static_cast<uint8_t>(*at));
            value = value * 16 + static_cast<uint64_t>(decimal ? *at - '0' : *at - 'a' + 10);
        }
        return value;
    }
    fail("the command line lacks an argument; it starts with character", static_cast<uint8_t>(*command_line));
}

void require_features() {
    const CpuidLeaf features = cpuid(7);
    if (((features.ebx >> 7) & 1) == 0) fail("the CPU lacks SMEP", features.ebx);
    if (((features.ebx >> 20) & 1) == 0) fail("the CPU lacks SMAP", features.ebx);
    if (((features.ecx >> 3) & 1) == 0) fail("the CPU lacks protection keys for user pages", features.ecx);
    if (((features.ecx >> 31) & 1) == 0) fail("the CPU lacks protection keys for supervisor pages", features.ecx);
    if (((cpuid(0x8000'0001).edx >> 26) & 1) == 0) fail("the CPU lacks 1 GiB pages", cpuid(0x8000'0001).edx);
}

// A frame beyond memory that was reached tells nothing.
bool observable(const State& state, const Outcome& outcome) { return state.target_is_ram || !outcome.done(); }

void run_one(const StateId& id) {
    const uint64_t stream = (uint64_t{id.machine.levels} << 40) | (uint64_t{id.machine.phys_bits} << 32) | id.serial;
    Rng rng{id.seed, stream};
    for (;;) {
        const State state = generate(rng, id.machine);
        const Outcome outcome = execute(state);
        if (!observable(state, outcome)) continue;
        report(id, state, outcome);
        return;
    }
}

}  // namespace
}  // namespace oracle_guest

extern "C" [[noreturn, gnu::used]] void guest_main(const oracle_guest::StartInfo* info) {
    using namespace oracle_guest;
    if (info->magic != kStartInfoMagic) fail("not started by the PVH protocol", info->magic);
    set_up_traps();
    require_features();
    const auto* command_line = reinterpret_cast<const char*>(info->command_line);
    const uint64_t seed = argument(command_line, "seed=");
    const uint64_t count = argument(command_line, "count=");
    const Machine machine{(read_cr4() & kCr4La57) != 0 ? 5U : 4U, cpuid(0x8000'0008).eax & 0xff};
    for (unsigned serial = 0; serial < count; ++serial) run_one({seed, machine, serial});
    leave(ExitCode::Complete);
}
