// Writing is a walk over the structs; reading is strict: each object must have exactly the fields that writing gives it, so
// that a file of another program or version is refused instead of half understood.
#include "platforms/run/run_result_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string_view side_name(LedgerSide side) { return side == LedgerSide::initiator ? "initiator" : "victim"; }

ordered_json write_config(const std::vector<ConfigEntry>& config) {
    ordered_json list = ordered_json::array();
    for (const ConfigEntry& entry : config) {
        ordered_json range = ordered_json::array();
        if (!entry.range_low.empty()) range = {entry.range_low, entry.range_high};
        list.push_back({{"key", entry.key},
                        {"value", entry.value},
                        {"origin", entry.origin},
                        {"source", entry.source},
                        {"confidence", entry.confidence},
                        {"range", range}});
    }
    return list;
}

// Buckets as [lowest value, count]: the width of each follows from its lowest value (hw/base/histogram.h).
ordered_json write_histograms(const std::vector<LatencyHistogram>& histograms) {
    ordered_json list = ordered_json::array();
    for (const LatencyHistogram& item : histograms) {
        ordered_json buckets = ordered_json::array();
        for (const Histogram::Bucket& bucket : item.histogram.buckets()) buckets.push_back({bucket.low, bucket.count});
        list.push_back({{"phase", item.phase},
                        {"figure", item.figure},
                        {"min", item.histogram.min()},
                        {"max", item.histogram.max()},
                        {"relative_error", Histogram::kRelativeError},
                        {"buckets", buckets}});
    }
    return list;
}

ordered_json write_point(const PointKey& point) {
    ordered_json list = ordered_json::array();
    for (const AxisValue& axis : point) list.push_back({{"key", axis.key}, {"value", axis.value}});
    return list;
}

ordered_json write_phases(const std::vector<Phase>& phases) {
    ordered_json list = ordered_json::array();
    for (const Phase& phase : phases) {
        ordered_json figures = ordered_json::object();
        for (const auto& [id, value] : phase.metrics) {
            SPLINTER_CHECK(std::isfinite(value), fmt::format("metric {} of phase {} is not finite", id, phase.name));
            figures[id] = value;
        }
        list.push_back({{"name", phase.name}, {"metrics", figures}});
    }
    return list;
}

// Rows of numbers are strings, so that a row is a line of the file.
std::string row_text(const std::vector<std::uint64_t>& row) { return fmt::format("{}", fmt::join(row, " ")); }

ordered_json write_free_lists(const FreeListHistory& history) {
    ordered_json out = ordered_json::object();
    out["types"] = history.types;
    out["phases"] = ordered_json::array();
    for (const PhaseStart& phase : history.phases) out["phases"].push_back({{"name", phase.name}, {"cycles", phase.cycles}});
    out["samples"] = ordered_json::array();
    for (const FreeListSample& sample : history.samples) {
        ordered_json rows = ordered_json::array();
        for (const auto& row : sample.blocks) rows.push_back(row_text(row));
        out["samples"].push_back({{"cycles", sample.cycles}, {"blocks", rows}});
    }
    return out;
}

constexpr const char* kRunColumns = "cells 4k 2m 1g unmapped keyed";

ordered_json write_direct_map(const DirectMapPicture& picture) {
    ordered_json out = ordered_json::object();
    out["cell_bytes"] = picture.cell_bytes;
    out["columns"] = kRunColumns;
    out["runs"] = ordered_json::array();
    for (const auto& [cells, cell] : picture.runs)
        out["runs"].push_back(row_text({cells, cell.pages_4k, cell.pages_2m, cell.pages_1g, cell.unmapped, cell.keyed}));
    return out;
}

ordered_json write_workload(const WorkloadResult& workload) {
    ordered_json ledger = ordered_json::array();
    for (const LedgerLine& line : workload.ledger)
        ledger.push_back({{"side", side_name(line.side)}, {"path", line.path}, {"cycles", line.cycles}});
    ordered_json out = ordered_json::object();
    out["workload"] = workload.workload;
    out["phases"] = write_phases(workload.phases);
    out["histograms"] = write_histograms(workload.histograms);
    out["ledger"] = ledger;
    out["counters"] = ordered_json(workload.counters);
    out["facts"] = ordered_json(workload.facts);
    out["proc"] = ordered_json(workload.proc);
    out["free_lists"] = write_free_lists(workload.free_lists);
    out["direct_map"] = write_direct_map(workload.direct_map);
    out["end_cycles"] = workload.end_cycles;
    out["state_hash"] = fmt::format("{:#018x}", workload.state_hash);
    return out;
}

// A place in the text: the value and its path from the root, for errors.
class ResultValue {
  public:
    ResultValue(const json& value, std::string path, const std::string& origin)
        : value_{value}, path_{std::move(path)}, origin_{origin} {}

