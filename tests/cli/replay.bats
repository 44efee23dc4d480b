#!/usr/bin/env bats
# splinter replay: a real kernel's trace.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    trace="$source_dir/tests/data/traces/secret512-k61"
}

@test "replay reproduces the free pages of every zone" {
    run --separate-stderr "$splinter" replay "$trace" --json "$work/out.json"
    [ "$status" -eq 0 ]
    [[ "${lines[-1]}" =~ ^([0-9]+)\ of\ ([0-9]+)\ zones\ agree$ ]]
    [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
    [ "${BASH_REMATCH[1]}" -gt 0 ]
    [ "$(jq -c '[.failures, .overlaps, .agrees]' "$work/out.json")" = '[0,0,true]' ]
}

@test "replay of a changed snapshot disagrees: exit 1" {
    mkdir "$work/trace"
    cp "$trace"/* "$work/trace"
    # The free pages that the trace starts from, taken for those that it ends with.
    cp "$trace/snap0.json.xz" "$work/trace/snap1.json.xz"
    run --separate-stderr "$splinter" replay "$work/trace"
    [ "$status" -eq 1 ]
    [[ "${lines[-1]}" == *'zones agree' ]]
}

@test "the JSON of a replay holds the whole config" {
    "$splinter" replay "$source_dir/tests/data/traces/secret512-k61" --json "$work/out.json"
    [ "$(jq -r '.result.config[] | select(.key == "platform.cores").value' "$work/out.json")" = 4 ]
    [ "$(jq '.result.config | length' "$work/out.json")" -gt 50 ]
}
