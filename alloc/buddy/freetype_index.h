// Which freetypes have free lists, and the dense index of each list: freetype_idx() and freetype_from_idx() of the
// ALLOC_UNMAPPED series (bjackman/linux include/linux/freetype.h @ e7f85b412655 [C]), with the set taken from
// `kernel.freetypes` instead of being compiled in: the series has one flagged list, UNMOVABLE|UNMAPPED [C], "because there is
// no user of movable unmapped memory yet" [M]; sets of flags and other migratetypes are this model's [I].
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "alloc/freetype.h"

namespace splinter::alloc {

class FreetypeIndex {
  public:
    // Lists of plain migratetypes only.
    constexpr FreetypeIndex() {
        indices_.fill(kNoList);
        for (std::size_t i = 0; i < kMigratetypes; ++i) add(static_cast<Migratetype>(i));
    }
    // A list for this freetype too, behind the others.
    constexpr FreetypeIndex with(FreeType type) const {
        FreetypeIndex more = *this;
        if (!has_list(type)) more.add(type);
        return more;
    }
    // "FLAG[+FLAG]:MIGRATETYPE[+MIGRATETYPE]", separated by commas or spaces, or "none". Throws UserError that names
    // `kernel.freetypes`.
    static FreetypeIndex parse(std::string_view text);

    [[nodiscard]] constexpr std::size_t size() const { return size_; }  // NR_FREETYPE_IDXS
    // Lists of freetypes with flags: indices kMigratetypes and up.
    [[nodiscard]] constexpr std::size_t flagged() const { return size_ - kMigratetypes; }
    [[nodiscard]] constexpr bool has_list(FreeType type) const { return indices_[slot(type)] != kNoList; }
    // Nothing where freetype_idx() is -1.
    [[nodiscard]] constexpr std::optional<std::size_t> of(FreeType type) const {
        const std::uint8_t index = indices_[slot(type)];
        return index == kNoList ? std::nullopt : std::optional<std::size_t>{index};
    }
    // REQUIRES: index < size().
    [[nodiscard]] constexpr FreeType type_of(std::size_t index) const { return types_[index]; }
    // Some migratetype has a list with exactly these flags.
    [[nodiscard]] bool any_list(FreetypeFlags flags) const;
    // As parse() takes it.
    [[nodiscard]] std::string text() const;
    static constexpr std::size_t kMost = kFlagSets * kMigratetypes;

  private:
    static constexpr std::uint8_t kNoList = 0xff;
    static constexpr std::size_t slot(FreeType type) {
        return type.flags.bits() * kMigratetypes + static_cast<std::size_t>(type.migratetype);
    }
    constexpr void add(FreeType type) {
        indices_[slot(type)] = size_;
        types_[size_++] = type;
    }

    std::array<std::uint8_t, kMost> indices_{};
    std::array<FreeType, kMost> types_{};
    std::uint8_t size_ = 0;
};

// What the series has.
inline constexpr FreetypeIndex kSeriesFreetypes = FreetypeIndex{}.with(kUnmovableUnmapped);

}  // namespace splinter::alloc
