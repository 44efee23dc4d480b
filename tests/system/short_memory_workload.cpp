#include "tests/system/short_memory_workload.h"

#include "hw/base/check.h"

namespace splinter::platforms::testing {

void ShortMemoryWorkload::run(Session& session, CpuId core) {
    Part part{core, Rng{session.node().config().platform.seed, "core" + std::to_string(core.raw()) + ".short_memory"}, {}};
    session.warm_up(core, Cycles{0}, Cycles{0});
    for (std::uint64_t i = 0; i < params_.steps; ++i) {
        session.node().machine().core(core).timeline().advance(Cycles{part.rng.below(params_.think.raw() + 1)});
        step(session, part);
    }
    for (auto& held : part.held) kept_.push_back(std::move(held));
}

void ShortMemoryWorkload::step(Session& session, Part& part) {
    if (!part.held.empty() && part.rng.below(100) < 30) return give(session, part, part.rng.below(part.held.size()));
    if (auto block = take(session, part)) return part.held.push_back(std::move(block));
    for (std::uint64_t i = 0; i < params_.freed && !part.held.empty(); ++i)
        give(session, part, part.rng.below(part.held.size()));
}

std::unique_ptr<ShortMemoryWorkload::Held> ShortMemoryWorkload::take(Session& session, Part& part) {
    using alloc::Migratetype;
    const std::uint64_t dice = part.rng.below(100);
    alloc::AllocRequest request;
    const std::uint64_t size = part.rng.below(100);
    request.order = size < 70 ? Order{0U} : size < 98 ? Order{1 + static_cast<unsigned>(size % 3)} : alloc::kPageblockOrder;
    if (dice < 8) {
        const auto block = session.acquire(part.core, request);
        return block ? std::make_unique<Held>(Held{*block, request.order, Kind::isolated}) : nullptr;
    }
    const bool movable = dice < 8 + params_.movable && request.order < alloc::kPageblockOrder;
    request.freetype =
        movable ? alloc::kMovable : alloc::kUnmovable.with(dice % 2 == 0 ? Migratetype::unmovable : Migratetype::reclaimable);
    const auto block = session.acquire_mapped(part.core, request);
    if (!block) return nullptr;
    auto held = std::make_unique<Held>(Held{*block, request.order, movable ? Kind::movable : Kind::ordinary});
    if (movable) {
        session.node().cpu(part.core).order();
        session.node().kernel().pages().movable().add(*block, request.order, *this);
        registered_.emplace(block->raw(), held.get());
    }
    return held;
}

void ShortMemoryWorkload::give(Session& session, Part& part, std::size_t index) {
    std::swap(part.held[index], part.held.back());
    const std::unique_ptr<Held> held = std::move(part.held.back());
    part.held.pop_back();
    if (held->kind == Kind::isolated) return session.release(part.core, held->block, held->order);
    if (held->kind == Kind::movable) {
        session.node().cpu(part.core).order();
        session.node().kernel().pages().movable().remove(held->block);
        registered_.erase(held->block.raw());
    }
    session.release_mapped(part.core, held->block, held->order);
}

void ShortMemoryWorkload::moved(Pfn from, Pfn to, Order /*order*/) {
    auto entry = registered_.extract(from.raw());
    SPLINTER_CHECK(!entry.empty(), "compaction moves blocks that are registered");
    entry.mapped()->block = to;
    entry.key() = to.raw();
    registered_.insert(std::move(entry));
}

}  // namespace splinter::platforms::testing
