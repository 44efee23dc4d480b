// What alloc_pages() does when the fast path, at the low watermark, finds nothing: __alloc_pages_slowpath(),
// __alloc_pages_direct_reclaim(), __alloc_pages_direct_compact(), should_reclaim_retry(), should_compact_retry() of
// mm/page_alloc.c, Linux 6.1 and 6.12, which agree in all that is modelled:
//   1. the zonelist again, at the minimum watermark, with the reserves that the request may use;
//   2. direct compaction first if the order is above 3, the request is unmovable or reclaimable of any order above 0, or wants
//      unmapped pages: asynchronous;
//   3. the zonelist again; a request that may not block fails here;
//   4. direct reclaim, and compaction: synchronous, as often as there is hope.
//
// Reclaim itself is not modelled but for a shrinker (strategy `side-cache`), which is asked for one block after the other:
// nothing is written out, unmapped or dropped, and kswapd does not exist. What it frees is taken to be what stands on CPUs'
// lists: it has made progress the first time, and again as long as any list holds pages (another CPU may have refilled its own
// with what was drained), at most MAX_RECLAIM_RETRIES times. So its tail runs: one HIGHATOMIC pageblock back but for the last,
// all CPUs' lists drained, the zonelist again. The rest of the HIGHATOMIC reserve goes next, and where the kernel would look
// for a task to kill, the request fails.
#pragma once

#include "alloc/buddy/highatomic.h"
#include "alloc/gfp.h"
