#include "platforms/build/direct_map_start.h"

#include <fmt/format.h>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

x86::PageSize page_size(const std::string& name) {
    if (name == "4KiB") return x86::PageSize::k4;
    return name == "2MiB" ? x86::PageSize::m2 : x86::PageSize::g1;
}

}  // namespace

DirectMapStart::DirectMapStart(const alloc::DirectMapParams& params) : largest_{page_size(params.largest_leaf)} {
    if (!params.layout.empty()) layout_ = load_direct_map_layout(params.layout);
}

PageCount DirectMapStart::tables_for(std::uint64_t bytes) const {
    std::uint64_t small = largest_ == x86::PageSize::k4 ? bytes / x86::kPde.bytes() + 2 : 0;  // tables of 4 KiB leaves
    std::uint64_t large = largest_ == x86::PageSize::g1 ? 4 : bytes / x86::kPdpte.bytes() + 2;
    if (layout_) {
        for (const alloc::DirectMapRun& run : layout_->runs) {
            const std::uint64_t run_bytes = run.frames.count.raw() * kPageBytes;
            if (run.leaf == x86::PageSize::k4) small += run_bytes / x86::kPde.bytes() + 2;
            if (run.leaf != x86::PageSize::g1) large += run_bytes / x86::kPdpte.bytes() + 2;
        }
    }
    // The tables' own memory is in the direct map as well.
    return PageCount{(small + large) + (small + large) / x86::kPde.pages().raw() + 4};
}

void DirectMapStart::map_memory(alloc::BootTables& tables, PageCount end) const {
    Pfn at{0};
    const Pfn behind = at + end;
    if (layout_) {
        for (std::size_t i = 0; i < layout_->runs.size(); ++i) {
            const alloc::DirectMapRun& run = layout_->runs[i];
            if (run.frames.end() > behind)
                throw UserError(fmt::format("{}:{}:1", layout_->path, layout_->lines[i]),
                                fmt::format("found leaves up to {} MiB, allowed: within the {} MiB of the machine's memory",
                                            run.frames.end().raw() >> 8, end.raw() >> 8));
            if (at < run.frames.first) map(tables, {at, run.frames.first - at});
            const std::uint64_t global = run.flags & x86::Pte::kGlobal;
            tables.map_leaves({run.frames, run.leaf, (alloc::kKernelLeaf & ~x86::Pte::kGlobal) | global});
            at = run.frames.end();
        }
    }
    if (at < behind) map(tables, {at, behind - at});
}

}  // namespace splinter::platforms
