#include "tests/oracle/guest/console.h"

#include "tests/oracle/guest/cpu.h"

namespace oracle_guest {

void put(char c) { write_port(0xe9, static_cast<uint8_t>(c)); }

void put(const char* text) {
    for (; *text != 0; ++text) put(*text);
}

void put_hex(uint64_t value) {
    unsigned shift = 60;
    while (shift > 0 && (value >> shift) == 0) shift -= 4;
    for (;; shift -= 4) {
        put("0123456789abcdef"[(value >> shift) & 15]);
        if (shift == 0) return;
    }
}

void put_decimal(uint64_t value, unsigned width) {
    char digits[20];
    unsigned count = 0;
    for (; value != 0 || count < width; value /= 10) digits[count++] = static_cast<char>('0' + value % 10);
    while (count > 0) put(digits[--count]);
}

void leave(ExitCode code) {
    write_port(0xf4, static_cast<uint8_t>(code));
    for (;;) asm volatile("hlt");
}

void fail(const char* what, uint64_t number) {
    put("guest: ");
    put(what);
    put(' ');
    put_hex(number);
    put('\n');
    leave(ExitCode::Failed);
}

}  // namespace oracle_guest
