// A recorded direct map: the walk of a real kernel's page tables, one line for each run of equal leaves
//   ffff888000200000 ffff888001000000 2 8000000000000183      start end level(1=4K,2=2M,3=1G) flags, all but the level in hex
// after a comment that names the address of frame 0 (`# base ffff888000000000 ...`). Other comments are passed over. A and D
// may or may not be in the flags; leaves that are not present are listed too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alloc/map/direct_map_layout.h"

namespace splinter::platforms {

struct DirectMapLayout {
    std::string path;                       // the file really read
    std::vector<alloc::DirectMapRun> runs;  // in order, without overlaps
    std::vector<std::uint64_t> lines;       // of each run
    [[nodiscard]] Pfn end() const { return runs.empty() ? Pfn{0} : runs.back().frames.end(); }
};

// path names the text in messages. UserError at "path:line:column".
[[nodiscard]] DirectMapLayout parse_direct_map_layout(std::string_view text, const std::string& path);
// The file, plain or .xz; as read_text_file().
[[nodiscard]] DirectMapLayout load_direct_map_layout(const std::string& path);

}  // namespace splinter::platforms
