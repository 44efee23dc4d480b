// Where the samples of users' traces are.
#pragma once

#include <string>

namespace splinter::platforms {

inline std::string user_sample(const std::string& name) {
    return std::string{SPLINTER_SOURCE_DIR} + "/tests/data/user_traces/" + name;
}

}  // namespace splinter::platforms
