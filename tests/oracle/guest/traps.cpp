#include "tests/oracle/guest/traps.h"

#include "tests/oracle/guest/console.h"
#include "tests/oracle/guest/cpu.h"

extern "C" {
extern const char trap_entries[], trap_done[];
// Where access.S goes when a trap comes outside of a tested access: the guest itself is wrong, or the CPU is.
[[noreturn, gnu::used]] void unexpected_trap();
}

namespace oracle_guest {
namespace {

struct [[gnu::packed]] TablePointer {
    uint16_t limit;
    uint64_t base;
};

// SDM Vol. 3A figure 7-8 (6-8 in older editions).
struct Gate {
    uint64_t low, high;
};

// SDM Vol. 3A figure 8-11 (7-11 in older editions).
struct [[gnu::packed]] TaskState {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
};

constexpr unsigned kEntryBytes = 16;                             // distance of the entries in access.S
constexpr uint64_t kInterruptGate = uint64_t{0x8e01} << 32;      // present, DPL 0, IST 1
constexpr uint64_t kUserInterruptGate = uint64_t{0xee01} << 32;  // present, DPL 3, IST 1

alignas(16) uint8_t trap_stack[4096];
TaskState task_state{};
Gate gates[ORACLE_DONE_VECTOR + 1]{};
uint64_t descriptors[9] = {0,
                           0x0020'9b00'0000'0000,   // 64-bit code, CPL 0
                           0x0000'9300'0000'0000,   // data, CPL 0
                           0x0000'f300'0000'0000,   // data, CPL 3
                           0x0020'fb00'0000'0000};  // 64-bit code, CPL 3

uint64_t address_of(const void* object) { return reinterpret_cast<uint64_t>(object); }

Gate make_gate(uint64_t handler, uint64_t attributes) {
    const uint64_t low = (handler & 0xffff) | (uint64_t{ORACLE_CODE_SELECTOR} << 16) | attributes;
    return {low | ((handler & 0xffff'0000) << 32), handler >> 32};
}

// A 16-byte system descriptor: present, DPL 0, byte-granular. SDM Vol. 3A 3.5, figure 8-4 (7-4 in older editions).
void set_system_descriptor(unsigned selector, uint64_t type, uint64_t base, uint64_t limit) {
    uint64_t* slot = &descriptors[selector / sizeof(uint64_t)];
    slot[0] = limit | ((base & 0xff'ffff) << 16) | ((0x80 | type) << 40) | (((base >> 24) & 0xff) << 56);
    slot[1] = base >> 32;
}

}  // namespace

void set_up_traps() {
    for (unsigned vector = 0; vector < 32; ++vector)
        gates[vector] = make_gate(address_of(trap_entries) + vector * kEntryBytes, kInterruptGate);
    gates[ORACLE_DONE_VECTOR] = make_gate(address_of(trap_done), kUserInterruptGate);
    task_state.ist[0] = address_of(trap_stack) + sizeof trap_stack;
    task_state.io_map = sizeof task_state;
    set_system_descriptor(ORACLE_TSS_SELECTOR, 9, address_of(&task_state), sizeof task_state - 1);

    const TablePointer gdt{sizeof descriptors - 1, address_of(descriptors)};
    const TablePointer idt{sizeof gates - 1, address_of(gates)};
    asm volatile("lgdt %0" : : "m"(gdt), "m"(descriptors));
    asm volatile("lidt %0" : : "m"(idt), "m"(gates));
    load_task_register(ORACLE_TSS_SELECTOR);
}

void set_local_table(uint64_t base) {
    set_system_descriptor(ORACLE_LDT_SELECTOR, 2, base, sizeof(uint64_t) - 1);
    load_local_table(ORACLE_LDT_SELECTOR);
}

}  // namespace oracle_guest

void unexpected_trap() {
    using oracle_guest::trap_record;
    oracle_guest::put("guest: vector ");
    oracle_guest::put_decimal(trap_record.vector, 1);
    oracle_guest::put(" error ");
    oracle_guest::put_hex(trap_record.error);
    oracle_guest::put(" cr2 ");
    oracle_guest::put_hex(trap_record.cr2);
    oracle_guest::fail("outside of an access, at rip", trap_record.rip);
}
