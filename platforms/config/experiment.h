// An experiment file with everything it names (platform, costs, workload files) and the command line's --set on top:
// raw layers in, resolved points out. A model never sees a half-filled config (design: "raw to resolved in two stages").
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "platforms/config/axis.h"
#include "platforms/config/run_config.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct ResolvedPoint {
    PointKey key;
    RunConfig config;
    std::vector<ConfigEntry> entries;  // every parameter with value and origin, sorted by key
    std::string question;              // what the experiment asks
};

class Experiment {
  public:
    // Reads `path` and what it includes; an empty path stands for the built-in defaults. `sets` are the texts after --set,
    // "key=value" or "key=v1,v2,v3". Throws UserError: unknown key (did you mean), wrong type, missing unit, out of range,
    // duplicate, missing file.
    static Experiment load(const std::string& path, const std::vector<std::string>& sets);

    Experiment(Experiment&&) noexcept;
    Experiment& operator=(Experiment&&) noexcept;
    ~Experiment();

    // `description` of the file, or the text of its first comment; "" if it has neither.
    [[nodiscard]] const std::string& question() const;
    [[nodiscard]] const std::vector<Axis>& axes() const;
    // All combinations, the last axis fastest.
    [[nodiscard]] std::vector<PointKey> points() const;
    // Throws UserError as load() does; `key` must have one value for every axis.
    [[nodiscard]] ResolvedPoint resolve(const PointKey& key) const;
    // The single point of an experiment without open axes; throws UserError naming the open axes otherwise.
    [[nodiscard]] ResolvedPoint resolve_single() const;

  private:
    struct Impl;
    explicit Experiment(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace splinter::platforms
