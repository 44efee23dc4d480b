// FNV-1a, 64 bits: names of result files. What a name stands for is compared again when the file is read, so that it need not
// withstand an attacker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace splinter::platforms {

class Fnv1a {
  public:
    void add(std::string_view bytes) {
        for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    // With its length, so that two texts are not mistaken for two others that read the same when joined.
    void add_text(std::string_view text) {
        add(fmt::format("{}:", text.size()));
        add(text);
    }
    [[nodiscard]] std::string hex() const { return fmt::format("{:016x}", hash_); }

  private:
    std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace splinter::platforms
