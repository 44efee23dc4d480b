#include "alloc/map/key_register.h"

#include "hw/base/check.h"

namespace splinter::alloc {

void KeyRegister::enter(Cpu& cpu) {
    if (depths_[cpu.id().index()]++ == 0) write(cpu, kPkrsPageTables);
}

void KeyRegister::leave(Cpu& cpu) {
    unsigned& depth = depths_[cpu.id().index()];
    SPLINTER_CHECK(depth > 0, "every scope of the key register that is left was entered");
    if (--depth == 0) write(cpu, kPkrsDefault);
}

void KeyRegister::write(Cpu& cpu, std::uint32_t rights) {
    const Account account{cpu, kKeySwitch};
    ++counters(cpu.id()).pkrs_writes;
    cpu.write_pkrs(rights);
}

void KeyRegister::InterruptGuard::suspend() {
    keys_.depths_[cpu_.id().index()] = 0;
    keys_.write(cpu_, kPkrsDefault);
}

void KeyRegister::InterruptGuard::resume() {
    keys_.depths_[cpu_.id().index()] = depth_;
    keys_.write(cpu_, kPkrsPageTables);
}

}  // namespace splinter::alloc
