#include "hw/x86/walk.h"

#include "hw/base/check.h"

namespace splinter::x86 {

void Walk::step(Pte entry) {
    SPLINTER_CHECK(!done_, "a finished walk takes no more entries");
    if (!entry.present()) {  // SDM 4.7: P flag is 0 for a paging-structure entry
        done_ = true;
        return;
    }
    if (at_.level == kPml4e && entry.has(Pte::kPageSizeBit)) {  // SDM table 4-15: PS of a PML4E is reserved
        done_ = reserved_ = true;
        return;
    }
    if (!entry.is_leaf(at_.level)) {
        at_.rights.restrict_by(entry);
        at_ = WalkPoint{at_.level.below(), entry.next_table(), at_.rights};
        return;
    }
    done_ = true;
    Rights rights = at_.rights;
    rights.take_leaf(entry);
    result_ = Translation{entry.frame(at_.level), leaf_size(at_.level), rights};
}

}  // namespace splinter::x86
