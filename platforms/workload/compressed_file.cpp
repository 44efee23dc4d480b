#include "platforms/workload/compressed_file.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kXzMagic{
    "\xFD"
    "7zXZ\0",
    6};
constexpr std::string_view kGzMagic{"\x1f\x8b", 2};
constexpr int kGzWindow = 15 + 16;  // the largest window, gzip headers only (zlib.h, inflateInit2)
constexpr std::string_view kXzSuffix = ".xz";
constexpr std::uint64_t kDecoderMemory = std::uint64_t{256} << 20;  // xz -9 needs 65 MiB; more is a damaged header
constexpr std::size_t kChunk = 65536;

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

// How far the text goes that came out of a stream before it failed.
[[noreturn]] void fail_behind(const std::string& path, const std::string& text, const char* problem) {
    throw UserError(path + ":" + std::to_string(std::count(text.begin(), text.end(), '\n') + 1), problem);
}

[[noreturn]] void fail_too_long(const std::string& path, std::uint64_t max_bytes) {
    throw UserError(path, "longer than " + std::to_string(max_bytes) + " bytes");
}

std::string read_bytes(const std::string& path, std::uint64_t max_bytes) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw UserError(path, "is a directory, expected a file");
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file{std::fopen(path.c_str(), "rb"), close};
    if (!file) throw UserError(path, std::string{"cannot be opened: "} + std::strerror(errno));
    std::string bytes;
    std::array<char, kChunk> chunk{};
    for (std::size_t got = 0; (got = std::fread(chunk.data(), 1, chunk.size(), file.get())) > 0;) {
        if (bytes.size() + got > max_bytes) fail_too_long(path, max_bytes);
        bytes.append(chunk.data(), got);
    }
    if (std::ferror(file.get())) throw UserError(path, std::string{"cannot be read: "} + std::strerror(errno));
    return bytes;
}

const char* explain(lzma_ret result) {
    switch (result) {
        case LZMA_BUF_ERROR:
            return "the xz stream is truncated";
        case LZMA_DATA_ERROR:
            return "the xz stream is damaged, or garbage follows it";
        case LZMA_OPTIONS_ERROR:
            return "the xz header is damaged or uses an unknown option";
        case LZMA_MEMLIMIT_ERROR:
            return "the xz stream needs more than 256 MiB of memory";
        case LZMA_MEM_ERROR:
            return "out of memory while decompressing";
        default:
            return "cannot be decompressed";
    }
}

std::string decompress(const std::string& path, const std::string& bytes, std::uint64_t max_bytes) {
    lzma_stream stream = LZMA_STREAM_INIT;
    const auto end = [](lzma_stream* s) { lzma_end(s); };
    const std::unique_ptr<lzma_stream, decltype(end)> guard{&stream, end};
    lzma_ret result = lzma_stream_decoder(&stream, kDecoderMemory, LZMA_CONCATENATED);
    std::string text;
    std::array<std::uint8_t, kChunk> chunk{};
    stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    stream.avail_in = bytes.size();
    while (result == LZMA_OK) {
        stream.next_out = chunk.data();
        stream.avail_out = chunk.size();
        result = lzma_code(&stream, LZMA_FINISH);
        const std::size_t got = chunk.size() - stream.avail_out;
        if (text.size() + got > max_bytes) fail_too_long(path, max_bytes);
        text.append(reinterpret_cast<const char*>(chunk.data()), got);
    }
    if (result != LZMA_STREAM_END) fail_behind(path, text, explain(result));
    return text;
}

const char* explain_gzip(int result) {
    switch (result) {
        case Z_BUF_ERROR:
            return "the gzip stream is truncated";
        case Z_MEM_ERROR:
            return "out of memory while decompressing";
        default:
            return "the gzip stream is damaged, or garbage follows it";
    }
}

// One member after the other: `cat a.gz b.gz` is a valid file.
std::string decompress_gzip(const std::string& path, std::string& bytes, std::uint64_t max_bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzWindow) != Z_OK) throw UserError(path, explain_gzip(Z_MEM_ERROR));
    const auto end = [](z_stream* s) { inflateEnd(s); };
    const std::unique_ptr<z_stream, decltype(end)> guard{&stream, end};
    std::string text;
    std::array<std::uint8_t, kChunk> chunk{};
    std::size_t given = 0;
    while (true) {
        if (stream.avail_in == 0 && given < bytes.size()) {  // avail_in is 32 bits wide
            const std::size_t some = std::min(bytes.size() - given, std::size_t{1} << 30);
            stream.next_in = reinterpret_cast<std::uint8_t*>(bytes.data() + given);
            stream.avail_in = static_cast<unsigned>(some);
            given += some;
        }
        stream.next_out = chunk.data();
        stream.avail_out = chunk.size();
        const int result = inflate(&stream, Z_NO_FLUSH);  // Z_BUF_ERROR: nothing left to read or to write
        const std::size_t got = chunk.size() - stream.avail_out;
        if (text.size() + got > max_bytes) fail_too_long(path, max_bytes);
        text.append(reinterpret_cast<const char*>(chunk.data()), got);
        if (result != Z_OK && result != Z_STREAM_END) fail_behind(path, text, explain_gzip(result));
        const bool more = given < bytes.size() || stream.avail_in > 0;
        if (result == Z_STREAM_END && !more) return text;
        if (result == Z_STREAM_END) inflateReset(&stream);
    }
}

}  // namespace

std::string find_text_file(const std::string& path) {
    if (exists(path)) return path;
    std::string other =
        path.ends_with(kXzSuffix) ? path.substr(0, path.size() - kXzSuffix.size()) : path + std::string{kXzSuffix};
    if (exists(other)) return other;
    throw UserError(path, "no such file, nor " + std::filesystem::path{other}.filename().string());
}

std::string read_text_file(const std::string& path, std::uint64_t max_bytes) {
    const std::string real = find_text_file(path);
    std::string bytes = read_bytes(real, max_bytes);
    if (bytes.starts_with(kXzMagic)) return decompress(real, bytes, max_bytes);
    if (bytes.starts_with(kGzMagic)) return decompress_gzip(real, bytes, max_bytes);
    // A file cut inside the magic would otherwise be taken for a short plain text.
    if (real.ends_with(kXzSuffix) && kXzMagic.starts_with(bytes)) fail_behind(real, "", explain(LZMA_BUF_ERROR));
    return bytes;
}

}  // namespace splinter::platforms
