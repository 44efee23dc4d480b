// A directory of our own, removed with all that is in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "hw/base/user_error.h"

namespace splinter::platforms {

class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::error_code error;
        path_ = (std::filesystem::temp_directory_path(error) / "splinter-XXXXXX").string();
        if (error || ::mkdtemp(path_.data()) == nullptr) throw UserError(path_, "temporary directory cannot be created");
    }
    ~ScratchDirectory() {
        std::error_code ignored;  // a leftover in /tmp is not worth failing a finished comparison
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace splinter::platforms
