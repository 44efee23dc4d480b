// What the configuration tests share: a small described aggregate with a field of each type, a directory of files that goes
// away, and the text of the error that a piece of code ends with.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "hw/base/params.h"
#include "hw/base/user_error.h"
#include "platforms/config/field.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms::testing {

struct Machine {
    std::string model = "none";
    std::uint64_t hertz = 1'000'000'000;
    std::uint64_t cores = 4;
    std::uint64_t memory = std::uint64_t{1} << 30;
    Cycles invlpg{200};
    bool global = true;
    std::string mechanism = "ipi";
    std::vector<std::string> run{"secretmem"};
    std::vector<std::string> predicates;
};

inline void describe(Machine& machine, ParamVisitor& visitor) {
    {
        const ParamGroup group{visitor, "hw"};
        const ParamGroup core{visitor, "core"};
        visitor.cycles("invlpg", machine.invlpg, {1, 10000}, "INVLPG, one page.");
        visitor.flag("global", machine.global, "CR4.PGE | global pages.");
    }
    {
        const ParamGroup group{visitor, "platform"};
        visitor.text("model", machine.model, "Platform file.");
        visitor.count("cores", machine.cores, {1, 1024}, "Online hardware threads.");
        visitor.bytes("memory", machine.memory, {4096, ~std::uint64_t{0}}, "RAM.");
        visitor.frequency("frequency", machine.hertz, {1'000'000, 10'000'000'000}, "Clock.");
    }
    const ParamGroup group{visitor, "workload"};
    visitor.choice("mechanism", machine.mechanism, {"ipi", "invlpgb", "rar"}, "How cores are told.");
    visitor.list("run", machine.run, {"secretmem", "trace"}, "Workloads.");
    visitor.list("predicates", machine.predicates, {}, "Any match.");
}

inline Describe describer(Machine& machine) {
    return [&machine](ParamVisitor& visitor) { describe(machine, visitor); };
}

inline Describe defaults() {
    return [](ParamVisitor& visitor) {
        Machine machine;
        describe(machine, visitor);
    };
}

// A directory of its own for each test, below the system's.
class TempDir {
  public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "splinter-config-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
    // Writes a file, with its folders; returns its path.
    std::string write(const std::string& name, const std::string& text) const {
        const std::filesystem::path file = path(name);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file, std::ios::binary} << text;
        return file.string();
    }

  private:
    std::string path_;
};

// What the user would read; "" and a failure if nothing is thrown.
template <class Action>
std::string error_of(const Action& action) {
    try {
        action();
    } catch (const UserError& error) {
        return error.what();
    }
    ADD_FAILURE() << "accepted";
    return "";
}

inline ConfigEntry entry_of(const std::vector<ConfigEntry>& entries, const std::string& key) {
    for (const ConfigEntry& entry : entries) {
        if (entry.key == key) return entry;
    }
    ADD_FAILURE() << "no entry " << key;
    return {};
}

}  // namespace splinter::platforms::testing
