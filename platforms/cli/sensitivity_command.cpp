// splinter sensitivity CONFIG: does the answer depend on the numbers that are not well known? Each uncertain parameter goes to
// both ends of its range, alone; then, for each two neighbours in the order of the alternatives, all together to the ends that
// are worst for the lower one. A duration whose low end leaves a run's state as it was is not used in it: its high end is not
// tried.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/cli/scratch_directory.h"
#include "platforms/cli/sensitivity_points.h"
#include "platforms/cli/sensitivity_runs.h"
#include "platforms/config/suggest.h"
#include "platforms/config/uncertainty.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/point_labels.h"
#include "platforms/report/sensitivity_report.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

constexpr const char* kUsualFigure = "cycles_per_page";

std::string figure_of(const Arguments& arguments, const ResolvedPoint& point) {
    PointResult configured;
    configured.result.config = point.entries;
    const std::vector<std::string> columns = requested_columns({configured});
    if (!arguments.figure)
        return columns.empty() || std::ranges::find(columns, kUsualFigure) != columns.end() ? kUsualFigure : columns.front();
    const std::vector<std::string> known = column_names();
    if (std::ranges::find(known, *arguments.figure) == known.end())
        throw UserError("--figure",
                        fmt::format("no figure has the name \"{}\"; `splinter list` prints them", *arguments.figure),
                        did_you_mean(*arguments.figure, known));
    return *arguments.figure;
}

Move moved(const PointKey& point, const UncertainParameter& parameter, const std::string& end) {
    return {point, end == parameter.value ? std::vector<AxisValue>{} : std::vector<AxisValue>{{parameter.key, end}}};
}

class Study {
  public:
    Study(SensitivityPoints points, std::vector<UncertainParameter> parameters, SensitivityRuns& runs)
        : points_{std::move(points)}, parameters_{std::move(parameters)}, runs_{runs} {}

    int simulate() {
        std::vector<Move> moves;
        for (const PointKey& key : points_.keys) moves.push_back({key, {}});
        if (const int code = runs_.run(moves); code != kExitOk) return code;
        moves.clear();
        for (const UncertainParameter& parameter : parameters_)
            for (const PointKey& key : points_.keys) moves.push_back(moved(key, parameter, parameter.low));
        const int low = runs_.run(moves);
        moves.clear();
        for (const UncertainParameter& parameter : parameters_)
            for (const PointKey& key : points_.keys)
                if (!is_unused(parameter, key)) moves.push_back(moved(key, parameter, parameter.high));
        return std::max(low, runs_.run(moves));
    }

    // By state: what happened in the runs is the same at every end that was tried.
    [[nodiscard]] bool used_anywhere(const UncertainParameter& parameter) const {
        return std::ranges::any_of(points_.keys, [&](const PointKey& key) {
            return !same_state(parameter, key, parameter.low) || !same_state(parameter, key, parameter.high);
        });
    }

    [[nodiscard]] std::vector<SensitivitySection> sections() const {
        std::vector<SensitivitySection> out;
        for (const SensitivityPlace& place : places_of(points_))
            for (const MoveOutcome::Workload& workload : runs_.find({place.keys.front(), {}})->workloads)
                if (!workload.phases.empty()) out.push_back(section(place, workload));
        return out;
    }

    // The neighbours of a section, with all used parameters at the ends that are worst for the lower one.
    struct JointMove {
        JointResponse pair;
        Move first;
        Move second;
    };
    [[nodiscard]] std::vector<JointMove> joint_moves(const SensitivitySection& section) const {
        const auto places = places_of(points_);
        const auto place = std::ranges::find_if(places, [&](const auto& other) { return name_of(other) == section.place; });
        const std::vector<std::size_t> order = order_of(section.base);
        std::vector<JointMove> out;
        for (std::size_t i = 0; i + 1 < order.size(); ++i) {
            std::vector<AxisValue> changes;
            for (const ParameterResponse& response : section.responses) {
                const bool high = high_favours_second(response, order[i], order[i + 1]);
                const std::string& end = high ? response.parameter.high : response.parameter.low;
                if (end != response.parameter.value) changes.push_back({response.parameter.key, end});
            }
            out.push_back(
                {{order[i], order[i + 1], {}, {}}, {place->keys[order[i]], changes}, {place->keys[order[i + 1]], changes}});
        }
        return out;
    }

  private:
    static std::string name_of(const SensitivityPlace& place) { return place.place.empty() ? "" : point_name(place.place); }

