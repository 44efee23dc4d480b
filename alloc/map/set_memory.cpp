#include "alloc/map/set_memory.h"

#include <algorithm>

namespace splinter::alloc {
namespace {

using x86::Pte;
using Memtype = SetMemoryFunction::Memtype;

constexpr LeafChange set(std::uint64_t flags) { return {flags, 0}; }
constexpr LeafChange clear(std::uint64_t flags) { return {0, flags}; }

// Page-attribute table of Linux (__init_cache_modes()): PCD is uncached-minus, PWT write-combining, neither write-back.
constexpr std::uint64_t kCacheBits = Pte::kWriteThrough | Pte::kCacheDisable;
constexpr std::uint64_t kUncachedMinus = Pte::kCacheDisable;
constexpr std::uint64_t kWriteCombining = Pte::kWriteThrough;

constexpr SetMemoryFunction kFunctions[] = {
    {"set_memory_ro", "6.1", {clear(Pte::kWritable)}},
    {"set_memory_ro",
     "6.12",
     {clear(Pte::kWritable | Pte::kDirty)}},  // 6.6: a dirty leaf that is not writable is a shadow stack
    {"set_memory_rox", "6.12", {clear(Pte::kWritable | Pte::kDirty | Pte::kNoExecute)}},
    {"set_memory_rw", "", {set(Pte::kWritable)}},
    {"set_memory_x", "", {clear(Pte::kNoExecute)}},
    {"set_memory_nx", "", {set(Pte::kNoExecute)}},
    {"set_memory_np", "", {clear(Pte::kPresent)}},
    {"set_memory_np_noalias", "", {clear(Pte::kPresent)}},
    {"set_memory_p", "6.12", {set(Pte::kPresent)}},
    {"set_memory_4k", "", {LeafChange{0, 0, LeafChange::Split::always}}},
    {"set_memory_global", "", {set(Pte::kGlobal)}},
    {"set_memory_nonglobal", "", {clear(Pte::kGlobal)}},
    {"set_memory_uc", "", {set(kUncachedMinus)}, 1, Memtype::reserved},
    {"set_memory_wc",
     "",
     {set(kUncachedMinus), LeafChange{kWriteCombining, kCacheBits & ~kWriteCombining}},
     2,
     Memtype::reserved},
    {"set_memory_wb", "", {clear(kCacheBits)}, 1, Memtype::freed},
    {"set_memory_encrypted", "", {}, 0},
    {"set_memory_decrypted", "", {}, 0},
};

}  // namespace

std::span<const SetMemoryFunction> set_memory_functions() { return kFunctions; }

const SetMemoryFunction* find_set_memory_function(std::string_view name, std::string_view kernel_version) {
    const auto* const found = std::ranges::find_if(kFunctions, [&](const SetMemoryFunction& function) {
        return function.name == name && (function.version.empty() || function.version == kernel_version);
    });
    return found == std::end(kFunctions) ? nullptr : found;
}

SetMemory::Outcome SetMemory::call(Cpu& cpu, const SetMemoryFunction& function, PfnRange range) {
    if (function.memtype == Memtype::reserved && !reserve(range)) return Outcome::busy;
    for (std::size_t i = 0; i < function.change_count; ++i) {
        const Outcome outcome = change(cpu, function.changes[i], range);
        if (outcome == Outcome::done) continue;
        if (function.memtype == Memtype::reserved) release(range);
        return outcome;
    }
    if (function.memtype == Memtype::freed) release(range);
    return Outcome::done;
}

SetMemory::Outcome SetMemory::change(Cpu& cpu, const LeafChange& change, PfnRange range) {
    aliases_.unmap_all(cpu);
    ChangedLeaves changed;
    const DirectMap::Outcome outcome = map_.change(cpu, range, change, &changed);
    const bool failed = outcome == DirectMap::Outcome::no_memory;
    if (changed.any() && failed) flush_.after_failed_change(cpu);
    if (changed.any() && !failed) flush_.changed_pages(cpu, layout::direct_map(range.first), range.count);
    return failed ? Outcome::no_memory : Outcome::done;
}

bool SetMemory::reserve(PfnRange range) {
    const auto taken = reserved_.lower_bound(range.first);
    if (taken != reserved_.end() && *taken < range.end()) return false;
    for (Pfn at = range.first; at < range.end(); at += PageCount{1}) reserved_.insert(reserved_.end(), at);
    return true;
}

void SetMemory::release(PfnRange range) {
    reserved_.erase(reserved_.lower_bound(range.first), reserved_.lower_bound(range.end()));
}

}  // namespace splinter::alloc
