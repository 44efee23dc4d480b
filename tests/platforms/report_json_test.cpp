// JSON: nothing is lost, nothing that is not ours is read.
#include <limits>

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/run/run_result_json.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

namespace {

std::string json_error(const std::string& text) {
    try {
        (void)run_result_from_json(text, "r.json");
    } catch (const UserError& error) {
        return error.what();
    }
    return "no error";
}

std::string replaced_in_json(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST(ResultJson, RefusesRowsThatAreNotNumbers) {
    const std::string text = to_json(samples::full_result());
    EXPECT_EQ(
        json_error(replaced_in_json(text, "\"1 0 3\"", "\"1 0  3\"")),
        "r.json: workloads[0].free_lists.samples[0].blocks[0]: expected whole numbers with spaces between them, found string");
    EXPECT_EQ(json_error(replaced_in_json(text, "\"3 1 0 0 1 0\"", "\"3 1 0 0 1\"")),
              "r.json: workloads[0].direct_map.runs[0]: expected 6 numbers, found string");
}

TEST(ResultJson, ReadsBackWhatItWrote) {
    const RunResult before = samples::full_result();
    const RunResult after = run_result_from_json(to_json(before), "r.json");
    EXPECT_EQ(to_json(after), to_json(before));
    EXPECT_EQ(after.program_version, before.program_version);
    EXPECT_EQ(after.question, "what does it cost?");
    EXPECT_EQ(after.point, (PointKey{{"platform.cores", "2"}, {"flush.strategy", "none"}}));
    ASSERT_EQ(after.config.size(), 2U);
    EXPECT_EQ(after.config[0].key, "hw.core.invlpg");
    EXPECT_EQ(after.config[0].value, "200cyc");
    EXPECT_EQ(after.config[0].origin, "configs/platforms/x.toml:12:5");
    EXPECT_EQ(after.config[0].source, "\"SDM\" 3A");
    EXPECT_EQ(after.config[0].confidence, "H");
    EXPECT_EQ(after.config[0].range_low, "100cyc");
    EXPECT_EQ(after.config[0].range_high, "260cyc");
    EXPECT_EQ(after.config[1].range_low, "");
    ASSERT_EQ(after.workloads.size(), 2U);
    const WorkloadResult& read = after.workloads[0];
    const WorkloadResult& written = before.workloads[0];
    EXPECT_EQ(read.workload, "secretmem");
    ASSERT_EQ(read.phases.size(), 2U);
    EXPECT_EQ(read.phases[0].name, "population");
    EXPECT_EQ(read.phases[0].metrics, written.phases[0].metrics);
    EXPECT_EQ(read.phases[1].metrics, written.phases[1].metrics);
    EXPECT_EQ(read.histograms, written.histograms);
    ASSERT_EQ(read.ledger.size(), 2U);
    EXPECT_EQ(read.ledger[1].side, LedgerSide::victim);
    EXPECT_EQ(read.ledger[1].path, "user");
    EXPECT_EQ(read.ledger[1].cycles, ~std::uint64_t{0});
    EXPECT_EQ(read.counters, written.counters);
    EXPECT_EQ(read.facts, written.facts);
    EXPECT_EQ(read.free_lists, written.free_lists);
    EXPECT_EQ(read.direct_map, written.direct_map);
    EXPECT_EQ(read.end_cycles, written.end_cycles);
    EXPECT_EQ(read.state_hash, written.state_hash);
}

TEST(ResultJson, WritesItsKeysInOneOrder) {
    RunResult result;
    result.program_version = "0.1.0";
    result.workloads = {samples::workload("trace", {{"trace", {{"splits", 2}, {"pages", 0.5}}}})};
    EXPECT_EQ(to_json(result), R"({
  "schema": 2,
  "program_version": "0.1.0",
  "question": "",
  "point": [],
  "config": [],
  "workloads": [
    {
      "workload": "trace",
      "phases": [
        {
          "name": "trace",
          "metrics": {
            "pages": 0.5,
            "splits": 2.0
          }
        }
      ],
      "histograms": [],
      "ledger": [],
      "counters": {},
      "facts": {},
      "proc": {},
      "free_lists": {
        "types": [],
        "phases": [],
        "samples": []
      },
      "direct_map": {
        "cell_bytes": 0,
        "columns": "cells 4k 2m 1g unmapped keyed",
        "runs": []
      },
      "end_cycles": 1000,
      "state_hash": "0x0000000000000abc"
    }
  ]
}
)");
}

TEST(ResultJson, RefusesAnotherSchemaBeforeAnythingElse) {
    EXPECT_EQ(json_error(R"({"schema": 99, "other": 1})"),
              "r.json: result schema 99 is not supported; this version reads schema 2");
    EXPECT_EQ(json_error("{}"), "r.json: not a result of splinter: no schema number");
    EXPECT_EQ(json_error("[1]"), "r.json: not a result of splinter: no schema number");
}

TEST(ResultJson, NamesLineAndColumnOfGarbage) {
    EXPECT_EQ(json_error("{\n  \"schema\": 1,\n  oops"), "r.json:3:3: not JSON; expected a result written by splinter");
    EXPECT_EQ(json_error(""), "r.json:1:1: not JSON; expected a result written by splinter");
    EXPECT_EQ(json_error(std::string{"\x7f\x45\x4c\x46\0\x01", 6}),
              "r.json:1:1: not JSON; expected a result written by splinter");
}

TEST(ResultJson, RefusesTruncatedText) {
    const std::string whole = to_json(samples::full_result());
    for (std::size_t length = 0; length < whole.size() - 2; length += 7)
        EXPECT_NE(json_error(whole.substr(0, length)), "no error") << length;
}

TEST(ResultJson, NamesTheFieldThatIsWrong) {
    const std::string good = to_json(samples::full_result());
    EXPECT_EQ(json_error(replaced_in_json(good, "\"splits\": 3.0", "\"splits\": \"3\"")),
              "r.json: workloads[0].phases[0].metrics.splits: expected a number, found string");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"end_cycles\": 1000", "\"end_cycles\": -1")),
              "r.json: workloads[1].end_cycles: expected a whole number, found number");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"facts\": {}", "\"fact\": {}")),
              "r.json: workloads[1]: field \"facts\" is missing");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"facts\": {}", "\"facts\": {}, \"more\": 1")),
              "r.json: workloads[1]: unknown field \"more\"");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"victim\"", "\"bystander\"")),
              "r.json: workloads[0].ledger[1].side: expected \"initiator\" or \"victim\", found string");
    EXPECT_EQ(json_error(replaced_in_json(good, "0x0000000000000abc", "0xabcg")),
              "r.json: workloads[1].state_hash: expected a hexadecimal number, found string");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"min\": 301", "\"min\": 302")),
              "r.json: workloads[0].histograms[0].buckets[0]: expected a bucket between `min` and `max`, found array");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"relative_error\": 0.0078125", "\"relative_error\": 0.01")),
              "r.json: workloads[0].histograms[0].relative_error: expected that of this version, found number");
    EXPECT_EQ(json_error(replaced_in_json(good, "\"260cyc\"", "\"260cyc\", \"1cyc\"")),
              "r.json: config[0].range: expected two values or none, found array");
    EXPECT_EQ(json_error(replaced_in_json(good, "1e-300", "1e999")), "r.json: a number is out of range");
}

TEST(ResultJson, DoesNotWriteWhatIsNoNumber) {
    RunResult result = samples::full_result();
    result.workloads[0].phases[0].metrics["splits"] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW((void)to_json(result), InternalError);
}

TEST(ResultJson, BlamesTheUserForTextThatIsNotUtf8) {
    RunResult result = samples::full_result();
    result.config[0].value = "\xff";
    EXPECT_THROW((void)to_json(result), UserError);
}

}  // namespace splinter::platforms
