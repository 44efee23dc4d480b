# Shared by the tests of the program: where things are, a run that takes a fraction of a second, and what every refusal must be.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the tests use these variables, bats sets others
bats_require_minimum_version 1.5.0

splinter="${SPLINTER:-$BATS_TEST_DIRNAME/../../build/release/splinter}"
[ -x "$splinter" ] || { echo "no program at $splinter: set SPLINTER"; return 1; }
source_dir="${SPLINTER_SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}"
smoke="$source_dir/configs/experiments/smoke.toml"
work="$BATS_TEST_TMPDIR/work"   # bats keeps files of its own one level up
mkdir "$work"
first_light="$source_dir/configs/experiments/first-light.toml"

# Options for a run of a few milliseconds of simulated time.
small=(--set workload.secretmem.pages=64 --set workload.secretmem.warm_up=5000cyc --set workload.secretmem.baseline=10000cyc)
# The same for first-light.toml, of which they choose the synthetic load.
small_first_light=("${small[@]}" --set workload.run=secretmem --set platform.memory=4GiB)

# refuses TEXT ARGUMENT...: exit 2, nothing on stdout, and TEXT in the only line on stderr.
refuses() {
    run --separate-stderr "$splinter" "${@:2}"
    # Shown by bats if the test fails.
    printf 'exit %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "splinter: "*"$1"* ]]
}

# refuses_config TEXT LINE...: the same for `run --json` on an experiment of these lines, which must not leave a file.
refuses_config() {
    printf '%s\n' "${@:2}" >"$work/bad.toml"
    refuses "$work/bad.toml:$1" run "$work/bad.toml" --json "$work/out.json"
    leaves_only bad.toml
}

# trace_with NAME FILTER: $work/trace holds the recorded trace NAME, its log plain and put through the shell command FILTER.
trace_with() {
    mkdir "$work/trace"
    cp "$source_dir/tests/data/traces/$1"/snap* "$work/trace"
    xz -dc "$source_dir/tests/data/traces/$1/trace.csv.xz" | bash -c "$2" >"$work/trace/trace.csv"
}

# leaves_only NAME...: the test's directory holds these files and no others, hidden ones included.
leaves_only() {
    [ "$(ls -A "$work")" = "$(printf '%s\n' "$@")" ]
}
