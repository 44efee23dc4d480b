// Files that are either complete or not there: a reader, or a run that is killed, never meets half of one.
#pragma once

#include <string>

namespace splinter::platforms {

// Writes a temporary file beside `path`, syncs it and renames it into place. On any error the temporary file is removed, an
// existing `path` is left as it was, and a UserError names `path` and the reason.
void write_file_atomically(const std::string& path, const std::string& contents);

// Throws the UserError that write_file_atomically() would meet at once (no such directory, no permission, not a regular file),
// so that a long run can refuse before it starts. Leaves nothing behind.
void check_writable(const std::string& path);

// The whole file. Throws UserError if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace splinter::platforms
