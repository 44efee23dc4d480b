// What a result depends on, as one short name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

// Of the values of all parameters but those that only choose how results are shown (report.*). Where a value comes from does
// not count: a comment added to a file changes no result. 16 hexadecimal digits.
[[nodiscard]] std::string config_hash(const ResolvedPoint& point);

// The name of a point's result: the values of its parameters, the contents of the files that they name (trace, layout), the
// program (its version, and every byte of the executable) and the result schema.
class PointHasher {
  public:
    explicit PointHasher(std::string_view program_version);
    // 16 hexadecimal digits. Throws UserError if a file that the point names cannot be read.
    [[nodiscard]] std::string hash(const ResolvedPoint& point);

  private:
    [[nodiscard]] const std::string& digest_of(const std::string& path);
    std::string program_;
    std::map<std::string, std::string> digests_;  // of files and folders, by path: points mostly share them
};

}  // namespace splinter::platforms
