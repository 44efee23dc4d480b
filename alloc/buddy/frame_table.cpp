#include "alloc/buddy/frame_table.h"

#include <sys/mman.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {

FrameTable::FrameTable(PageCount frames) : bytes_{(frames.raw() + 1) * sizeof(std::uint64_t)} {
    if (frames.raw() > kMaxFrames) throw UserError("platform.memory", "the allocator model holds at most 1 TiB");
    void* mapping = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw UserError("platform.memory", "the host has no address space for the frame table");
    words_ = static_cast<std::uint64_t*>(mapping);
}

FrameTable::~FrameTable() { munmap(words_, bytes_); }

void BlockList::push_back(FrameTable& frames, Pfn block) {
    frames.set_links(block, tail_, std::nullopt);
    if (tail_) frames.set_next(*tail_, block);
    tail_ = block;
    if (!head_) head_ = block;
    ++size_;
}

void BlockList::remove(FrameTable& frames, Pfn block) {
    SPLINTER_CHECK(size_ > 0, "a block is removed from the list that holds it");
    const auto prev = frames.prev(block);
    const auto next = frames.next(block);
    prev ? frames.set_next(*prev, next) : void(head_ = next);
    next ? frames.set_prev(*next, prev) : void(tail_ = prev);
    --size_;
}

}  // namespace splinter::alloc
