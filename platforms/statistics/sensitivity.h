// What a figure does when uncertain parameters move to the ends of their ranges, one at a time, and whether the order of the
// alternatives (strategies) survives it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace splinter::platforms {

// The figure of each alternative; nothing where the run failed or has no such figure.
using AlternativeFigures = std::vector<std::optional<double>>;

struct MovedParameter {
    std::string key;
    std::string value;
    std::string low;
    std::string high;
    std::string confidence;
    bool recorded = false;  // the range; else by rule
};

struct ParameterResponse {
    MovedParameter parameter;
    AlternativeFigures low;
    AlternativeFigures high;
};

// All uncertain parameters together, each at the end that favours the second of two neighbours in the order.
struct JointResponse {
    std::size_t first = 0;  // alternatives, first below second
    std::size_t second = 0;
    std::optional<double> first_figure;
    std::optional<double> second_figure;
};

struct SensitivitySection {
    std::string workload;
    std::string phase;
    std::string place;                      // the other axes, "cores=16"; "" if there are none
    std::vector<std::string> alternatives;  // values of the ranked axis
    AlternativeFigures base;
    std::vector<ParameterResponse> responses;  // of all that were moved
    std::vector<JointResponse> joint;
};

// Moved less base, in parts of the base's size: +0.05 is 5 percent more. Nothing without both, or if the base is 0.
[[nodiscard]] std::optional<double> relative_change(std::optional<double> base, std::optional<double> moved);

// The largest relative change of any alternative at either end, without its sign.
[[nodiscard]] double effect_of(const ParameterResponse& response, const AlternativeFigures& base);

// Sorts the responses by effect, largest first; equal ones by key.
void rank_responses(SensitivitySection& section);

// Indices of the alternatives that have a figure, lowest first; ties in the order given.
[[nodiscard]] std::vector<std::size_t> order_of(const AlternativeFigures& figures);
// Does some pair stand the other way round? Ties are no change.
[[nodiscard]] bool order_changes(const AlternativeFigures& base, const AlternativeFigures& moved);
// Place of an alternative, from 1: how many are lower, plus one; nothing if it has no figure.
[[nodiscard]] std::optional<std::size_t> place_of(const AlternativeFigures& figures, std::size_t alternative);

// The end of the parameter at which `first` is dearest in relation to `second`: true for high.
[[nodiscard]] bool high_favours_second(const ParameterResponse& response, std::size_t first, std::size_t second);

}  // namespace splinter::platforms
