// Shared by the tests of recorded traces: a scratch directory, the two samples, and what a UserError says.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "hw/base/user_error.h"

namespace splinter::platforms::testing {

inline std::string sample(const std::string& name) { return std::string{SPLINTER_SOURCE_DIR} + "/tests/data/traces/" + name; }

inline std::string read_bytes(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

// A directory that vanishes with the test.
class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "splinter-trace-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] std::string path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, const std::string& bytes) const {
        std::ofstream{file(name), std::ios::binary} << bytes;
        return file(name);
    }

  private:
    std::string path_;
};

// The message of the UserError that run() must throw; "(no error)" fails the comparison that follows.
template <class Run>
std::string user_error(Run run) {
    try {
        run();
    } catch (const UserError& error) {
        return error.what();
    }
    return "(no error)";
}

inline void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << "more than one line: " << text;
}

}  // namespace splinter::platforms::testing
