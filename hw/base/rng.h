// The one random generator of the models: xoshiro256** (Blackman, Vigna 2018), seeded by SplitMix64 from the run's seed and
// the module's path, so that two modules never share a sequence and adding one leaves the others alone.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace splinter {

class Rng {
  public:
    Rng(std::uint64_t seed, std::string_view path) {
        std::uint64_t mix = seed ^ hash(path);
        for (std::uint64_t& word : state_) word = split_mix(mix);
    }
    std::uint64_t next() {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }
    // Uniform in [0, bound), bound > 0 (Lemire's multiply-shift; the bias is below 2^-32 for bounds below 2^32).
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
    }

  private:
    static std::uint64_t hash(std::string_view text) {  // FNV-1a
        std::uint64_t h = 0xcbf29ce484222325U;
        for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        return h;
    }
    static std::uint64_t split_mix(std::uint64_t& state) {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::uint64_t state_[4]{};
};

}  // namespace splinter
