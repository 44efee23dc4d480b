#include "platforms/config/file_text.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "hw/base/user_error.h"

namespace splinter::platforms {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{16} << 20;  // a traced log or a device given by mistake must not fill memory

}  // namespace

std::string read_text_file(const std::string& path, const std::string& referrer) {
    std::error_code ignored;  // what cannot be examined cannot be opened either; the message below says why
    if (std::filesystem::is_directory(path, ignored)) {
        throw UserError(path, "is a directory, expected a TOML file");
    }
    errno = 0;
    std::ifstream in{path, std::ios::binary};
    if (!in) throw UserError(referrer, fmt::format("cannot read `{}`: {}", path, std::strerror(errno)));

    std::string text;
    std::array<char, 65536> chunk{};
    while (in && text.size() <= kMaxBytes) {
        in.read(chunk.data(), chunk.size());
        text.append(chunk.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) throw UserError(referrer, fmt::format("cannot read `{}`: {}", path, std::strerror(errno)));
    if (text.find('\0') != std::string::npos) throw UserError(path, "is a binary file, expected a TOML file");
    if (text.size() > kMaxBytes) {
        throw UserError(path, fmt::format("is larger than {} MiB, expected a TOML file", kMaxBytes >> 20));
    }
    return text;
}

}  // namespace splinter::platforms
