#include "platforms/cli/configs_directory.h"

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace fs = std::filesystem;

fs::path configs_directory(const Arguments& arguments) {
    std::error_code error;
    if (arguments.configs) {
        if (!fs::is_directory(*arguments.configs, error))
            throw UserError("--configs " + *arguments.configs, "no such directory");
        return *arguments.configs;
    }
    if (fs::is_directory("configs", error)) return "configs";
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path beside = (program.parent_path() / "../../configs").lexically_normal();
    if (!fs::is_directory(beside, error)) throw UserError("configs", "no such directory", "name it with --configs DIR");
    return beside;
}

}  // namespace splinter::platforms
