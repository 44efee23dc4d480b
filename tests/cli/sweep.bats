#!/usr/bin/env bats
# splinter sweep and compare: many points, each in a process of its own.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    # shellcheck disable=SC2054  # the commas are splinter's
    without_hash() { sed -E 's/\.[0-9a-f]{16}\.(json|failed)$/.\1/'; }
    axes=(--set platform.cores=2,4 --set flush.strategy=none,freetype)
}

@test "a sweep writes one file per point and the same CSV and table whatever -j" {
    for jobs in 1 2; do
        "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" -j $jobs --out "$work/$jobs" \
            >"$work/$jobs.txt" 2>"$work/$jobs.log"
    done
    # Results have the same bytes; what they cost the host differs.
    diff -r -x host-costs.jsonl "$work/1" "$work/2"
    cmp "$work/1.txt" "$work/2.txt"
    expected=('cores=2,strategy=freetype.json' 'cores=2,strategy=none.json' 'cores=4,strategy=freetype.json'
        'cores=4,strategy=none.json' 'host-costs.jsonl' 'sweep.csv' 'sweep.json' 'sweep.jsonl')
    [ "$(LC_ALL=C ls -A "$work/1" | without_hash)" = "$(printf '%s\n' "${expected[@]}")" ]
    # A heading, and two phases of four points.
    [ "$(wc -l <"$work/1/sweep.csv")" -eq 9 ]
    grep -q 'cycles/page from low to high' "$work/1.txt"
}

@test "JSON Lines have a line per point and phase, with the figures of the CSV" {
    "$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}" --out "$work/sweep"
    [ "$(jq -c '[.point["platform.cores"], .point["flush.strategy"], .workload, .phase]' "$work/sweep/sweep.jsonl")" = \
"$(printf '[%s,"%s","secretmem","%s"]\n' 2 none population 2 none steady 2 freetype population 2 freetype steady \
4 none population 4 none steady 4 freetype population 4 freetype steady)" ]
    column="$(head -1 "$work/sweep/sweep.csv" | tr , '\n' | grep -nx cycles_per_page | cut -d: -f1)"
    [ "$(jq .metrics.cycles_per_page "$work/sweep/sweep.jsonl")" = "$(tail -n +2 "$work/sweep/sweep.csv" | cut -d, -f"$column")" ]
}

@test "--only leaves the other points out, and the folder's CSV has what all sweeps into it have done" {
    sweep=("$splinter" sweep "$first_light" "${small_first_light[@]}" "${axes[@]}")
    "${sweep[@]}" --out "$work/whole"
    "${sweep[@]}" --only flush.strategy=freetype --only platform.cores=4 --out "$work/parts" >"$work/txt" 2>"$work/log"
    grep -q '\[1/1\] cores=4,strategy=freetype: ' "$work/log"
    [ "$(wc -l <"$work/parts/sweep.csv")" -eq 3 ]
    "${sweep[@]}" --only 'platform.cores=2..4 x2' --only flush.strategy=none --out "$work/parts" >"$work/txt"
    [ "$(grep -c freetype "$work/txt")" -eq 0 ]
    "${sweep[@]}" --only platform.cores=2 --out "$work/parts" 2>"$work/log"
    grep -q '1 of 2 points are there already' "$work/log"
    diff -r -x host-costs.jsonl "$work/whole" "$work/parts"
}

@test "--only names an axis and values that are on it" {
    sweep=(sweep "$first_light" "${axes[@]}" --out "$work/sweep")
    refuses '--only flush.strategy: "freetyp" is not on the axis, which has none, freetype' "${sweep[@]}" --only flush.strategy=freetyp
    refuses '--only platform.seed: `platform.seed` is no axis of the experiment, the axes are platform.cores, flush.strategy' \
        "${sweep[@]}" --only platform.seed=1
    refuses '--only flush.strategy: given twice' "${sweep[@]}" --only flush.strategy=none --only flush.strategy=freetype
    [ -z "$(ls -A "$work")" ]
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
    jq .workloads "$work"/sweep/cores=4,strategy=freetype.*.json >"$work/point"
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
    [ "$(LC_ALL=C ls -A "$work/sweep" | without_hash)" = $'host-costs.jsonl\nrun=secretmem.json\nrun=trace.failed\nsweep.csv\nsweep.json\nsweep.jsonl' ]
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
