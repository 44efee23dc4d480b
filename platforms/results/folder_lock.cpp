#include "platforms/results/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <regex>
#include <system_error>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

// As atomic_file.cpp names them, for the kinds of files that a sweep writes.
void remove_leftovers(const std::string& directory) {
    static const std::regex kTemporary{R"(\..+\.(json|jsonl|csv|failed)\.[A-Za-z0-9]{6})"};
    std::error_code error;  // a leftover is harmless
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error))
        if (std::regex_match(entry.path().filename().string(), kTemporary)) fs::remove(entry.path(), error);
}

}  // namespace

FolderLock::FolderLock(const std::string& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw UserError("--out " + directory, "cannot be created: " + error.message());
    descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ < 0) throw UserError("--out " + directory, "cannot be opened: " + std::generic_category().message(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) remove_leftovers(directory);
    ::flock(descriptor_, LOCK_SH | LOCK_NB);  // a file system without locks: leftovers stay, nothing else is lost
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace splinter::platforms
