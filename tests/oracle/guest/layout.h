// The guest's memory. Its own mapping takes slot 0 of every root table; the rest of a root belongs to the tested state.
//
//   virtual 0 .. 2 GiB       = physical 0 .. 2 GiB, supervisor, two 1 GiB leaves
//   virtual 2 GiB .. 3 GiB   = physical 0 .. 1 GiB, user, read-only: the stubs that run at CPL 3
//
// Both use protection key 15, which the tested key registers never deny, and no NX, so that the guest runs under every
// control-register value that it tests. Assembly includes this file too.
#pragma once

#define ORACLE_USER_ALIAS 0x80000000  // offset of the user mapping of the image
#define ORACLE_CODE_SELECTOR 0x08
#define ORACLE_DATA_SELECTOR 0x10
#define ORACLE_USER_DATA_SELECTOR 0x1b  // RPL 3
#define ORACLE_USER_CODE_SELECTOR 0x23  // RPL 3
#define ORACLE_LDT_SELECTOR 0x28        // 16 bytes
#define ORACLE_TSS_SELECTOR 0x38        // 16 bytes
#define ORACLE_TESTED_SELECTOR 0x07     // first descriptor of the LDT, RPL 3
#define ORACLE_DONE_VECTOR 0x80         // a stub whose access went through ends with this interrupt

#ifndef __ASSEMBLER__
#include <cstdint>

namespace oracle_guest {

using std::uint16_t;
using std::uint32_t;
using std::uint64_t;
using std::uint8_t;

constexpr unsigned kPageShift = 12;
constexpr uint64_t kPageBytes = uint64_t{1} << kPageShift;
constexpr unsigned kOwnKey = 15;

// Root tables, then the pool of lower tables, then the frames that accesses reach. The image ends below the roots (guest.ld).
constexpr uint64_t kRoots = 0x0100'0000;
constexpr unsigned kRootCount = 8;
constexpr uint64_t kTables = kRoots + kRootCount * kPageBytes;
constexpr uint64_t kTablesEnd = 0x0200'0000;
constexpr uint64_t kTargets = kTablesEnd;
constexpr uint64_t kTargetsEnd = 0x8000'0000;  // run_qemu.sh gives the machine 2 GiB

}  // namespace oracle_guest
#endif
