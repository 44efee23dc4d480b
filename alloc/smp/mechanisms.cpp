#include "alloc/smp/mechanisms.h"

#include <array>

#include "alloc/smp/deferred_mechanism.h"
#include "alloc/smp/ideal_mechanism.h"
#include "alloc/smp/invlpgb_mechanism.h"
#include "alloc/smp/ipi_mechanism.h"
#include "alloc/smp/latr_mechanism.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

constexpr std::array kMechanisms{
    MechanismInfo{"ipi", make_ipi, "Linux's cross-CPU call: interrupts, and the initiator waits for every acknowledgement",
                  Arrival::on_return, ""},
    MechanismInfo{"ipi-early-ack", make_early_ack,
                  "targets acknowledge before they flush (EuroSys 2020): unsafe on the kernel's half, which needs --unsafe",
                  Arrival::late, "kernel translations until the targets' handlers have flushed"},
    MechanismInfo{"invlpgb", make_invlpgb, "AMD's broadcast and TLBSYNC (Linux 6.15): no interrupts; needs platform.invlpgb",
                  Arrival::on_return, ""},
    MechanismInfo{"deferred", make_deferred,
                  "cores in user mode or idle get a flag and flush when they enter the kernel; the others are interrupted",
                  Arrival::before_use,
                  "entries in TLBs of cores outside the kernel, which drop them before they can use them in the kernel",
                  MechanismInfo::Entries::watched},
    MechanismInfo{
        "latr", make_latr,
        "recorded; each core flushes at its next timer tick or context switch, unmapped memory waits for it (ASPLOS 2018); "
        "hypothetical on the direct map",
        Arrival::late,
        "until the last core's next tick (kernel.tick) or context switch: kernel translations, and those of unmapped user "
        "pages, whose memory waits in quarantine"},
    MechanismInfo{"ideal", make_ideal, "no hardware: all cores' entries go at once and nobody pays; the lower bound",
                  Arrival::within_lookahead, "nothing, at the model's resolution of one lookahead"},
};

}  // namespace

MechanismPtr make_ipi(const MechanismContext& context) { return std::make_unique<IpiMechanism>(context.calls); }

MechanismPtr make_early_ack(const MechanismContext& context) {
    return std::make_unique<EarlyAckMechanism>(context.calls, context.unsafe_ranges);
}

MechanismPtr make_invlpgb(const MechanismContext& context) { return std::make_unique<InvlpgbMechanism>(context.calls); }

MechanismPtr make_deferred(const MechanismContext& context) {
    return std::make_unique<DeferredMechanism>(context.calls, context.cpus, context.data);
}

MechanismPtr make_latr(const MechanismContext& context) {
    return std::make_unique<LatrMechanism>(context.calls, context.work, context.cpus, context.data,
                                           LatrMechanism::Params{context.tick, context.ceiling});
}

MechanismPtr make_ideal(const MechanismContext& context) { return std::make_unique<IdealMechanism>(context.calls); }

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
