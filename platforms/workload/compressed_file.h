// Text files that may be compressed: plain, .xz or .gz, told apart by their magic bytes (xz file format 1.2.1, section 2.1.1.1;
// RFC 1952, section 2.3.1), because recorded traces are shipped compressed and edited plain.
#pragma once

#include <cstdint>
#include <string>

namespace splinter::platforms {

inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{2} << 30;  // stops a decompression bomb before it eats the host

// The file that a name stands for: itself, else the same name with .xz added or removed. UserError if neither exists.
[[nodiscard]] std::string find_text_file(const std::string& path);

// The whole text of find_text_file(path). UserError (origin: the file really read, with the line that a
// stream's text ends in) if it is missing, a directory, not
// readable, a damaged or truncated xz or gzip stream, or longer than max_bytes.
[[nodiscard]] std::string read_text_file(const std::string& path, std::uint64_t max_bytes = kMaxTextBytes);

}  // namespace splinter::platforms
