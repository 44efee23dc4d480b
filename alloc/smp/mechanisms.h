// The mechanisms and the table that lists them. A new one is a file with its class, a maker here, and a row in mechanisms.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "alloc/smp/call_function.h"
#include "alloc/smp/early_ack_mechanism.h"
#include "alloc/smp/flush_mechanism.h"
#include "alloc/work/kernel_work.h"

namespace splinter::alloc {

// What mechanisms work with.
struct MechanismContext {
    CallFunction& calls;
    KernelWork& work;
    std::size_t cpus;
    layout::KernelData data;
    Cycles tick;                 // kernel.tick
    PageCount ceiling;           // kernel.flush_ceiling
    KernelRanges unsafe_ranges;  // flush.unsafe
};

using MechanismPtr = std::unique_ptr<FlushMechanism>;

MechanismPtr make_ipi(const MechanismContext& context);
MechanismPtr make_early_ack(const MechanismContext& context);
MechanismPtr make_invlpgb(const MechanismContext& context);
MechanismPtr make_deferred(const MechanismContext& context);
MechanismPtr make_latr(const MechanismContext& context);
MechanismPtr make_ideal(const MechanismContext& context);

// When a flush of the kernel's half has reached all CPUs.
enum class Arrival : std::uint8_t {
    on_return,         // when kernel() returns: the contract
    within_lookahead,  // then, as far as the model can tell
    before_use,        // some TLBs keep entries, which their CPUs drop before they can use them
    late               // some CPUs still use old translations after it
};

struct MechanismInfo {
    std::string_view name;
    MechanismPtr (*make)(const MechanismContext&);
    std::string_view summary;
    Arrival arrival;
    std::string_view exposed;  // what stays exposed after the return, and how long; "" on_return
    enum class Entries : std::uint8_t { unwatched, watched } entries = Entries::unwatched;  // entered_kernel(), leaves_kernel()
};

std::span<const MechanismInfo> flush_mechanisms();
// Throws UserError with the list of the known names.
const MechanismInfo& find_flush_mechanism(std::string_view name);

}  // namespace splinter::alloc
