#!/usr/bin/env bats
# splinter run: one point.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

@test "run prints the figures and the largest accounts, and nothing on stderr" {
    run --separate-stderr "$splinter" run "$smoke" "${small[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *'secretmem, population (first touch)'* ]]
    [[ "$output" == *'secretmem, steady state (reuse)'* ]]
    [[ "$output" == *'secretmem, cycles of initiators: '* ]]
    [[ "$output" == *'secretmem, cycles of victims: '* ]]
    [ -z "$stderr" ]
}

@test "run twice gives the same bytes" {
    "$splinter" run "$smoke" "${small[@]}" --json "$work/1.json" >"$work/1.txt"
    "$splinter" run "$smoke" "${small[@]}" --json "$work/2.json" >"$work/2.txt"
    cmp "$work/1.json" "$work/2.json"
    cmp "$work/1.txt" "$work/2.txt"
}

@test "the result embeds the version, the schema and every parameter with its origin" {
    "$splinter" run "$smoke" "${small[@]}" --json "$work/1.json"
    version="$("$splinter" --version | cut -d' ' -f2)"
    [ "$(jq -r .program_version "$work/1.json")" = "$version" ]
    [ "$(jq .schema "$work/1.json")" = 2 ]
    entry='.config[] | select(.key == "workload.secretmem.pages")'
    [ "$(jq -r "$entry | .value" "$work/1.json")" = 64 ]
    [[ "$(jq -r "$entry | .origin" "$work/1.json")" == --set* ]]
}

@test "another strategy gives another state hash" {
    for options in 'flush.strategy=freetype' 'flush.strategy=per-page'; do
        "$splinter" run "$smoke" "${small[@]}" --set "$options" --json "$work/out.json"
        jq -r '.workloads[0].state_hash' "$work/out.json" >>"$work/hashes"
    done
    [ "$(sort -u "$work/hashes" | wc -l)" -eq 2 ]
}

@test "run without choosing the axes names them" {
    refuses 'platform.cores' run "$first_light"
    [[ "$stderr" == *'flush.strategy'* ]]
}

@test "strategy none says that nothing is protected" {
    run --separate-stderr "$splinter" run "$smoke" "${small[@]}" --set flush.strategy=none
    [ "$status" -eq 0 ]
    [[ "$output" == *'not protected'* ]]
}

@test "a full disk behind standard output is an error" {
    # shellcheck disable=SC2016  # for the inner shell
    run --separate-stderr bash -c '"$0" "$@" >/dev/full' "$splinter" --help
    [ "$status" -eq 2 ]
    [[ "$stderr" == 'splinter: standard output: cannot be written' ]]
}
