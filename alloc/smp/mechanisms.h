// The mechanisms and the table that lists them. A new one is a file with its class, a maker here, and a row in mechanisms.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

// What mechanisms work with.
struct MechanismContext {
    CallFunction& calls;
};

using MechanismPtr = std::unique_ptr<FlushMechanism>;

MechanismPtr make_ipi(const MechanismContext& context);

struct MechanismInfo {
    std::string_view name;
    MechanismPtr (*make)(const MechanismContext&);
    std::string_view summary;
};

std::span<const MechanismInfo> flush_mechanisms();
// Throws UserError with the list of the known names.
const MechanismInfo& find_flush_mechanism(std::string_view name);

}  // namespace splinter::alloc
