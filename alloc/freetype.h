// A freetype: migratetype plus flags (freetype_t of the ALLOC_UNMAPPED series, B. Jackman, RFC v1 of 2026-02-25 to v3 of
// 2026-07-26; read in bjackman/linux include/linux/freetype.h @ e7f85b412655). The buddy allocator keeps one free list per
// freetype and order; the index is dense, and a combination without users has no list.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace splinter::alloc {

// enum migratetype of a kernel without CMA.
enum class Migratetype : std::uint8_t { unmovable, movable, reclaimable, highatomic, isolate };
inline constexpr std::size_t kMigratetypes = 5;
inline constexpr std::size_t kPcpMigratetypes = 3;  // MIGRATE_PCPTYPES
inline constexpr std::array<std::string_view, kMigratetypes> kMigratetypeNames{"Unmovable", "Movable", "Reclaimable",
                                                                               "HighAtomic", "Isolate"};

// FREETYPE_UNMAPPED: is the pageblock in the direct map?
enum class Mapping : std::uint8_t { mapped, unmapped };

struct FreeType {
    Migratetype migratetype = Migratetype::unmovable;
    Mapping mapping = Mapping::mapped;

    // freetype_idx(): only unmovable pages may be unmapped, "because there is no user of movable unmapped memory yet".
    [[nodiscard]] constexpr std::optional<std::size_t> list_index() const {
        if (mapping == Mapping::mapped) return static_cast<std::size_t>(migratetype);
        if (migratetype == Migratetype::unmovable) return kMigratetypes;
        return std::nullopt;
    }
    [[nodiscard]] constexpr FreeType with(Migratetype other) const { return {other, mapping}; }
    [[nodiscard]] constexpr FreeType opposite() const {
        return {migratetype, mapping == Mapping::mapped ? Mapping::unmapped : Mapping::mapped};
    }
    friend constexpr bool operator==(FreeType, FreeType) = default;
};
inline constexpr std::size_t kFreeListIndices = kMigratetypes + 1;  // NR_FREETYPE_IDXS

inline constexpr FreeType kUnmovable{Migratetype::unmovable, Mapping::mapped};
inline constexpr FreeType kUnmovableUnmapped{Migratetype::unmovable, Mapping::unmapped};
inline constexpr FreeType kMovable{Migratetype::movable, Mapping::mapped};

}  // namespace splinter::alloc