    // An end that failed or was not tried changes nothing that is known.
    [[nodiscard]] bool same_state(const UncertainParameter& parameter, const PointKey& key, const std::string& end) const {
        const MoveOutcome* at_end = runs_.find(moved(key, parameter, end));
        return at_end == nullptr || at_end->state_hashes == runs_.find({key, {}})->state_hashes;
    }
    [[nodiscard]] bool is_unused(const UncertainParameter& parameter, const PointKey& key) const {
        const bool tried = parameter.low != parameter.value && runs_.find(moved(key, parameter, parameter.low)) != nullptr;
        return parameter.value.ends_with("cyc") && tried && same_state(parameter, key, parameter.low);
    }

    [[nodiscard]] AlternativeFigures figures(const SensitivityPlace& place, const SensitivitySection& section,
                                             const UncertainParameter* parameter, const std::string& end) const {
        AlternativeFigures out;
        for (const PointKey& key : place.keys) {
            const bool base = parameter == nullptr || is_unused(*parameter, key);
            const MoveOutcome* outcome = runs_.find(base ? Move{key, {}} : moved(key, *parameter, end));
            out.push_back(outcome == nullptr ? std::nullopt : outcome->figure(section.workload, section.phase));
        }
        return out;
    }

    [[nodiscard]] SensitivitySection section(const SensitivityPlace& place, const MoveOutcome::Workload& workload) const {
        const auto steady = std::ranges::find(workload.phases, "steady", &std::pair<std::string, double>::first);
        SensitivitySection out;
        out.workload = workload.name;
        out.phase = steady != workload.phases.end() ? steady->first : workload.phases.back().first;
        out.place = name_of(place);
        out.alternatives = place.alternatives;
        out.base = figures(place, out, nullptr, "");
        for (const UncertainParameter& parameter : parameters_) {
            if (!used_anywhere(parameter)) continue;
            out.responses.push_back(
                {{parameter.key, parameter.value, parameter.low, parameter.high, parameter.confidence, parameter.recorded},
                 figures(place, out, &parameter, parameter.low),
                 figures(place, out, &parameter, parameter.high)});
        }
        rank_responses(out);
        return out;
    }

    SensitivityPoints points_;
    std::vector<UncertainParameter> parameters_;
    SensitivityRuns& runs_;
};

// Fills the joint responses of all sections. Returns the gravest exit code.
int simulate_joint(const Study& study, SensitivityRuns& runs, std::vector<SensitivitySection>& sections) {
    std::vector<Move> moves;
    for (const SensitivitySection& section : sections)
        for (const Study::JointMove& joint : study.joint_moves(section)) moves.insert(moves.end(), {joint.first, joint.second});
    const int code = runs.run(moves);
    for (SensitivitySection& section : sections)
        for (const Study::JointMove& joint : study.joint_moves(section)) {
            const auto figure = [&](const Move& move) {
                const MoveOutcome* outcome = runs.find(move);
                return outcome == nullptr ? std::nullopt : outcome->figure(section.workload, section.phase);
            };
            section.joint.push_back({joint.pair.first, joint.pair.second, figure(joint.first), figure(joint.second)});
        }
    return code;
}

}  // namespace

int execute_sensitivity(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const Experiment experiment = Experiment::load(arguments.positional[0], arguments.sets);
    const SensitivityPoints points = choose_points(experiment);
    const ResolvedPoint first = experiment.resolve(points.keys.front());
    const std::string figure = figure_of(arguments, first);
    const Uncertainty uncertainty = uncertainty_of(first.entries);
    if (arguments.json) check_writable(*arguments.json);
    std::unique_ptr<ScratchDirectory> scratch;
    if (!arguments.keep) scratch = std::make_unique<ScratchDirectory>();
    const std::string directory = arguments.keep.value_or(scratch ? scratch->path() : "");
    if (std::error_code error;
        !std::filesystem::is_directory(directory) && !std::filesystem::create_directories(directory, error))
        throw UserError("--keep " + directory, "cannot be created: " + error.message());

    SensitivityRuns runs{invocation, directory, figure};
    Study study{points, uncertainty.varied, runs};
    int code = study.simulate();
    if (runs.find({points.keys.front(), {}}) == nullptr) return code;
    SensitivityReport report{
        std::string{invocation.version}, figure,           points.ranked_axis, kRangeRule, points.chosen, {},
        uncertainty.without_range,       study.sections(), first.entries};
    if (report.sections.empty()) throw UserError("--figure " + figure, "no run has this figure");
    code = std::max(code, simulate_joint(study, runs, report.sections));
    for (const UncertainParameter& parameter : uncertainty.varied)
        if (!study.used_anywhere(parameter))
            report.unused.push_back(
                {parameter.key, parameter.value, parameter.low, parameter.high, parameter.confidence, parameter.recorded});
    for (const std::string& refusal : runs.refused()) invocation.log.warn("not tried: {}", refusal);
    if (arguments.json) write_file_atomically(*arguments.json, sensitivity_json(report));
    print(sensitivity_text(report));
    return code;
}

}  // namespace splinter::platforms
