// One TOML file, flattened to dotted keys. The only file that knows toml++.
//
// A table with a key named `value` is a leaf with metadata; `include`, `description`, [axes] and [[row]] at the top level are
// set apart. What a key means, and whether it exists, is not known here.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/raw.h"

namespace splinter::platforms {

struct RawInclude {
    std::string path;  // as joined with the including file's directory
    std::string origin;
};

struct RawRow {
    std::string origin;
    RawTable values;
};

struct RawFile {
    std::string path;
    std::string description;         // top-level `description`, or the text of the first comment
    std::string description_origin;  // of the key; "" if there is none
    RawTable values;
    std::vector<RawInclude> includes;
    std::vector<RawAxis> axes;  // in the order of the file
    std::string axes_origin;    // "" without [axes]
    std::vector<RawRow> rows;   // of [[row]], in the order of the file: what `splinter validate` compares
};

// `referrer` is where the path was named: "command line" or "path:line:column". Throws UserError.
[[nodiscard]] RawFile read_raw_file(const std::string& path, const std::string& referrer);

// `relative` as seen from the folder of `file`. Not made absolute, so that messages show what the user typed.
[[nodiscard]] std::string path_beside(const std::string& file, const std::string& relative);

}  // namespace splinter::platforms
