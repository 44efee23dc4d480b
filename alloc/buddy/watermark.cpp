#include "alloc/buddy/watermark.h"

namespace splinter::alloc {
namespace {

// __zone_watermark_unusable_free(): what the request could not have all the same.
std::uint64_t unusable(const Zone& zone, const ZoneView& view, Order order, const AllocFlags& flags) {
    const std::uint64_t rest = order.pages().raw() - 1;
    return flags.uses_reserves() ? rest : rest + unusable_highatomic(zone, view).raw();
}

// Whatever the flags of its freetype: the series counts unmapped blocks too [C].
bool has_block(const Zone& zone, const ZoneView& view, Order least, const AllocFlags& flags) {
    const FreetypeIndex& freetypes = zone.freetypes();
    for (std::size_t list = 0; list < freetypes.size(); ++list) {
        const Migratetype type = freetypes.type_of(list).migratetype;
        const bool counts =
            static_cast<std::size_t>(type) < kPcpMigratetypes || (type == Migratetype::highatomic && flags.highatomic);
        if (counts && view.orders[list] >> least.index() != 0) return true;
    }
    return false;
}

}  // namespace

AllocFlags slow_path_flags(const AllocRequest& request) {
    AllocFlags flags = fast_path_flags(request);
    flags.mark = Mark::min;
    flags.min_reserve = request.reserves == Reserves::may_use;
    flags.non_block = request.blocking == Blocking::may_not_block;
    flags.highatomic = flags.min_reserve && flags.non_block && request.order > Order{0U};
    return flags;
}

bool watermark_ok(const Zone& zone, const ZoneView& view, Order order, PageCount mark, const AllocFlags& flags) {
    std::uint64_t min = mark.raw();
    if (flags.min_reserve) {
        min -= min / 2;
        if (flags.non_block) min -= min / 4;
    }
    if (view.free.raw() <= min + zone.lowmem_reserve(flags.highest_zone).raw() + unusable(zone, view, order, flags))
        return false;
    return order == Order{0U} || has_block(zone, view, order, flags);
}

bool watermark_ok(const Zone& zone, Order order, PageCount mark, const AllocFlags& flags) {
    return watermark_ok(zone, zone.view(), order, mark, flags);
}

}  // namespace splinter::alloc
