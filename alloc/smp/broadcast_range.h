// A flush as INVLPGB instructions: up to 8 pages of one size each.
#pragma once

#include <algorithm>

#include "alloc/smp/local_flush.h"

namespace splinter::alloc {

// post(x86::Invlpgb) for each. Of the kernel's half global entries and every PCID are meant; of a user range no global ones,
// and every PCID unless the caller names one in `like`.
template <class Post>
void for_each_broadcast(const RemoteWork& work, x86::Invlpgb like, Post&& post) {
    using x86::Invlpgb;
    like.global = work.for_user() ? Invlpgb::Global::kept : Invlpgb::Global::included;
    const bool ranged = work.kind == RemoteWork::Kind::flush_range || work.kind == RemoteWork::Kind::user_range;
    if (!ranged) return post(like);
    const bool large = work.stride == x86::kPde.pages();
    const bool consecutive = large || work.stride == PageCount{1};
    const std::uint64_t most = consecutive ? Invlpgb::kMaxPages : 1;
    for (std::uint64_t done = 0; done < work.steps.raw();) {
        Invlpgb invalidation = like;
        invalidation.addresses = Invlpgb::Addresses::range;
        invalidation.stride = large ? Invlpgb::Stride::m2 : Invlpgb::Stride::k4;
        invalidation.first = work.start + done * work.stride.raw() * kPageBytes;
        invalidation.pages = static_cast<unsigned>(std::min(most, work.steps.raw() - done));
        post(invalidation);
        done += invalidation.pages;
    }
}
template <class Post>
void for_each_broadcast(const RemoteWork& work, Post&& post) {
    for_each_broadcast(work, x86::Invlpgb{}, post);
}

}  // namespace splinter::alloc
