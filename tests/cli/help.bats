#!/usr/bin/env bats
# What the program says about itself.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

commands=(run sweep compare diff sensitivity replay list conform walk 'config check' 'config explain' 'config reference')

@test "--version prints one line with the version and the result schema" {
    run --separate-stderr "$splinter" --version
    [ "$status" -eq 0 ]
    [[ "$output" =~ ^splinter\ [0-9]+\.[0-9]+\.[0-9]+\ \(result\ schema\ [0-9]+\)$ ]]
    [ -z "$stderr" ]
}

@test "--help has an example for every command" {
    run --separate-stderr "$splinter" --help
    [ "$status" -eq 0 ]
    for command in "${commands[@]}"; do
        [[ "$output" == *$'\n      splinter '"$command"* ]]
    done
}

@test "every command has a help text with usage and example" {
    for command in "${commands[@]}"; do
        # shellcheck disable=SC2086  # two-word commands are two arguments
        run --separate-stderr "$splinter" $command --help
        [ "$status" -eq 0 ]
        [[ "$output" == "usage: splinter $command"* ]]
        [[ "$output" == *$'\nexample:\n  splinter '"$command"* ]]
    done
}

@test "list names the strategies, the workloads, the platforms and every metric" {
    run --separate-stderr "$splinter" list --configs "$source_dir/configs"
    [ "$status" -eq 0 ]
    for name in none per-page batched freetype secretmem trace; do
        [[ "$output" =~ $'\n  '$name\ +[^\ ] ]]
    done
    for name in skylake-sp-2s zen3-2s; do
        [[ "$output" =~ $'\n  '$name\ +(real|absent|hypothetical)\ +(real|absent|hypothetical)\ +(real|absent) ]]
    done
    for metric in cycles_per_page ipis_per_1000_pages exposure_cycles_per_page unmapped_free_bytes; do
        [[ "$output" == *$'\n  '"$metric ["* ]]
    done
}

@test "list finds the platforms beside the program or names the option" {
    cd "$source_dir"
    run --separate-stderr "$splinter" list
    [ "$status" -eq 0 ]
    [[ "$output" == *'platforms (configs/platforms)'* ]]
    refuses '--configs /nowhere' list --configs /nowhere
}

@test "the examples' config files are in the repository and correct" {
    cd "$source_dir"
    mapfile -t files < <("$splinter" --help | grep -o 'configs/experiments/[a-z-]*\.toml' | sort -u)
    [ "${#files[@]}" -eq 2 ]
    for file in "${files[@]}"; do
        run --separate-stderr "$splinter" config check "$file"
        [ "$status" -eq 0 ]
        [[ "$output" == "$file: ok"* ]]
    done
}

@test "config check counts the points and names the axes" {
    run --separate-stderr "$splinter" config check "$first_light"
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == *': ok, 12 points' ]]
    [ "${lines[1]}" = '  platform.cores = 2, 16, 64' ]
}

@test "config check finds a mistake in the last value of an axis" {
    refuses 'frietype' config check "$first_light" --set flush.strategy=none,frietype
}

@test "config reference documents the keys" {
    run --separate-stderr "$splinter" config reference
    [ "$status" -eq 0 ]
    for key in platform.cores flush.strategy workload.secretmem.pages; do
        [[ "$output" == *"$key"* ]]
    done
}
