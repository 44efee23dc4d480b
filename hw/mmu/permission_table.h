// x86::check_access as two table look-ups: which rights, and which keys, let a kind of access pass under the current registers.
// Rebuilt when a register changes; the answer is check_access's own. Pure.
#pragma once

#include <array>
#include <cstdint>

#include "hw/mmu/cached_entry.h"
#include "hw/x86/check_access.h"

namespace splinter::hw {

class PermissionTable {
  public:
    explicit PermissionTable(const x86::PagingState& state) { rebuild(state); }
    void rebuild(const x86::PagingState& state);

    // check_access() would return nothing.
    [[nodiscard]] bool permits(x86::Access access, CachedEntry entry) const {
        const Row& row = rows_[row_of(access)];
        return (row.rights >> entry.rights_index() & row.keys[entry.user() ? 1 : 0] >> entry.key() & 1) != 0;
    }

    // Every kind of access has a number below kRows.
    static constexpr std::size_t kRows = 3 * 2 * 2;
    static std::size_t row_of(x86::Access access) {
        return static_cast<std::size_t>(access.kind) * 4 + static_cast<std::size_t>(access.mode) * 2 +
               static_cast<std::size_t>(access.origin);
    }

    static x86::Access access_of(std::size_t row) {
        return {static_cast<x86::AccessKind>(row >> 2), static_cast<x86::Mode>(row >> 1 & 1),
                static_cast<x86::Origin>(row & 1)};
    }

  private:
    struct Row {
        std::uint32_t rights = 0;             // a bit per CachedEntry::rights_index()
        std::array<std::uint32_t, 2> keys{};  // supervisor pages, user pages: a bit per key
    };
    std::array<Row, kRows> rows_;
};

}  // namespace splinter::hw
