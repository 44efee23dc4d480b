#!/usr/bin/env bats
# The experiments under fragmentation and under pressure, on small machines: their tables, and sums that must hold.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    fragmentation="$source_dir/configs/experiments/fragmentation.toml"
    pressure="$source_dir/configs/experiments/pressure.toml"
}

@test "fragmentation prints one table with the figures that the experiment names" {
    "$splinter" compare "$fragmentation" --set platform.memory=64MiB --json "$work/all.json" >"$work/table"
    [ "$(grep -c '^fragmentation, until-failure$' "$work/table")" -eq 1 ]
    grep -q 'obtained' "$work/table"
    ! grep -q 'p99.9' "$work/table"
    for strategy in none per-page batched batched-deferred side-cache freetype; do
        grep -Eq "  movable .* $strategy " "$work/table"
    done
}

@test "what is obtained, kept and free is not more than memory, and fragmentation never gives more" {
    "$splinter" compare "$fragmentation" --set platform.memory=64MiB --json "$work/all.json" >"$work/table"
    metrics='.result.workloads[0].phases[0].metrics'
    jq -e "[.points[] | $metrics | .obtained_bytes + .kept_bytes + .free_bytes <= 64 * 1048576] | all" "$work/all.json"
    jq -e "[.points[] | $metrics | .obtained_bytes > 0] | any" "$work/all.json"
    for strategy in none per-page batched batched-deferred side-cache freetype; do
        obtained="[.points[] | select(.key[\"flush.strategy\"] == \"$strategy\")]"
        # Clean and fragmented, each with compaction and without.
        jq -e "$obtained | .[0]$metrics.obtained_bytes > .[2]$metrics.obtained_bytes" "$work/all.json"
    done
    for strategy in side-cache freetype; do
        obtained="[.points[] | select(.key[\"flush.strategy\"] == \"$strategy\")]"
        jq -e "$obtained | .[2]$metrics.obtained_bytes > .[3]$metrics.obtained_bytes" "$work/all.json"
        jq -e "$obtained | .[2]$metrics.pgmigrate_success > 0 and .[3]$metrics.pgmigrate_success == 0" "$work/all.json"
    done
}

@test "pressure prints the failures of ordinary requests, the pool and the flips of every strategy" {
    "$splinter" compare "$pressure" --set platform.memory=32MiB --set workload.pressure.steps=6000 --json "$work/all.json" >"$work/table"
    [ "$(grep -c '^pressure$' "$work/table")" -eq 1 ]
    metrics='.result.workloads[0].phases[0].metrics'
    # Every failure above the watermark is a failure, and memory was short everywhere.
    jq -e "[.points[] | $metrics | .failed_above_watermark <= .failed_allocations and .mapped_failures > 0] | all" "$work/all.json"
    jq -e "[.points[] | $metrics | .mapped_p999_cycles >= .mapped_p50_cycles] | all" "$work/all.json"
}

@test "compaction for unmapped requests moves the movable pages of pressure" {
    "$splinter" run "$pressure" --set platform.memory=32MiB --set workload.pressure.steps=6000 --set workload.pressure.pool_percent=0 \
        --set flush.strategy=freetype --set freetype.generation=late --json "$work/out.json"
    jq -e '.workloads[0].counters.pgmigrate_success > 0' "$work/out.json"
}

@test "an unknown figure is refused with the known ones" {
    refuses 'report.columns' compare "$fragmentation" --set report.columns=obtaned_bytes
}
