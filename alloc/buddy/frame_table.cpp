#include "alloc/buddy/frame_table.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {

FrameTable::FrameTable(PageCount frames) : bytes_{(frames.raw() + 1) * sizeof(std::uint64_t)} {
    if (frames.raw() > kMaxFrames) throw UserError("platform.memory", "the allocator model holds at most 1 TiB");
    void* mapping = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw UserError("platform.memory", "the host has no address space for the frame table");
    madvise(mapping, bytes_, MADV_NOHUGEPAGE);  // a touched frame shall not cost 2 MiB; without it, it may
    words_ = static_cast<std::uint64_t*>(mapping);
}

std::uint64_t FrameTable::touched_bytes() const {
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> resident((bytes_ + page - 1) / page);
    SPLINTER_CHECK(mincore(words_, bytes_, resident.data()) == 0, "the table is mapped");
    return page * static_cast<std::uint64_t>(
                      std::count_if(resident.begin(), resident.end(), [](unsigned char r) { return (r & 1) != 0; }));
}

FrameTable::~FrameTable() { munmap(words_, bytes_); }

void BlockList::refuse_removal() { SPLINTER_CHECK(false, "a block is removed from the list that holds it"); }

}  // namespace splinter::alloc
