// Text to QEMU's debug console (isa-debugcon, port 0xe9) and the guest's end (isa-debug-exit, port 0xf4).
#pragma once

#include "tests/oracle/guest/layout.h"

namespace oracle_guest {

void put(char c);
void put(const char* text);
void put_hex(uint64_t value);                      // no leading zeros
void put_decimal(uint64_t value, unsigned width);  // leading zeros up to `width` digits

// QEMU exits with 2 * code + 1.
enum class ExitCode : uint8_t { Complete = 0x10, Failed = 0x11 };
[[noreturn]] void leave(ExitCode code);
// Prints "guest: WHAT" and its number, which the vector file's reader rejects, and leaves with Failed.
[[noreturn]] void fail(const char* what, uint64_t number);

}  // namespace oracle_guest
