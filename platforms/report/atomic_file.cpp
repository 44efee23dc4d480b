#include "platforms/report/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

// Devices, pipes and directories are refused (renaming over /dev/null would replace it); a symbolic link is followed.
fs::path resolved_target(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (path.empty() || (fs::exists(status) && !fs::is_regular_file(status)))
        throw UserError(path.empty() ? "output file" : path, "cannot be written: not a regular file");
    return fs::is_symlink(fs::symlink_status(path, error)) ? fs::weakly_canonical(path, error) : fs::path{path};
}

// The temporary file, removed again unless it was renamed.
class TemporaryFile {
  public:
    TemporaryFile(const std::string& shown, const fs::path& target)
        : shown_{shown}, name_{(target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string()} {
        descriptor_ = ::mkstemp(name_.data());
        if (descriptor_ < 0) fail();  // the destructor does not run: there is nothing to remove
    }
    ~TemporaryFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!committed_) ::unlink(name_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    void write(std::string_view rest) {
        while (!rest.empty()) {
            const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail();
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void commit(const fs::path& target) {
        // mkstemp makes files private; a result should have the permissions of any file that the user makes.
        const mode_t mask = ::umask(0);
        ::umask(mask);
        if (::fchmod(descriptor_, 0666 & ~mask) != 0 || ::fsync(descriptor_) != 0) fail();
        if (::close(std::exchange(descriptor_, -1)) != 0) fail();
        if (::rename(name_.c_str(), target.c_str()) != 0) fail();
        committed_ = true;
    }

  private:
    [[noreturn]] void fail() const { throw UserError(shown_, "cannot be written: " + reason(errno)); }
    std::string shown_;
    std::string name_;
    int descriptor_ = -1;
    bool committed_ = false;
};

}  // namespace

void write_file_atomically(const std::string& path, const std::string& contents) {
    const fs::path target = resolved_target(path);
    TemporaryFile file{path, target};
    file.write(contents);
    file.commit(target);
}

void check_writable(const std::string& path) { const TemporaryFile probe{path, resolved_target(path)}; }

std::string read_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw UserError(path, "cannot be read: " + reason(errno));
    std::string contents;
    std::string buffer(std::size_t{64} * 1024, '\0');
    ssize_t count = 0;
    while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0 || (count < 0 && errno == EINTR))
        if (count > 0) contents.append(buffer, 0, static_cast<std::size_t>(count));
    const int error = errno;
    ::close(descriptor);
    if (count < 0) throw UserError(path, "cannot be read: " + reason(error));
    return contents;
}

}  // namespace splinter::platforms
