#include "alloc/smp/mechanisms.h"

#include <array>

#include "alloc/smp/ipi_mechanism.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

constexpr std::array kMechanisms{
    MechanismInfo{"ipi", make_ipi, "Linux's cross-CPU call: interrupts, and the initiator waits for every acknowledgement"},
};

}  // namespace

MechanismPtr make_ipi(const MechanismContext& context) { return std::make_unique<IpiMechanism>(context.calls); }

std::span<const MechanismInfo> flush_mechanisms() { return kMechanisms; }

const MechanismInfo& find_flush_mechanism(std::string_view name) {
    std::string known;
    for (const MechanismInfo& info : kMechanisms) {
        if (info.name == name) return info;
        known += (known.empty() ? "" : ", ") + std::string{info.name};
    }
    throw UserError("flush.mechanism", "found \"" + std::string{name} + "\", allowed: " + known);
}

}  // namespace splinter::alloc