    // An object with these fields and no others.
    void expect_fields(std::initializer_list<const char*> names) const {
        if (!value_.is_object()) fail("an object");
        for (const char* name : names)
            if (!value_.contains(name)) throw UserError(origin_, fmt::format("{}: field \"{}\" is missing", where(), name));
        for (const auto& [key, unused] : value_.items())
            if (std::find(names.begin(), names.end(), key) == names.end())
                throw UserError(origin_, fmt::format("{}: unknown field \"{}\"", where(), key));
    }
    [[nodiscard]] ResultValue at(const std::string& name) const {
        return {value_.at(name), path_.empty() ? name : path_ + "." + name, origin_};
    }
    template <class Visit>
    void for_each_item(Visit&& visit) const {
        if (!value_.is_array()) fail("a list");
        for (std::size_t i = 0; i < value_.size(); ++i) visit(ResultValue{value_[i], fmt::format("{}[{}]", path_, i), origin_});
    }
    template <class Visit>
    void for_each_member(Visit&& visit) const {
        if (!value_.is_object()) fail("an object");
        for (const auto& [key, unused] : value_.items()) visit(key, at(key));
    }
    [[nodiscard]] std::string text() const {
        if (!value_.is_string()) fail("a string");
        return value_.get<std::string>();
    }
    [[nodiscard]] std::uint64_t whole() const {
        if (!value_.is_number_unsigned()) fail("a whole number");
        return value_.get<std::uint64_t>();
    }
    [[nodiscard]] double number() const {
        if (!value_.is_number()) fail("a number");
        return value_.get<double>();
    }
    // Whole numbers with one space between them.
    [[nodiscard]] std::vector<std::uint64_t> row() const {
        const std::string numbers = text();
        std::vector<std::uint64_t> out;
        const char* at = numbers.data();
        const char* const end = at + numbers.size();
        while (true) {
            const auto [stop, error] = std::from_chars(at, end, out.emplace_back());
            if (error != std::errc{} || (stop != end && *stop != ' ')) fail("whole numbers with spaces between them");
            if (stop == end) return out;
            at = stop + 1;
        }
    }
    [[nodiscard]] std::uint64_t hash() const {
        const std::string digits = text();
        std::uint64_t value = 0;
        const char* end = digits.data() + digits.size();
        if (!digits.starts_with("0x")) fail("a hexadecimal number");
        const auto [stop, error] = std::from_chars(digits.data() + 2, end, value, 16);
        if (error != std::errc{} || stop != end) fail("a hexadecimal number");
        return value;
    }
    [[noreturn]] void fail(const std::string& expected) const {
        throw UserError(origin_, fmt::format("{}: expected {}, found {}", where(), expected, value_.type_name()));
    }

  private:
    [[nodiscard]] std::string where() const { return path_.empty() ? "result" : path_; }
    const json& value_;
    std::string path_;
    const std::string& origin_;
};

LedgerSide read_side(const ResultValue& node) {
    for (const LedgerSide side : {LedgerSide::initiator, LedgerSide::victim})
        if (node.text() == side_name(side)) return side;
    node.fail("\"initiator\" or \"victim\"");
}

FreeListHistory read_free_lists(const ResultValue& node) {
    node.expect_fields({"types", "phases", "samples"});
    FreeListHistory out;
    node.at("types").for_each_item([&](const ResultValue& item) { out.types.push_back(item.text()); });
    node.at("phases").for_each_item([&](const ResultValue& item) {
        item.expect_fields({"name", "cycles"});
        out.phases.push_back({item.at("name").text(), item.at("cycles").whole()});
    });
    node.at("samples").for_each_item([&](const ResultValue& item) {
        item.expect_fields({"cycles", "blocks"});
        FreeListSample& sample = out.samples.emplace_back();
        sample.cycles = item.at("cycles").whole();
        item.at("blocks").for_each_item([&](const ResultValue& row) { sample.blocks.push_back(row.row()); });
        if (sample.blocks.size() != out.types.size()) item.at("blocks").fail("a row for each type");
    });
    return out;
}

DirectMapPicture read_direct_map(const ResultValue& node) {
    node.expect_fields({"cell_bytes", "columns", "runs"});
    DirectMapPicture out;
    out.cell_bytes = node.at("cell_bytes").whole();
    if (node.at("columns").text() != kRunColumns) node.at("columns").fail(std::string{"\""} + kRunColumns + "\"");
    node.at("runs").for_each_item([&](const ResultValue& item) {
        const std::vector<std::uint64_t> row = item.row();
        if (row.size() != 6) item.fail("6 numbers");
        out.runs.push_back({row[0], {row[1], row[2], row[3], row[4], row[5]}});
    });
    return out;
}

LatencyHistogram read_histogram(const ResultValue& node) {
    node.expect_fields({"phase", "figure", "min", "max", "relative_error", "buckets"});
    LatencyHistogram out{node.at("phase").text(), node.at("figure").text(), {}};
    if (node.at("relative_error").number() != Histogram::kRelativeError) node.at("relative_error").fail("that of this version");
    const std::uint64_t min = node.at("min").whole();
    const std::uint64_t max = node.at("max").whole();
    node.at("buckets").for_each_item([&](const ResultValue& item) {
        std::vector<std::uint64_t> numbers;
        item.for_each_item([&](const ResultValue& number) { numbers.push_back(number.whole()); });
        if (numbers.size() != 2) item.fail("a bucket's lowest value and its count");
        const Histogram::Bucket bucket = Histogram::bucket_of(numbers[0]);
        const std::uint64_t low = std::max(bucket.low, min);
        const std::uint64_t high = std::min(bucket.high, max);
        if (bucket.low != numbers[0] || numbers[1] == 0 || low > high) item.fail("a bucket between `min` and `max`");
        out.histogram.add(low, high, numbers[1]);
    });
    if (out.histogram.count() == 0) node.at("buckets").fail("at least one bucket");
    return out;
}

