// Page-table words as text: "pa:value" in hexadecimal, joined by commas.
#pragma once

#include <string_view>
#include <vector>

#include "platforms/conform/word_map.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

// Adds the words of `list`, a part of the reader's current line. Throws UserError with its place: not of this form, not 8-byte
// aligned, beyond maxphyaddr bits, a second value for an address.
void read_words(const TraceText& reader, std::string_view list, unsigned maxphyaddr, std::vector<Word>& words);

}  // namespace splinter::platforms
