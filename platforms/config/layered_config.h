// All raw layers of one experiment, and any point of it resolved onto any described configuration.
//
// Layers, lowest first: the defaults of the description; files that the experiment includes; the platform file (above its own
// includes); the experiment file's keys; the values that a point chooses on the axes; --set.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platforms/config/axis.h"
#include "platforms/config/field.h"
#include "platforms/config/raw_file.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

class LayeredConfig {
  public:
    // Reads all files and checks every value, those of the axes too. `describe` shows a configuration of defaults that is
    // used for checking only. An empty path: no file, the defaults with `sets` on top. Throws UserError.
    static LayeredConfig load(const std::string& path, const std::vector<std::string>& sets, const Describe& describe);

    [[nodiscard]] const std::string& path() const { return own_.path; }
    [[nodiscard]] const std::string& question() const { return own_.description; }
    [[nodiscard]] const std::vector<Axis>& axes() const { return axes_; }
    // All combinations, the last axis fastest; axes of one zip move together, in the place of the first of them.
    [[nodiscard]] std::vector<PointKey> points() const;
    // Fills the configuration, which holds the defaults. `key` is one of points(). Returns all parameters, sorted by key.
    std::vector<ConfigEntry> resolve(const PointKey& key, const Describe& describe) const;

  private:
    using Choice = std::vector<std::size_t>;  // an index into each axis' values
    using Group = std::vector<std::size_t>;   // axes of one zip, or an axis alone

    LayeredConfig() = default;
    void apply_sets(const std::vector<std::string>& sets);
    void check_axes() const;
    void check_axis_keys() const;
    void check_zips() const;
    [[nodiscard]] std::vector<Group> groups() const;
    void read_platforms();
    void name_axis_values(const Describe& describe);
    [[nodiscard]] Axis name_values_of(std::size_t axis, const Group& group, const Describe& describe) const;
    void refuse_repetition(const Group& group) const;
    [[nodiscard]] RawTable chosen_values(const Choice& choice) const;
    [[nodiscard]] const RawEntry* model_of(const RawTable& chosen) const;
    std::vector<ConfigEntry> resolve_choice(const Choice& choice, const Describe& describe) const;

    std::vector<RawFile> includes_;
    RawFile own_;
    RawTable sets_;
    std::vector<RawAxis> raw_axes_;
    std::vector<Axis> axes_;                                 // raw_axes_ in canonical text
    std::map<std::string, std::vector<RawFile>> platforms_;  // by the text of platform.model
};

}  // namespace splinter::platforms