ConfigEntry read_entry(const ResultValue& node) {
    node.expect_fields({"key", "value", "origin", "source", "confidence", "range"});
    std::vector<std::string> range;
    node.at("range").for_each_item([&](const ResultValue& end) { range.push_back(end.text()); });
    if (!range.empty() && range.size() != 2) node.at("range").fail("two values or none");
    range.resize(2);
    return {node.at("key").text(),
            node.at("value").text(),
            node.at("origin").text(),
            node.at("source").text(),
            node.at("confidence").text(),
            range[0],
            range[1]};
}

WorkloadResult read_workload(const ResultValue& node) {
    node.expect_fields({"workload", "phases", "histograms", "ledger", "counters", "facts", "proc", "free_lists", "direct_map",
                        "end_cycles", "state_hash"});
    WorkloadResult out;
    out.workload = node.at("workload").text();
    node.at("phases").for_each_item([&](const ResultValue& item) {
        item.expect_fields({"name", "metrics"});
        Phase& phase = out.phases.emplace_back();
        phase.name = item.at("name").text();
        item.at("metrics").for_each_member(
            [&](const std::string& id, const ResultValue& n) { phase.metrics[id] = n.number(); });
    });
    node.at("histograms").for_each_item([&](const ResultValue& item) { out.histograms.push_back(read_histogram(item)); });
    node.at("ledger").for_each_item([&](const ResultValue& item) {
        item.expect_fields({"side", "path", "cycles"});
        out.ledger.push_back({read_side(item.at("side")), item.at("path").text(), item.at("cycles").whole()});
    });
    node.at("counters").for_each_member([&](const std::string& name, const ResultValue& n) { out.counters[name] = n.whole(); });
    node.at("facts").for_each_member([&](const std::string& name, const ResultValue& n) { out.facts[name] = n.text(); });
    node.at("proc").for_each_member([&](const std::string& name, const ResultValue& n) { out.proc[name] = n.text(); });
    out.free_lists = read_free_lists(node.at("free_lists"));
    out.direct_map = read_direct_map(node.at("direct_map"));
    out.end_cycles = node.at("end_cycles").whole();
    out.state_hash = node.at("state_hash").hash();
    return out;
}

json parse(const std::string& text, const std::string& origin) {
    try {
        return json::parse(text);
    } catch (const json::parse_error& error) {
        const std::size_t offset = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
        const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
        const std::size_t line_start = offset == 0 ? std::string::npos : text.rfind('\n', offset - 1);
        const std::size_t column = line_start == std::string::npos ? offset + 1 : offset - line_start;
        throw UserError(fmt::format("{}:{}:{}", origin, line, column), "not JSON", "expected a result written by splinter");
    } catch (const json::exception&) {
        throw UserError(origin, "a number is out of range");
    }
}

}  // namespace

std::string to_json(const RunResult& result) {
    ordered_json out = ordered_json::object();
    out["schema"] = result.schema;
    out["program_version"] = result.program_version;
    out["question"] = result.question;
    out["point"] = write_point(result.point);
    out["config"] = write_config(result.config);
    ordered_json workloads = ordered_json::array();
    for (const WorkloadResult& workload : result.workloads) workloads.push_back(write_workload(workload));
    out["workloads"] = workloads;
    try {
        return out.dump(2) + "\n";
    } catch (const ordered_json::type_error&) {
        throw UserError("result", "a configured text or path is not UTF-8 and cannot be written as JSON");
    }
}

RunResult run_result_from_json(const std::string& text, const std::string& origin) {
    const json root = parse(text, origin);
    // The schema is looked at first: the fields of another one are unknown.
    if (!root.is_object() || !root.contains("schema") || !root["schema"].is_number_integer())
        throw UserError(origin, "not a result of splinter: no schema number");
    if (root["schema"] != kResultSchema)
        throw UserError(origin, fmt::format("result schema {} is not supported", root["schema"].dump()),
                        fmt::format("this version reads schema {}", kResultSchema));
    const ResultValue node{root, "", origin};
    node.expect_fields({"schema", "program_version", "question", "point", "config", "workloads"});
    RunResult out;
    out.program_version = node.at("program_version").text();
    out.question = node.at("question").text();
    node.at("point").for_each_item([&](const ResultValue& item) {
        item.expect_fields({"key", "value"});
        out.point.push_back({item.at("key").text(), item.at("value").text()});
    });
    node.at("config").for_each_item([&](const ResultValue& item) { out.config.push_back(read_entry(item)); });
    node.at("workloads").for_each_item([&](const ResultValue& item) { out.workloads.push_back(read_workload(item)); });
    return out;
}

}  // namespace splinter::platforms
