# The benchmark runs, prints every row, and its rows are what they say they are. Counts only: times are not tested.
bats_require_minimum_version 1.5.0

setup_file() {
    export rows="$BATS_FILE_TMPDIR/rows.json"
    "${SPLINTER_BENCH:-$BATS_TEST_DIRNAME/../../build/release/tests/bench/splinter_bench}" \
        --benchmark_min_time=0.01 --benchmark_format=json >"$rows" 2>/dev/null
}

# holds FILTER: true of the rows, an array of objects.
holds() { jq -e ".benchmarks | $1" "$rows"; }

@test "every row is there, with its speed, its floor and their ratio" {
    expected='["allocator/pair/order:0","allocator/pair/order:4","allocator/pair/order:9","allocator/random_free",
        "allocator/start_up/TiB:1",
        "every_access_walks/GiB:1","every_access_walks/GiB:16","every_access_walks/GiB:64",
        "host_memory","l1_hit/random/cores:1","l1_hit/random/cores:64","l1_hit/random/cores:8",
        "l1_hit/streaming/cores:1","l1_hit/streaming/cores:64","l1_hit/streaming/cores:8",
        "shootdown/idle/cores:1024","shootdown/idle/cores:256","shootdown/idle/cores:64",
        "shootdown/running/cores:1024","shootdown/running/cores:256","shootdown/running/cores:64",
        "start_up/cores:1024/TiB:1","start_up/cores:256",
        "typical_mix/cores:256","typical_mix/cores:64","typical_mix/cores:8"]'
    holds "[.[].name | sub(\"/manual_time\"; \"\")] | sort == $expected"
    holds 'map(select(.name | startswith("host_memory") | not)) | all(.ns > 0)'
    holds 'map(select(.name | test("^(l1_hit|typical_mix|every)"))) | all(.["M/s"] > 0 and .ns > 0 and .floor_ns > 0 and .ratio > 0)'
}

@test "L1 rows hit the L1 TLB only" {
    holds 'map(select(.name | startswith("l1_hit"))) | all(.["L1_%"] == 100)'
}

@test "the typical mix is 90.6 % L1 hits, 7.8 % L2 hits and 1.6 % walks" {
    holds 'map(select(.name | startswith("typical")))
        | all((.["L1_%"] - 90.6 | fabs) < 0.3 and (.["L2_%"] - 7.8 | fabs) < 0.3 and (.["walk_%"] - 1.6 | fabs) < 0.1)'
}

@test "nearly all accesses of the last rows walk" {
    holds 'map(select(.name | startswith("every"))) | all(.["walk_%"] > 99)'
}

@test "each shootdown interrupts each target once" {
    holds 'map(select(.name | startswith("shootdown"))) | all(.["received/target"] == 1)'
}

@test "a simulated core takes at most 256 KiB of host memory" {
    holds 'map(select(.name | startswith("host_memory"))) | all(.["KiB/core"] <= 256 and .["KiB/core"] > 0)'
}

@test "metadata is at most 16 bytes per touched frame, and next to nothing per untouched frame" {
    holds 'map(select(.name | startswith("allocator/start_up"))) | all(.["B/touched"] <= 16 and .["B/untouched"] < 0.1)'
}
