// xorshift64* (Vigna 2016), seeded through SplitMix64 from everything that names a state: any state can be made again alone.
#pragma once

#include "tests/oracle/guest/layout.h"

namespace oracle_guest {

class Rng {
  public:
    Rng(uint64_t seed, uint64_t stream) : state_{mix(mix(seed) ^ stream) | 1} {}

    uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1d;
    }
    // 0 .. bound - 1; bound < 2^32.
    uint64_t below(uint64_t bound) { return ((next() >> 32) * bound) >> 32; }
    // True in `sixteenths` of 16 cases.
    bool chance(unsigned sixteenths) { return below(16) < sixteenths; }
    // `bits` in half of the cases, else 0.
    uint64_t maybe(uint64_t bits) { return chance(8) ? bits : 0; }

  private:
    static uint64_t mix(uint64_t x) {
        x += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    uint64_t state_;
};

}  // namespace oracle_guest
