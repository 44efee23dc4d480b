#include "hw/mmu/walk_hints.h"

namespace splinter::hw {

void WalkHints::find_directory(Directory& directory, std::uint64_t key, VirtAddr va, Pfn root, x86::Level level) const {
    Pfn table = root;
    for (; level > x86::kPde; level = level.below()) {
        const PhysAddr address = base_of(table) + level.index(va) * 8;
        if (!memory_->contains(address)) return;
        const x86::Pte entry = memory_->load(address);
        if (!entry.present() || entry.is_leaf(level)) return;
        table = entry.next_table();
    }
    if (!memory_->contains(base_of(table) + (kPageBytes - 8))) return;
    directory = {key, memory_->words_at(base_of(table))};
}

}  // namespace splinter::hw
