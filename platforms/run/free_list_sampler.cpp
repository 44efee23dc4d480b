#include "platforms/run/free_list_sampler.h"

namespace splinter::platforms {

namespace {

void thin_out(std::vector<alloc::FreeBlocks>& samples) {
    for (std::size_t i = 1; 2 * i < samples.size(); ++i) samples[i] = samples[2 * i];
    samples.resize((samples.size() + 1) / 2);
}

void add(alloc::FreeBlocks& sum, const alloc::FreeBlocks& part) {
    for (std::size_t row = 0; row < sum.size(); ++row)
        for (std::size_t order = 0; order < sum[row].size(); ++order) sum[row][order] += part[row][order];
}

bool any(const alloc::BlockCounts& row) { return alloc::pages_of(row) != PageCount{0}; }

}  // namespace

void FreeListSampler::locked(const alloc::Zone& zone, Cycles now) {
    History& history = zones_[zone.layout().index.raw()];
    const auto next = [&] { return history.interval * history.samples.size(); };
    if (now < next()) return;
    const alloc::FreeBlocks blocks = alloc::count_free_blocks(zone);
    while (now >= next()) {
        if (history.samples.size() < kMostSamples) {
            history.samples.push_back(blocks);
            continue;
        }
        thin_out(history.samples);
        history.interval = history.interval * 2;
    }
}

FreeListHistory FreeListSampler::finish(const std::vector<alloc::Zone>& zones, Cycles end) {
    std::map<std::uint64_t, alloc::FreeBlocks> sums;  // by time: all zones have been seen up to the same end
    for (const alloc::Zone& zone : zones) {
        locked(zone, end);
        const History& history = zones_.at(zone.layout().index.raw());
        for (std::size_t k = 0; k < history.samples.size(); ++k) add(sums[(history.interval * k).raw()], history.samples[k]);
    }
    alloc::FreeBlocks last{};
    for (const alloc::Zone& zone : zones) add(last, alloc::count_free_blocks(zone));
    sums[end.raw()] = last;

    FreeListHistory out;
    std::vector<std::size_t> rows;  // that ever have a block
    for (std::size_t row = 0; row < alloc::kCensusRows; ++row) {
        bool used = false;
        for (const auto& [cycles, blocks] : sums) used = used || any(blocks[row]);
        if (!used) continue;
        rows.push_back(row);
        out.types.emplace_back(alloc::census_row_name(row));
    }
    const alloc::FreeBlocks* previous = nullptr;
    for (const auto& [cycles, blocks] : sums) {
        if (previous != nullptr && *previous == blocks && cycles != end.raw()) continue;
        previous = &blocks;
        FreeListSample& sample = out.samples.emplace_back();
        sample.cycles = cycles;
        for (const std::size_t row : rows) sample.blocks.emplace_back(blocks[row].begin(), blocks[row].end());
    }
    return out;
}

}  // namespace splinter::platforms
