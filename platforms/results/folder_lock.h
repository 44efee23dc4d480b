// A result folder in use. Sweeps may share one (with --only, each does a part): every file in it appears at once and whole, so
// that they need no more than to know whether they are alone.
#pragma once

#include <string>

namespace splinter::platforms {

class FolderLock {
  public:
    // Makes the folder if it is missing. Alone in it, removes the temporary files that a killed sweep has left. Holds a shared
    // lock until this process and its children are gone. Throws UserError if the folder cannot be made or opened.
    explicit FolderLock(const std::string& directory);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    int descriptor_;
};

}  // namespace splinter::platforms
