#!/usr/bin/env bats
# splinter validate: published measurements beside simulated ones.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    configs="$work/configs"
    mkdir -p "$configs/validation"
    ln -s "$(cd "$source_dir" && pwd)"/configs/{platforms,costs,workloads} "$configs/"
}

# one_row PUBLISHED TOLERANCE...: a file whose only row has the figure 64, the pages of the phase.
one_row() {
    cat >"$configs/validation/pages.toml" <<EOF
include = ["../costs/linux-6.12.toml"]
platform.model = "haswell-2s"
platform.cores = 2
platform.memory = "64MiB"
flush.strategy = "none"
workload.background.user_footprint = "64KiB"
workload.background.kernel_footprint = "64KiB"
workload.secretmem = { pages = 64, warm_up = "100cyc", baseline = "1000cyc" }
[[row]]
id = "P1"
what = "pages of a phase"
metric = "pages"
unit = "pages"
published = $1
source = "nobody"
role = "prediction"
${2:+tolerance = $2}
EOF
}

@test "a row within its tolerance, and one without any, end in 0" {
    one_row 60 0.1
    run -0 --separate-stderr "$splinter" validate --configs "$configs" --json "$work/v.json"
    [[ "$output" =~ P1\ +pages\ of\ a\ phase\ +60.00\ +64.00\ +pages\ +1.07\ +prediction\ +within\ 10\ % ]]
    jq -e '.rows | length == 1 and .[0].within and .[0].simulated == 64' "$work/v.json"
    one_row 1
    run -0 --separate-stderr "$splinter" validate --configs "$configs"
    [[ "$output" == *"no tolerance set"* ]]
}

@test "a row that misses its tolerance ends in 1" {
    one_row 50 0.2
    run -1 --separate-stderr "$splinter" validate --configs "$configs"
    [[ "$output" == *"NOT WITHIN 20 %"* ]]
    [[ "$output" == *"1 of 1 rows with a tolerance miss it"* ]]
}

@test "a mistake in a row is named with its place before anything is simulated" {
    one_row 50 0.2
    sed -i 's/^metric/metrik/' "$configs/validation/pages.toml"
    run -2 --separate-stderr "$splinter" validate --configs "$configs"
    [[ "$stderr" == *"pages.toml:12:1: unknown key \`metrik\`"*"metric"* ]]
}

@test "one file may be named" {
    one_row 60 0.1
    sed 's/P1/P2/' "$configs/validation/pages.toml" >"$configs/validation/other.toml"
    run -0 --separate-stderr "$splinter" validate "$configs/validation/other.toml"
    [[ "$output" == *$'\nP2 '* && "$output" != *$'\nP1 '* ]]
    run -2 --separate-stderr "$splinter" validate "$configs/validation/other.toml" "$configs/validation/pages.toml"
    [[ "$stderr" == *"unexpected argument"*"splinter validate [FILE]"* ]]
    run -2 --separate-stderr "$splinter" validate "$configs/validation/none.toml"
    [[ "$stderr" == *"none.toml"* ]]
}

@test "a validation file is an experiment too" {
    one_row 50
    run -0 "$splinter" config check "$configs/validation/pages.toml"
}

@test "the published measurements that are shipped come out within their tolerances" {
    run -0 --separate-stderr "$splinter" validate --configs "$source_dir/configs"
    [[ "$output" == *"0 of "*" rows with a tolerance miss it"* ]]
    for row in V2 V3 V4 V6; do [[ "$output" == *$'\n'"$row."* ]]; done
}
