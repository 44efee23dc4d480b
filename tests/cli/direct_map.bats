#!/usr/bin/env bats
# kernel.direct_map: how the direct map starts, and how its flushes count.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    recorded="$source_dir/tests/data/traces/secret64-k61/dmap0.txt"
}

# counted KEY OPTION...: a counter of the population phase of a small run, summed over the cores.
counted() {
    local key=$1
    shift
    "$splinter" run "$smoke" --set workload.run=secretmem --set workload.secretmem.pages=2048 --set platform.cores=4 \
        --set workload.secretmem.warm_up=5000cyc --set workload.secretmem.baseline=10000cyc --json "$work/result.json" "$@" >/dev/null
    jq "[.. | objects | select(has(\"$key\")) | .\"$key\"] | first" "$work/result.json"
}

@test "boot's largest leaf decides which leaves are split" {
    options=(--set platform.memory=8GiB --set flush.strategy=batched)
    [ "$(counted direct_map_level3_splits "${options[@]}")" -eq 1 ]
    [ "$(counted direct_map_level3_splits "${options[@]}" --set kernel.direct_map.largest_leaf=2MiB)" -eq 0 ]
    [ "$(counted direct_map_level2_splits "${options[@]}" --set kernel.direct_map.largest_leaf=2MiB)" -eq 5 ]
    [ "$(counted direct_map_level2_splits "${options[@]}" --set kernel.direct_map.largest_leaf=4KiB)" -eq 0 ]
}

@test "a recorded layout's leaves are where the kernel had them" {
    options=(--set platform.memory=8GiB --set flush.strategy=batched --set kernel.direct_map.layout="$recorded")
    [ "$(counted direct_map_level2_splits "${options[@]}")" -gt 0 ]
    run --separate-stderr "$splinter" run "$smoke" --set platform.memory=2GiB --set kernel.direct_map.layout="$recorded"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *"dmap0.txt.xz:"*": found leaves up to "*" MiB, allowed: within the 2048 MiB of the machine's memory" ]]
}

@test "a layout is named relative to the file that names it" {
    cp -r "$source_dir/configs" "$work"
    cp "$recorded.xz" "$work/configs/experiments/layout.xz"
    printf '[kernel.direct_map]\nlayout = "layout"\n' >>"$work/configs/experiments/smoke.toml"
    "$splinter" config check "$work/configs/experiments/smoke.toml"
    rm "$work/configs/experiments/layout.xz"
    refuses "$work/configs/experiments/layout: no such file" config check "$work/configs/experiments/smoke.toml"
}

@test "kernel accesses through 4 KiB leaves miss the TLBs" {
    misses() {
        counted none --set platform.memory=8GiB --set flush.strategy=none --set kernel.direct_map.largest_leaf="$1" >/dev/null
        jq '[.workloads[0].counters | to_entries[] | select(.key | test("mmu.l2_misses")) | .value] | add' "$work/result.json"
    }
    giant=$(misses 1GiB)
    small=$(misses 4KiB)
    [ "$giant" -gt 0 ]
    [ "$small" -gt $((5 * giant)) ]
}

@test "with a stride a 2 MiB leaf is flushed by one INVLPG" {
    options=(--set platform.memory=8GiB --set flush.strategy=freetype --set kernel.direct_map.largest_leaf=2MiB)
    # mermap flushes everything on its CPU when its region is used up, whatever the stride.
    full() { counted kernel_flushes_all "$@"; }
    [ "$(full "${options[@]}")" -eq 16 ]
    [ "$(counted nr_tlb_local_flush_one "${options[@]}")" -eq 0 ]
    [ "$(full "${options[@]}" --set kernel.direct_map.flush_stride=leaf)" -eq 0 ]
    [ "$(counted nr_tlb_local_flush_one "${options[@]}" --set kernel.direct_map.flush_stride=leaf)" -eq 16 ]
}

@test "a layout that is wrong is refused at its place" {
    xz -dc "$recorded.xz" | sed '5s/ 1 / 7 /' >"$work/layout"
    refuses "$work/layout:5:35: found '7', expected the level of a leaf, 1 to 3" config check "$smoke" --set kernel.direct_map.layout="$work/layout"
    refuses 'no such file' run "$smoke" --set kernel.direct_map.layout="$work/none"
    refuses 'expected one of 1GiB, 2MiB, 4KiB' run "$smoke" --set kernel.direct_map.largest_leaf=3MiB
}
