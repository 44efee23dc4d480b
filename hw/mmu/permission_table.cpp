#include "hw/mmu/permission_table.h"

namespace splinter::hw {

void PermissionTable::rebuild(const x86::PagingState& state) {
    using x86::AccessKind, x86::Mode, x86::Origin;
    for (AccessKind kind : {AccessKind::read, AccessKind::write, AccessKind::fetch})
        for (Mode mode : {Mode::user, Mode::supervisor})
            for (Origin origin : {Origin::instruction, Origin::system_structure}) {
                const x86::Access access{kind, mode, origin};
                Row row;
                for (const bool writable : {false, true})
                    for (const bool user : {false, true})
                        for (const bool no_execute : {false, true}) {
                            const x86::Rights rights{writable, user, no_execute, false, false, 0};
                            const CachedEntry entry{x86::Translation{Pfn{}, x86::PageSize::k4, rights}};
                            if (!denied_by_rights(access, rights, state)) row.rights |= 1U << entry.rights_index();
                        }
                for (unsigned key = 0; key < 16; ++key)
                    for (const bool user : {false, true}) {
                        const x86::Rights rights{true, user, false, false, false, static_cast<std::uint8_t>(key)};
                        if (!denied_by_key(access, rights, state)) row.keys[user ? 1 : 0] |= 1U << key;
                    }
                rows_[row_of(access)] = row;
            }
}

}  // namespace splinter::hw
