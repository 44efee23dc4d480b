// The registers that decide how an address is translated and what may be done with it, as one value (SDM Vol. 3A 2.5, 4.1.1,
// 4.6). Walk, permission check and TLBs read it; CR3 is not part of it.
#pragma once

#include <cstdint>

#include "hw/base/types.h"

namespace splinter::x86 {

// Protection-key rights register, PKRU or PKRS: two bits per key (SDM Vol. 3A 4.6.2).
class KeyRights {
  public:
    constexpr KeyRights() = default;
    explicit constexpr KeyRights(std::uint32_t raw) : raw_{raw} {}
    [[nodiscard]] constexpr bool access_disabled(unsigned key) const { return ((raw_ >> (2 * key)) & 1) != 0; }
    [[nodiscard]] constexpr bool write_disabled(unsigned key) const { return ((raw_ >> (2 * key + 1)) & 1) != 0; }
    [[nodiscard]] constexpr std::uint32_t raw() const { return raw_; }
    friend constexpr bool operator==(KeyRights, KeyRights) = default;

  private:
    std::uint32_t raw_ = 0;
};

// Bit positions (SDM Vol. 3A 2.5 for CR0 and CR4, 2.2.1 for IA32_EFER, 2.3 for RFLAGS).
namespace bits {
inline constexpr std::uint64_t kCr0Pe = 1U << 0;
inline constexpr std::uint64_t kCr0Wp = 1U << 16;
inline constexpr std::uint64_t kCr0Pg = 1U << 31;
inline constexpr std::uint64_t kCr4Pse = 1U << 4;
inline constexpr std::uint64_t kCr4Pae = 1U << 5;
inline constexpr std::uint64_t kCr4Pge = 1U << 7;
inline constexpr std::uint64_t kCr4La57 = 1U << 12;
inline constexpr std::uint64_t kCr4Pcide = 1U << 17;
inline constexpr std::uint64_t kCr4Smep = 1U << 20;
inline constexpr std::uint64_t kCr4Smap = 1U << 21;
inline constexpr std::uint64_t kCr4Pke = 1U << 22;
inline constexpr std::uint64_t kCr4Pks = 1U << 24;
inline constexpr std::uint64_t kEferLme = 1U << 8;
inline constexpr std::uint64_t kEferLma = 1U << 10;
inline constexpr std::uint64_t kEferNxe = 1U << 11;
inline constexpr std::uint64_t kRflagsAc = 1U << 18;
}  // namespace bits

inline constexpr unsigned kMinPhysicalBits = 32;  // no processor with 4-level paging has fewer
inline constexpr unsigned kMaxPhysicalBits = 52;  // MAXPHYADDR is at most 52 (SDM Vol. 3A 4.1.4)

// Register values as software reads them, paging bits only by default. Defaults: Linux on the default platform.
struct RawRegisters {
    std::uint64_t cr0 = bits::kCr0Pe | bits::kCr0Wp | bits::kCr0Pg;
    std::uint64_t cr4 =
        bits::kCr4Pse | bits::kCr4Pae | bits::kCr4Pge | bits::kCr4Pcide | bits::kCr4Smep | bits::kCr4Smap | bits::kCr4Pke;
    std::uint64_t efer = bits::kEferLme | bits::kEferLma | bits::kEferNxe;
    std::uint64_t rflags = 0;
    std::uint32_t pkru = 0x55555554;  // init_pkru_value, arch/x86/mm/pkeys.c: no access but with key 0
    std::uint32_t pkrs = 0;
    unsigned maxphyaddr = 46;  // CPUID leaf 80000008H, Skylake-SP

    // 4-level or 5-level paging is on (SDM Vol. 3A 4.1.1, table 4-1); the model knows no other mode.
    [[nodiscard]] constexpr bool long_mode_paging() const {
        return (cr0 & bits::kCr0Pe) != 0 && (cr0 & bits::kCr0Pg) != 0 && (cr4 & bits::kCr4Pae) != 0 &&
               (efer & bits::kEferLme) != 0 && (efer & bits::kEferLma) != 0;
    }
};

struct PagingState {
    bool wp = true;     // CR0.WP
    bool pse = true;    // CR4.PSE: ignored by 4-level and 5-level paging, which always have large pages (SDM 4.5)
    bool pge = true;    // CR4.PGE
    bool pcide = true;  // CR4.PCIDE
    bool la57 = false;  // CR4.LA57
    bool smep = true;   // CR4.SMEP
    bool smap = true;   // CR4.SMAP
    bool pke = true;    // CR4.PKE
    bool pks = false;   // CR4.PKS
    bool nxe = true;    // IA32_EFER.NXE
    bool ac = false;    // RFLAGS.AC: explicit supervisor accesses may touch user pages in spite of SMAP
    std::uint8_t maxphyaddr = RawRegisters{}.maxphyaddr;
    KeyRights pkru{RawRegisters{}.pkru};
    KeyRights pkrs{RawRegisters{}.pkrs};

    // REQUIRES: raw.long_mode_paging().
    static constexpr PagingState from_registers(const RawRegisters& raw) {
        return {(raw.cr0 & bits::kCr0Wp) != 0,
                (raw.cr4 & bits::kCr4Pse) != 0,
                (raw.cr4 & bits::kCr4Pge) != 0,
                (raw.cr4 & bits::kCr4Pcide) != 0,
                (raw.cr4 & bits::kCr4La57) != 0,
                (raw.cr4 & bits::kCr4Smep) != 0,
                (raw.cr4 & bits::kCr4Smap) != 0,
                (raw.cr4 & bits::kCr4Pke) != 0,
                (raw.cr4 & bits::kCr4Pks) != 0,
                (raw.efer & bits::kEferNxe) != 0,
                (raw.rflags & bits::kRflagsAc) != 0,
                static_cast<std::uint8_t>(raw.maxphyaddr),
                KeyRights{raw.pkru},
                KeyRights{raw.pkrs}};
    }
    [[nodiscard]] constexpr unsigned levels() const { return la57 ? 5 : 4; }
    // Bits of a linear address that are translated (SDM Vol. 3A 4.5).
    [[nodiscard]] constexpr unsigned linear_bits() const { return la57 ? 57 : 48; }
    // Bits 51:MAXPHYADDR, reserved in every paging-structure entry (SDM Vol. 3A 4.5.4).
    [[nodiscard]] constexpr std::uint64_t beyond_physical() const {
        return ((std::uint64_t{1} << kMaxPhysicalBits) - 1) & ~((std::uint64_t{1} << maxphyaddr) - 1);
    }
    friend constexpr bool operator==(const PagingState&, const PagingState&) = default;
};

}  // namespace splinter::x86
