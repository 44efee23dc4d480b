#include "platforms/run/child_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::platforms {
namespace {

// First byte of what the child sends.
constexpr char kText = 'T';
constexpr char kUserError = 'U';
constexpr char kFinding = 'F';
constexpr char kBug = 'B';

std::string outcome_of(const std::function<std::string()>& work) {
    try {
        return kText + work();
    } catch (const UserError& error) {
        return kUserError + std::string{error.what()};
    } catch (const SimulatedFinding& finding) {
        return kFinding + std::string{finding.what()};
    } catch (const std::exception& error) {
        return kBug + std::string{error.what()};
    }
}

void write_all(int fd, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = write(fd, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return;  // the parent is gone
        done += static_cast<std::size_t>(n);
    }
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 65536> buffer;
    while (true) {
        const ssize_t n = read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

}  // namespace

std::string run_in_child(const std::function<std::string()>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw InternalError(std::string{"pipe: "} + std::strerror(errno));
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) throw InternalError(std::string{"fork: "} + std::strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody would read what it finds
        if (getppid() != parent) _exit(0);
        close(ends[0]);
        write_all(ends[1], outcome_of(work));
        _exit(0);  // no destructors: blocked SystemC threads would be torn down for nothing
    }
    close(ends[1]);
    const std::string sent = read_all(ends[0]);
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) throw ChildKilled{};
    if (WIFSIGNALED(status)) throw InternalError(std::string{"the simulation died of: "} + strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0 || sent.empty())
        throw InternalError("the simulation ended with status " + std::to_string(WEXITSTATUS(status)));
    const std::string text = sent.substr(1);
    switch (sent.front()) {
        case kText:
            return text;
        case kUserError:
            throw UserError(text);
        case kFinding:
            throw SimulatedFinding(text);
        default:
            throw InternalError(text);
    }
}

}  // namespace splinter::platforms
