// A flush of the kernel's half as INVLPGB instructions: up to 8 pages of one size each.
#pragma once

#include <algorithm>

#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

// post(x86::Invlpgb) for each. Global entries and every PCID are meant.
template <class Post>
void for_each_broadcast(const RemoteWork& work, Post&& post) {
    using x86::Invlpgb;
    if (work.kind == RemoteWork::Kind::flush_all) return post(Invlpgb{});
    const bool large = work.stride == x86::kPde.pages();
    const bool consecutive = large || work.stride == PageCount{1};
    const std::uint64_t most = consecutive ? Invlpgb::kMaxPages : 1;
    for (std::uint64_t done = 0; done < work.steps.raw();) {
        Invlpgb invalidation;
        invalidation.addresses = Invlpgb::Addresses::range;
        invalidation.stride = large ? Invlpgb::Stride::m2 : Invlpgb::Stride::k4;
        invalidation.first = work.start + done * work.stride.raw() * kPageBytes;
        invalidation.pages = static_cast<unsigned>(std::min(most, work.steps.raw() - done));
        post(invalidation);
        done += invalidation.pages;
    }
}

}  // namespace splinter::alloc
