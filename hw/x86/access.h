// One memory access as the MMU sees it, the rights of a translation, and the registers that the permission check reads.
#pragma once

#include <cstdint>

#include "hw/x86/pte.h"

namespace splinter::x86 {

enum class AccessKind : std::uint8_t { read, write, fetch };
enum class Mode : std::uint8_t { user, supervisor };  // CPL 3, or CPL below 3

struct Access {
    AccessKind kind = AccessKind::read;
    Mode mode = Mode::supervisor;
};

// Protection-key rights register, PKRU or PKRS: two bits per key (SDM Vol. 3A 4.6.2).
class KeyRights {
  public:
    constexpr KeyRights() = default;
    explicit constexpr KeyRights(std::uint32_t raw) : raw_{raw} {}
    [[nodiscard]] constexpr bool access_disabled(unsigned key) const { return ((raw_ >> (2 * key)) & 1) != 0; }
    [[nodiscard]] constexpr bool write_disabled(unsigned key) const { return ((raw_ >> (2 * key + 1)) & 1) != 0; }
    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }

  private:
    std::uint32_t raw_ = 0;
};

// Control-register state that decides about rights. Defaults: what Linux runs with.
struct PagingMode {
    bool write_protect = true;     // CR0.WP
    bool smep = true;              // CR4.SMEP
    bool smap = true;              // CR4.SMAP
    bool alignment_check = false;  // RFLAGS.AC: user pages may be touched by explicit supervisor accesses
    bool pku = true;               // CR4.PKE
    bool pks = false;              // CR4.PKS
    KeyRights pkru;
    KeyRights pkrs;
};

// Rights over all levels of a walk: R/W and U/S are ANDed, XD is ORed; G and the key come from the leaf (SDM 4.6, 4.6.2).
struct Rights {
    bool writable = true;
    bool user = true;
    bool no_execute = false;
    bool global = false;
    bool dirty = false;
    std::uint8_t key = 0;

    constexpr void restrict_by(Pte entry) {
        writable = writable && entry.has(Pte::kWritable);
        user = user && entry.has(Pte::kUser);
        no_execute = no_execute || entry.has(Pte::kNoExecute);
    }
    constexpr void take_leaf(Pte leaf) {
        restrict_by(leaf);
        global = leaf.has(Pte::kGlobal);
        dirty = leaf.has(Pte::kDirty);
        key = static_cast<std::uint8_t>(leaf.key());
    }
    friend constexpr bool operator==(const Rights&, const Rights&) = default;
};

}  // namespace splinter::x86
