#include "platforms/workload/gfp_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace splinter::platforms {

namespace {

using alloc::Blocking;
using alloc::Migratetype;
using alloc::Reserves;
using alloc::ZoneKind;

enum Part : unsigned {
    kNothing = 0,
    kDirectReclaim = 1,
    kMovable = 2,
    kReclaimable = 4,
    kDma = 8,
    kDma32 = 16,
    kHigh = 32,
    kNoMemalloc = 64
};

struct NameRow {
    std::string_view name;
    unsigned parts;  // of what the model reads
};

// include/linux/gfp_types.h: what each composite consists of.
constexpr auto kNames = std::to_array<NameRow>({
    {"GFP_TRANSHUGE", kDirectReclaim | kMovable},
    {"GFP_TRANSHUGE_LIGHT", kMovable},
    {"GFP_HIGHUSER_MOVABLE", kDirectReclaim | kMovable},
    {"GFP_HIGHUSER", kDirectReclaim},
    {"GFP_USER", kDirectReclaim},
    {"GFP_KERNEL_ACCOUNT", kDirectReclaim},
    {"GFP_KERNEL", kDirectReclaim},
    {"GFP_NOFS", kDirectReclaim},
    {"GFP_NOIO", kDirectReclaim},
    {"GFP_ATOMIC", kHigh},
    {"GFP_NOWAIT", kNothing},
    {"GFP_DMA", kDma},
    {"GFP_DMA32", kDma32},
    {"__GFP_DMA", kDma},
    {"__GFP_DMA32", kDma32},
    {"__GFP_MOVABLE", kMovable},
    {"__GFP_RECLAIMABLE", kReclaimable},
    {"__GFP_RECLAIM", kDirectReclaim},
    {"__GFP_DIRECT_RECLAIM", kDirectReclaim},
    {"__GFP_KSWAPD_RECLAIM", kNothing},
    {"__GFP_HIGH", kHigh},
    {"__GFP_ATOMIC", kNothing},
    {"__GFP_IO", kNothing},
    {"__GFP_FS", kNothing},
    {"__GFP_NOWARN", kNothing},
    {"__GFP_RETRY_MAYFAIL", kNothing},
    {"__GFP_NOFAIL", kNothing},
    {"__GFP_NORETRY", kNothing},
    {"__GFP_COMP", kNothing},
    {"__GFP_ZERO", kNothing},
    {"__GFP_NOMEMALLOC", kNoMemalloc},
    {"__GFP_MEMALLOC", kNothing},
    {"__GFP_HARDWALL", kNothing},
    {"__GFP_THISNODE", kNothing},
    {"__GFP_ACCOUNT", kNothing},
    {"__GFP_WRITE", kNothing},
    {"__GFP_ZEROTAGS", kNothing},
    {"__GFP_SKIP_ZERO", kNothing},
    {"__GFP_SKIP_KASAN", kNothing},
    {"__GFP_SKIP_KASAN_POISON", kNothing},
    {"__GFP_SKIP_KASAN_UNPOISON", kNothing},
    {"__GFP_HIGHMEM", kNothing},
    {"__GFP_NOLOCKDEP", kNothing},
    {"__GFP_NO_OBJ_EXT", kNothing},
    {"none", kNothing},
});

const NameRow* find(std::string_view name) {
    const auto* const row = std::find_if(kNames.begin(), kNames.end(), [name](const NameRow& r) { return r.name == name; });
    return row == kNames.end() ? nullptr : row;
}

// Bits without a name are printed as one hexadecimal rest.
bool is_rest(std::string_view name) {
    if (!name.starts_with("0x")) return false;
    std::uint64_t value = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + 2, end, value, 16);
    return parsed.ec == std::errc{} && parsed.ptr == end;
}

}  // namespace

std::vector<std::string_view> split_gfp(std::string_view text) {
    std::vector<std::string_view> names;
    while (true) {
        const std::size_t bar = text.find('|');
        names.push_back(text.substr(0, bar));
        if (bar == std::string_view::npos) return names;
        text.remove_prefix(bar + 1);
    }
}

bool is_gfp_name(std::string_view name) { return find(name) != nullptr; }

GfpMeaning read_gfp(std::string_view text) {
    unsigned parts = 0;
    GfpMeaning meaning;
    for (const std::string_view name : split_gfp(text)) {
        const NameRow* row = find(name);
        if (row != nullptr) parts |= row->parts;
        if (row == nullptr && !is_rest(name)) meaning.unknown.emplace_back(name);
    }
    if ((parts & kDirectReclaim) != 0) meaning.blocking = Blocking::may_block;
    if ((parts & kHigh) != 0) meaning.reserves = Reserves::may_use;
    meaning.no_memalloc = (parts & kNoMemalloc) != 0;
    if ((parts & kReclaimable) != 0) meaning.migratetype = Migratetype::reclaimable;
    if ((parts & kMovable) != 0) meaning.migratetype = Migratetype::movable;
    if ((parts & kDma32) != 0) meaning.highest_zone = ZoneKind::dma32;
    if ((parts & kDma) != 0) meaning.highest_zone = ZoneKind::dma;
    return meaning;
}

GfpReserves gfp_reserves(std::string_view text) {
    const GfpMeaning meaning = read_gfp(text);
    return {meaning.no_memalloc ? Blocking::may_block : meaning.blocking, meaning.reserves, meaning.highest_zone};
}

}  // namespace splinter::platforms
