#!/usr/bin/env bats
# splinter config explain: every parameter, and where its value comes from.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

@test "every parameter has a line with value, origin, confidence and source" {
    run --separate-stderr "$splinter" config explain "$smoke"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    "$splinter" run "$smoke" "${small[@]}" --json "$work/run.json" >/dev/null
    [ "${#lines[@]}" -eq $((1 + $(jq '.config | length' "$work/run.json"))) ]
    [ "$(tail -n +2 <<<"$output" | cut -d' ' -f1)" = "$(jq -r '.config[].key' "$work/run.json")" ]
    # One of each kind, as the result has it.
    for key in hw.core.invlpg platform.seed kernel.compaction; do
        jq -r --arg key $key '.config[] | select(.key == $key) | [.key, .value, .origin, .confidence, .source]
            | map(if . == "" then "-" else . end) | .[]' "$work/run.json" >"$work/wanted"
        line="$(grep "^$key " <<<"$output")"
        while read -r part; do [[ "$line" == *"$part"* ]]; done <"$work/wanted"
    done
    [[ "$(grep '^hw.core.invlpg ' <<<"$output")" != *' -  -' ]]
}

@test "a parameter that differs between points has a line for each value, and --only chooses among them" {
    run --separate-stderr "$splinter" config explain "$first_light"
    [ "$(grep -c '^platform.cores ' <<<"$output")" -eq 3 ]
    [ "$(grep -c '^flush.strategy ' <<<"$output")" -eq 4 ]
    [ "$(grep -c '^platform.seed ' <<<"$output")" -eq 1 ]
    run --separate-stderr "$splinter" config explain "$first_light" --only flush.strategy=freetype --set platform.cores=8
    [[ "$(grep '^flush.strategy ' <<<"$output")" == *'  freetype  '*'first-light.toml:'* ]]
    [[ "$(grep '^platform.cores ' <<<"$output")" == *'  8  '*'--set'* ]]
}
