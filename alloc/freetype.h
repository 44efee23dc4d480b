// A freetype: a migratetype and a set of flags (freetype_t of the ALLOC_UNMAPPED series, B. Jackman, RFC v1 of 2026-02-25 to v3
// of 2026-07-26; read in bjackman/linux include/linux/freetype.h @ e7f85b412655 [C]). The buddy allocator keeps one free list
// per order and freetype that may exist; which may is buddy/freetype_index.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace splinter::alloc {

// enum migratetype of a kernel without CMA.
enum class Migratetype : std::uint8_t { unmovable, movable, reclaimable, highatomic, isolate };
inline constexpr std::size_t kMigratetypes = 5;
inline constexpr std::size_t kPcpMigratetypes = 3;  // MIGRATE_PCPTYPES
inline constexpr std::array<std::string_view, kMigratetypes> kMigratetypeNames{"Unmovable", "Movable", "Reclaimable",
                                                                               "HighAtomic", "Isolate"};

// migratetype_is_mergeable()
[[nodiscard]] constexpr bool mergeable(Migratetype type) { return static_cast<std::size_t>(type) < kPcpMigratetypes; }

enum class FreetypeFlag : std::uint8_t {
    unmapped,     // FREETYPE_UNMAPPED: out of the direct map
    pgtable_key,  // page tables under a protection key; the allocator's side alone, no page table carries a key [I]
};
inline constexpr std::array kAllFreetypeFlags{FreetypeFlag::unmapped, FreetypeFlag::pgtable_key};
inline constexpr std::array<std::string_view, kAllFreetypeFlags.size()> kFreetypeFlagNames{"unmapped", "pgtable-key"};
inline constexpr std::size_t kFlagSets = std::size_t{1} << kAllFreetypeFlags.size();

// FREETYPE_UNMAPPED by itself: are pages in the direct map?
enum class Mapping : std::uint8_t { mapped, unmapped };

class FreetypeFlags {
  public:
    constexpr FreetypeFlags() = default;
    constexpr FreetypeFlags(FreetypeFlag flag) : bits_{static_cast<std::uint8_t>(1U << static_cast<unsigned>(flag))} {}
    constexpr FreetypeFlags(Mapping mapping) : bits_{static_cast<std::uint8_t>(mapping == Mapping::unmapped ? 1 : 0)} {}
    static constexpr FreetypeFlags decode(std::uint8_t bits) {
        FreetypeFlags flags;
        flags.bits_ = bits;
        return flags;
    }
    [[nodiscard]] constexpr std::uint8_t bits() const { return bits_; }
    [[nodiscard]] constexpr bool none() const { return bits_ == 0; }
    [[nodiscard]] constexpr bool has(FreetypeFlag flag) const { return (bits_ & FreetypeFlags{flag}.bits_) != 0; }
    [[nodiscard]] constexpr FreetypeFlags with(FreetypeFlag flag) const {
        return decode(static_cast<std::uint8_t>(bits_ | FreetypeFlags{flag}.bits_));
    }
    [[nodiscard]] constexpr FreetypeFlags toggled(FreetypeFlag flag) const {
        return decode(static_cast<std::uint8_t>(bits_ ^ FreetypeFlags{flag}.bits_));
    }
    [[nodiscard]] constexpr Mapping mapping() const {
        return has(FreetypeFlag::unmapped) ? Mapping::unmapped : Mapping::mapped;
    }
    friend constexpr bool operator==(FreetypeFlags, FreetypeFlags) = default;

  private:
    std::uint8_t bits_ = 0;
};
static_assert(FreetypeFlags{Mapping::unmapped} == FreetypeFlags{FreetypeFlag::unmapped});

struct FreeType {
    Migratetype migratetype = Migratetype::unmovable;
    FreetypeFlags flags;

    constexpr FreeType() = default;
    constexpr FreeType(Migratetype type, FreetypeFlags set = {}) : migratetype{type}, flags{set} {}

    [[nodiscard]] constexpr Mapping mapping() const { return flags.mapping(); }
    // freetype_with_migrate()
    [[nodiscard]] constexpr FreeType with(Migratetype other) const { return {other, flags}; }
    [[nodiscard]] constexpr FreeType with(FreetypeFlags other) const { return {migratetype, other}; }
    // freetypes_equal(), which compares both [C late]; that of v2 compared migratetypes only.
    friend constexpr bool operator==(FreeType, FreeType) = default;
};

inline constexpr FreeType kUnmovable{Migratetype::unmovable};
inline constexpr FreeType kUnmovableUnmapped{Migratetype::unmovable, Mapping::unmapped};
inline constexpr FreeType kMovable{Migratetype::movable};

}  // namespace splinter::alloc
