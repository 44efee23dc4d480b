#include "platforms/conform/word_text.h"

#include <algorithm>

namespace splinter::platforms {

namespace {

std::string_view without_0x(std::string_view number) { return number.starts_with("0x") ? number.substr(2) : number; }

void read_word(const TraceText& reader, std::string_view part, unsigned maxphyaddr, std::vector<Word>& words) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) reader.fail(part, "ADDRESS:VALUE of a page-table word");
    const std::string_view address_text = without_0x(part.substr(0, colon));
    const std::uint64_t max_address = (std::uint64_t{1} << maxphyaddr) - 1;
    const PhysAddr address{reader.number_in(address_text, "a physical address", NumberBase::hex, max_address)};
    if (address.raw() % 8 != 0) reader.fail(address_text, "an address that is a multiple of 8");
    const std::string_view value_text = without_0x(part.substr(colon + 1));
    const x86::Pte value{reader.number_in(value_text, "the value of a word", NumberBase::hex, ~std::uint64_t{0})};
    const auto same = std::find_if(words.begin(), words.end(), [&](const Word& word) { return word.address == address; });
    if (same != words.end() && same->value != value) reader.fail(part, "one value for each address");
    words.push_back({address, value});
}

}  // namespace

void read_words(const TraceText& reader, std::string_view list, unsigned maxphyaddr, std::vector<Word>& words) {
    for (std::size_t start = 0; start <= list.size();) {
        const std::size_t comma = std::min(list.find(',', start), list.size());
        read_word(reader, list.substr(start, comma - start), maxphyaddr, words);
        start = comma + 1;
    }
}

}  // namespace splinter::platforms
