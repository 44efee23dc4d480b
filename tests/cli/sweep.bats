#!/usr/bin/env bats
# splinter sweep and compare: many points, each in a process of its own.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    # shellcheck disable=SC2054  # the commas are splinter's
    axes=(--set platform.cores=2,4 --set flush.strategy=none,freetype)
}

@test "a sweep writes one file per point and the same CSV and table whatever -j" {
    for jobs in 1 2; do
        "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" -j $jobs --out "$work/$jobs" \
            >"$work/$jobs.txt" 2>"$work/$jobs.log"
    done
    diff -r "$work/1" "$work/2"
    cmp "$work/1.txt" "$work/2.txt"
    expected=('cores=2,strategy=freetype.json' 'cores=2,strategy=none.json' 'cores=4,strategy=freetype.json'
        'cores=4,strategy=none.json' 'sweep.csv' 'sweep.json')
    [ "$(LC_ALL=C ls -A "$work/1")" = "$(printf '%s\n' "${expected[@]}")" ]
    # A heading, and two phases of four points.
    [ "$(wc -l <"$work/1/sweep.csv")" -eq 9 ]
    grep -q 'cycles/page from low to high' "$work/1.txt"
}

@test "the points with the most cores start first, else in the order of the axes" {
    "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" -j 1 --out "$work/sweep" 2>"$work/log" >"$work/txt"
    expected=('[1/4] cores=4,strategy=none' '[2/4] cores=4,strategy=freetype' '[3/4] cores=2,strategy=none'
        '[4/4] cores=2,strategy=freetype')
    [ "$(sed -n 's/^splinter: \(\[.*\): .*$/\1/p' "$work/log")" = "$(printf '%s\n' "${expected[@]}")" ]
}

@test "a point of a sweep is the result of the same run alone" {
    "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" --out "$work/sweep"
    "$splinter" run "$first_light" "${small_first_light[@]}" --set platform.cores=4 --set flush.strategy=freetype \
        --json "$work/alone.json"
    # The origins of the axes' values differ in their wording only.
    jq .workloads "$work/alone.json" >"$work/alone"
    jq .workloads "$work/sweep/cores=4,strategy=freetype.json" >"$work/point"
    cmp "$work/alone" "$work/point"
}

@test "compare prints the table of a sweep and keeps nothing" {
    mkdir "$work/tmp"
    TMPDIR="$work/tmp" "$splinter" compare "$first_light" "${small_first_light[@]}" "${axes[@]}" -j 2 \
        >"$work/compare.txt"
    [ -z "$(ls -A "$work/tmp")" ]
    "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" --out "$work/sweep" \
        >"$work/sweep.txt"
    cmp "$work/compare.txt" "$work/sweep.txt"
}

@test "compare --json holds the points in order" {
    "$splinter" compare "$first_light" "${small_first_light[@]}" "${axes[@]}" -j 2 --json "$work/all.json"
    [ "$(jq -r '.points[].key | join(" ")' "$work/all.json")" = $'2 none\n2 freetype\n4 none\n4 freetype' ]
}

@test "a sweep with a broken value on an axis starts nothing" {
    refuses 'frietype' sweep "$first_light" "${small_first_light[@]}" --set flush.strategy=none,frietype \
        --out "$work/sweep"
    [ -z "$(ls -A "$work")" ]
}

@test "a point that fails is reported with its command, and the others go on" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/snap* "$work/trace"
    echo 'this is no trace' >"$work/trace/trace.csv"
    run --separate-stderr "$splinter" sweep "$smoke" "${small[@]}" --set "workload.trace.directory=$work/trace" \
        --set workload.run=trace,secretmem -j 1 --out "$work/sweep"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *'run=trace: FAILED'*"$work/trace/trace.csv:1:1: "* ]]
    [[ "$stderr" == *"to reproduce: splinter run $smoke "*' --set workload.run=trace'* ]]
    [[ "$output" == *'secretmem, steady state (reuse)'* ]]
    [ "$(LC_ALL=C ls -A "$work/sweep")" = $'run=secretmem.json\nsweep.csv\nsweep.json' ]
    # The command that was named fails in the same way.
    # shellcheck disable=SC2016  # for the inner shell
    run --separate-stderr bash -c "$(sed -n 's/^.*to reproduce: splinter/"$0"/p' <<<"$stderr")" "$splinter"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"$work/trace/trace.csv:1:1: "* ]]
}

@test "quiet leaves standard error empty" {
    run --separate-stderr "$splinter" compare "$first_light" "${small_first_light[@]}" --set platform.cores=2 \
        --set flush.strategy=none -q
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
}
