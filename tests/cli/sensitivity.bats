#!/usr/bin/env bats
# splinter sensitivity: which uncertain numbers matter.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

# Of the shipped costs and platform two parameters are left uncertain: one with a recorded range that every page pays, one by
# rule; the strategies differ enough that neither changes their order.
few_uncertain() {
    cat >"$work/few.toml" <<EOF
include = ["costs.toml", "$source_dir/configs/workloads/secretmem.toml"]
[axes]
platform.cores = [2, 4, 8]
flush.strategy = ["none", "per-page"]
[platform]
memory = "1GiB"
[workload]
run = ["secretmem"]
EOF
    cat >"$work/costs.toml" <<EOF
[costs]
clear_page = { value = "512cyc", range = ["256cyc", "1024cyc"], source = "test", confidence = "L" }
cpa_lookup = { value = "250cyc", source = "test", confidence = "M" }
fork_never = { value = "100cyc", source = "test", confidence = "M" }
EOF
    sed -i 's/fork_never/copy_pte/' "$work/costs.toml"
}

@test "uncertain parameters are moved to their ends, ranked, and the unused ones named" {
    few_uncertain
    run --separate-stderr "$splinter" sensitivity "$work/few.toml" "${small[@]}" -j 2 --keep "$work/kept" --json "$work/s.json"
    printf '%s\n' "$output" "$stderr"
    [ "$status" -eq 0 ]
    [[ "$output" == *'only platform.cores = 4 (of 2, 4, 8)'* ]]
    [[ "$output" == *'1 that no run here depends on: costs.copy_pte'* ]]
    [[ "$output" == *'order: no parameter alone changes it'* ]]
    [[ "$output" == *'places, one parameter moved at a time: none 1, per-page 2'* ]]
    # clear_page is paid by both, cpa_lookup by per-page alone, at the rule's ends.
    [ "$(jq -r '.sections[0].parameters[] | [.key, .low, .high, .recorded] | join(" ")' "$work/s.json")" = \
        $'costs.clear_page 256cyc 1024cyc true\ncosts.cpa_lookup 188cyc 333cyc false' ]
    jq -e '.sections[0] | .base as $base | .parameters[1] | .at_low[0] == $base[0] and .at_low[1] < $base[1]
        and .at_high[1] > $base[1]' "$work/s.json"
    # 2 as configured, 3 parameters low, 2 high (cpa_lookup and clear_page; none: clear_page alone), 2 joint.
    runs=$(find "$work/kept" -name '*.json' | wc -l)
    [ "$runs" -eq $((2 + 6 + 3 + 2)) ]

    # What is kept is not simulated again.
    run --separate-stderr "$splinter" sensitivity "$work/few.toml" "${small[@]}" -j 1 --keep "$work/kept" --json "$work/again.json"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    cmp "$work/s.json" "$work/again.json"
}

@test "a figure's name is checked, and a parameter that --set gives is certain" {
    few_uncertain
    refuses 'did you mean `cycles_per_page`?' sensitivity "$work/few.toml" --figure cycle_per_page
    "$splinter" sensitivity "$work/few.toml" "${small[@]}" --set platform.cores=2 --set costs.clear_page=512cyc -q >"$work/txt"
    grep -q 'to 2 uncertain parameters' "$work/txt"
    [ "$(grep -c '^only ' "$work/txt")" -eq 0 ]
}
