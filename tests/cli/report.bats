#!/usr/bin/env bats
# splinter report and splinter run --folded. How the page looks and works in a browser: tests/html.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

results() {
    "$splinter" sweep "$smoke" "${small[@]}" --set platform.cores=2,4 --set flush.strategy=none,freetype -j 2 --quiet --out "$work/results" \
        >/dev/null
}

@test "report writes a page of a folder, and the figures as CSV and JSON Lines" {
    results
    run --separate-stderr "$splinter" report "$work/results" -o "$work/r.html" --csv "$work/r.csv" --jsonl "$work/r.jsonl"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$stderr" = "splinter: 4 points in $work/r.html" ]
    grep -q 'freetype on 4 cores is the cheapest way that protects' "$work/r.html"
    cmp "$work/r.csv" "$work/results/sweep.csv"
    [ "$(jq -s 'length' "$work/r.jsonl")" -eq 8 ]
    [ "$(jq -r 'select(.phase == "steady") | .state_hash' "$work/r.jsonl" | sort)" = \
        "$(jq -r 'select(.workloads) | .workloads[].state_hash' "$work"/results/cores*.json | sort)" ]
}

@test "report puts its page into the folder unless told otherwise, the same bytes each time" {
    results
    "$splinter" report "$work/results" --quiet
    "$splinter" report "$work/results" --quiet -o "$work/again.html"
    cmp "$work/results/report.html" "$work/again.html"
}

@test "report takes a file of run --json, and of compare --json" {
    "$splinter" run "$smoke" "${small[@]}" --json "$work/run.json" >/dev/null
    "$splinter" report "$work/run.json" --quiet -o "$work/run.html"
    "$splinter" compare "$smoke" "${small[@]}" --set flush.strategy=none,freetype --json "$work/compare.json" >/dev/null
    "$splinter" report "$work/compare.json" --quiet -o "$work/compare.html"
    grep -q '<h1>' "$work/run.html"
    grep -q 'freetype is the cheapest way that protects' "$work/compare.html"
}

@test "report shows an analysis of sensitivity that it finds or is given, and refuses what is none" {
    "$splinter" run "$smoke" "${small[@]}" --json "$work/run.json" >/dev/null
    echo 'no JSON' >"$work/sensitivity.json"
    refuses "$work/sensitivity.json: not JSON" report "$work/run.json"
    refuses "$work/missing.json: cannot be read" report "$work/run.json" --sensitivity "$work/missing.json"
    rm "$work/sensitivity.json"
    refuses "$work/run.json: not JSON of \`splinter sensitivity --json\`" report "$work/run.json" --sensitivity "$work/run.json"
    leaves_only run.json
}

@test "report refuses what is no result, and a place where it cannot write" {
    refuses "$work/nothing: no such file" report "$work/nothing" -o "$work/r.html"
    refuses "$work: is no folder of results" report "$work" -o "$work/r.html"
    "$splinter" run "$smoke" "${small[@]}" --json "$work/run.json" >/dev/null
    refuses "$work/no/r.html: cannot be written" report "$work/run.json" -o "$work/no/r.html"
    refuses 'DIR|FILE is missing' report
    leaves_only run.json
}

@test "run --folded writes stacks that sum up to the ledger, initiators and victims as roots" {
    "$splinter" run "$smoke" "${small[@]}" --folded "$work/f.txt" --json "$work/out.json" >/dev/null
    [ "$(awk '{ sum += $NF } END { printf "%.0f", sum }' "$work/f.txt")" -eq "$(jq '[.workloads[].ledger[].cycles] | add' "$work/out.json")" ]
    [ "$(cut -d';' -f1 "$work/f.txt" | sort -u | paste -sd' ')" = 'initiators victims' ]
    ! grep -Evq '^(initiators|victims)(;[^; ]+)+ [1-9][0-9]*$' "$work/f.txt"
    grep -q '^initiators;acquire;alloc;flip;flush;ack-wait ' "$work/f.txt"
}

@test "run --folded refuses before it simulates where it cannot write" {
    refuses "$work/no/f.txt: cannot be written" run "$smoke" --folded "$work/no/f.txt"
}
