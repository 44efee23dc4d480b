#include "platforms/config/layers.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/suggest.h"

namespace splinter::platforms {
namespace {

namespace fs = std::filesystem;

// Axes and the platform are chosen in one place, or the order of the layers could not be told from reading one file.
void refuse_experiment_keys(const RawFile& file) {
    if (!file.axes_origin.empty()) {
        throw UserError(file.axes_origin, "[axes] is allowed in the experiment file only, the one given on the command line");
    }
    if (!file.rows.empty())
        throw UserError(file.rows.front().origin,
                        "[[row]] is allowed in the experiment file only, the one given on the command line");
    if (!file.description_origin.empty())
        throw UserError(file.description_origin,
                        "`description` is allowed in the experiment file only, the one given on the command line");
    if (const auto found = file.values.find(kModelKey); found != file.values.end()) {
        throw UserError(found->second.key_origin,
                        fmt::format("`{}` is allowed in the experiment file only, or by --set", kModelKey));
    }
}

// Reads `path` below its includes; `chain` are the files being read, outermost first.
void read_into(std::vector<RawFile>& files, std::vector<std::string>& chain, const std::string& path,
               const std::string& referrer) {
    const auto same_file = [&](const std::string& other) {
        std::error_code missing;  // reading reports it
        return fs::equivalent(path, other, missing);
    };
    if (const auto begin = std::ranges::find_if(chain, same_file); begin != chain.end()) {
        throw UserError(referrer, fmt::format("files include each other in a circle: {} -> {}",
                                              fmt::join(begin, chain.end(), " -> "), path));
    }
    RawFile file = read_raw_file(path, referrer);
    chain.push_back(path);
    for (const RawInclude& include : file.includes) {
        read_into(files, chain, include.path, include.origin);
        refuse_experiment_keys(files.back());
    }
    chain.pop_back();
    files.push_back(std::move(file));
}

// Names of the .toml files of a directory, without the suffix, sorted.
std::vector<std::string> models_in(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code missing;  // then there are none
    for (const fs::directory_entry& file : fs::directory_iterator{directory, missing}) {
        if (file.path().extension() == ".toml") names.push_back(file.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

std::string platform_path(const RawValue& model, const std::string& experiment_path) {
    const std::string& name = model.text;
    if (name.find('/') != std::string::npos || name.ends_with(".toml")) {
        return model.kind == RawKind::command_line ? name : path_beside(experiment_path, name);
    }
    // Without an experiment file, or with one that has no platforms beside it: seen from the repository's root, as
    // `splinter list` does.
    constexpr const char* kFromRoot = "configs/platforms";
    std::string directory = experiment_path.empty() ? kFromRoot : path_beside(experiment_path, "../platforms");
    std::vector<std::string> known = models_in(directory);
    if (known.empty() && !models_in(kFromRoot).empty()) {
        directory = kFromRoot;
        known = models_in(directory);
    }
    std::string path = directory + "/" + name + ".toml";
    std::error_code unreadable;  // then it does not exist either
    if (fs::exists(path, unreadable)) return path;

    if (known.empty()) {
        throw UserError(model.origin,
                        fmt::format("unknown platform model \"{}\", there are no .toml files in `{}`", name, directory),
                        "the model may also be the path of a platform file, seen from the experiment file");
    }
    throw UserError(model.origin,
                    fmt::format("unknown platform model \"{}\", `{}` has {}", name, directory, fmt::join(known, ", ")),
                    did_you_mean(name, known));
}

}  // namespace

std::vector<RawFile> read_with_includes(const std::string& path, const std::string& referrer) {
    std::vector<RawFile> files;
    std::vector<std::string> chain;
    read_into(files, chain, path, referrer);
    return files;
}

std::vector<RawFile> read_platform(const RawValue& model, const std::string& experiment_path) {
    if (model.kind != RawKind::string && model.kind != RawKind::command_line) {
        throw UserError(model.origin, fmt::format("`{}` is {}, expected a string", kModelKey, model.text));
    }
    std::vector<RawFile> files = read_with_includes(platform_path(model, experiment_path), model.origin);
    refuse_experiment_keys(files.back());
    return files;
}

}  // namespace splinter::platforms
