#include "platforms/workload/direct_map_layout.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

using x86::Pte;

constexpr std::uint64_t kSoftwareBits = 0x0e00U | (std::uint64_t{0x7f} << 52);
constexpr std::uint64_t kKnownFlags = Pte::kPresent | Pte::kWritable | Pte::kUser | Pte::kWriteThrough | Pte::kCacheDisable |
                                      Pte::kAccessed | Pte::kDirty | Pte::kPageSizeBit | Pte::kGlobal | Pte::kNoExecute |
                                      Pte::kKeyMask | kSoftwareBits;
constexpr std::uint64_t kMaxFrames = std::uint64_t{1} << 34;  // 64 TiB: what the kernel gives a direct map of 4 levels

// The words of a line, however many blanks lie between.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = line.find_first_not_of(' '); at != std::string_view::npos;) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(' ', end);
    }
    return words;
}

class LayoutText {
  public:
    LayoutText(std::string_view text, const std::string& path) : reader_{text, path} { layout_.path = path; }

    DirectMapLayout parse() && {
        while (!reader_.at_end()) {
            reader_.next_line();
            const auto words = words_of(reader_.line());
            if (words.empty()) continue;
            words.front().starts_with('#') ? take_comment(words) : take_run(words);
        }
        if (layout_.runs.empty()) throw UserError(layout_.path, "found no leaf, expected lines of: start end level flags");
        return std::move(layout_);
    }

  private:
    void take_comment(const std::vector<std::string_view>& words) {
        if (words.size() < 3 || words[0] != "#" || words[1] != "base") return;
        base_ = reader_.number_in(words[2], "the address of frame 0", NumberBase::hex, ~std::uint64_t{0});
        if (*base_ % x86::kPdpte.bytes() != 0) reader_.fail(words[2], "an address aligned to 1GiB");
    }

    void take_run(const std::vector<std::string_view>& words) {
        if (!base_) reader_.fail(words[0], "a line \"# base ADDRESS\" before the first leaf");
        if (words.size() != 4) reader_.fail(reader_.line(), "four words: start end level flags");
        const auto level = reader_.number_in(words[2], "the level of a leaf, 1 to 3", NumberBase::decimal, 3);
        if (level == 0) reader_.fail(words[2], "the level of a leaf, 1 to 3");
        const Pfn first = frame(words[0], level);
        const Pfn end = frame(words[1], level);
        if (end <= first) reader_.fail(words[1], "an end above the start");
        if (first < layout_.end()) reader_.fail(words[0], "a start at or above the end of the run before");
        const auto flags = reader_.number_in(words[3], "flags of an entry", NumberBase::hex, ~std::uint64_t{0});
        if ((flags & ~kKnownFlags) != 0)
            reader_.fail(words[3], fmt::format("flags of an entry, none of {:#x}: addresses and PAT are not among them",
                                               flags & ~kKnownFlags));
        layout_.runs.push_back({{first, end - first}, static_cast<x86::PageSize>(level - 1), flags & ~Pte::kPageSizeBit});
        layout_.lines.push_back(reader_.line_number());
    }

    Pfn frame(std::string_view word, std::uint64_t level) const {
        const auto address = reader_.number_in(word, "an address", NumberBase::hex, ~std::uint64_t{0});
        const std::uint64_t bytes = x86::Level{static_cast<unsigned>(level)}.bytes();
        if (address < *base_ || (address - *base_) >> kPageShift > kMaxFrames)
            reader_.fail(word, fmt::format("an address within 64TiB from the base {:x}", *base_));
        if (address % bytes != 0) reader_.fail(word, fmt::format("an address aligned to a leaf of level {}", level));
        return Pfn{(address - *base_) >> kPageShift};
    }

    TraceText reader_;
    DirectMapLayout layout_;
    std::optional<std::uint64_t> base_;
};

}  // namespace

DirectMapLayout parse_direct_map_layout(std::string_view text, const std::string& path) {
    return LayoutText{text, path}.parse();
}

DirectMapLayout load_direct_map_layout(const std::string& path) {
    const std::string real = find_text_file(path);
    return parse_direct_map_layout(read_text_file(real), real);
}

}  // namespace splinter::platforms
