// RunResult as JSON and back, without loss: the form in which sweeps keep their points and `--json` writes its file.
#pragma once

#include <string>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Keys in a fixed order, numbers that read back as the same bits, state_hash as a hexadecimal string (many JSON readers keep
// 53 bits of a number only). Ends with a newline.
std::string to_json(const RunResult& result);

// `origin` names the text in errors, usually its file. Throws UserError: not JSON (file:line:column), another schema, a field
// that is missing, unknown or of the wrong type.
RunResult run_result_from_json(const std::string& text, const std::string& origin);

}  // namespace splinter::platforms
