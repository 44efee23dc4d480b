// Accounts of the cycle ledger that kernel code opens, named after what the kernel calls the work.
#pragma once

#include "hw/base/ledger.h"

namespace splinter::alloc {

inline constexpr Label kAllocPages{"alloc"};
inline constexpr Label kFreePages{"free"};
inline constexpr Label kBulk{"rmqueue_bulk"};
inline constexpr Label kBuddy{"rmqueue_buddy"};
inline constexpr Label kPcpDrain{"free_pcppages_bulk"};
inline constexpr Label kSlowPath{"slowpath"};
inline constexpr Label kCompaction{"compaction"};
inline constexpr Label kFlip{"flip"};
inline constexpr Label kScrub{"scrub"};
inline constexpr Label kZero{"zero"};
inline constexpr Label kDirectMap{"cpa"};
inline constexpr Label kSplit{"split"};
inline constexpr Label kFlush{"flush"};
inline constexpr Label kCallSetup{"call-setup"};
inline constexpr Label kLocalFlush{"local-flush"};
inline constexpr Label kAckWait{"ack-wait"};
inline constexpr Label kCallHandler{"call-function"};
inline constexpr Label kLateFlush{"late-flush"};
inline constexpr Label kReclaim{"latr-reclaim"};
inline constexpr Label kLockWait{"lock"};
inline constexpr Label kKernelWork{"kworker"};
inline constexpr Label kVmstat{"vmstat"};
inline constexpr Label kShrink{"shrink"};
inline constexpr Label kPreflip{"preflip"};
inline constexpr Label kKeySwitch{"pkrs"};
inline constexpr Label kPageTables{"pgtable"};
inline constexpr Label kFault{"fault"};
inline constexpr Label kFork{"fork"};
inline constexpr Label kMunmap{"munmap"};
inline constexpr Label kMadvise{"madvise"};
inline constexpr Label kMprotect{"mprotect"};
inline constexpr Label kMremap{"mremap"};
inline constexpr Label kExit{"exit_mmap"};
inline constexpr Label kPgAlloc{"pgalloc"};
inline constexpr Label kFreePgTables{"free_pgtables"};
inline constexpr Label kVmalloc{"vmalloc"};
inline constexpr Label kVfree{"vfree"};

}  // namespace splinter::alloc
