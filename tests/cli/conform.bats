#!/usr/bin/env bats
# splinter conform: recorded ground truth, page walks and TLB scenarios, on the model.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    data="$source_dir/tests/data/walker"
}

# The first vector of the sample whose expected outcome is a success, in its own file, changed by a sed program.
one_vector() {
    xz -dc "$data/vectors.txt.xz" | grep -m1 ' => ok 0 ' | sed -E "$1" >"$work/one.txt"
}

@test "the model agrees with every recorded vector" {
    run --separate-stderr "$splinter" conform "$data/vectors.txt.xz"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '2320 of 2320 agree' ]
    [ -z "$stderr" ]
    for category in ad can eff imp mix np pkm pks pku rsv sink; do
        [[ "$output" =~ $'\n'$category\ +([0-9]+)\ +([0-9]+) ]]
        [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
    done
}

@test "disputed vectors are listed apart and not counted" {
    run --separate-stderr "$splinter" conform "$data/disputed.txt.xz" "$data/vectors.txt.xz"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '2320 of 2320 agree' ]
    [[ "$output" == *$'\nDisputed: '* ]]
    run --separate-stderr "$splinter" conform "$data/disputed.txt.xz" --verbose
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '0 of 0 agree' ]
    [ "$(grep -c 'manual: #PF.*; model: #PF' <<<"$output")" -eq 109 ]
}

@test "a disputed vector that the model answers differently does not change the exit code" {
    xz -dc "$data/disputed.txt.xz" | sed -E '1s/ => pf [0-9a-f]+ / => pf 0 /' >"$work/changed.txt"
    run --separate-stderr "$splinter" conform "$work/changed.txt"
    [ "$status" -eq 0 ]
    [ "$(grep -c 'manual: #PF.*; model: #PF' <<<"$output")" -eq 1 ]
}

@test "plain and compressed files are told apart by content" {
    xz -dc "$data/vectors.txt.xz" | head -n 10 >"$work/plain.xz"
    run --separate-stderr "$splinter" conform "$work/plain.xz"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '10 of 10 agree' ]
    xz -c <"$work/plain.xz" >"$work/compressed.txt"
    run --separate-stderr "$splinter" conform "$work/compressed.txt" "$work/plain.xz"
    [ "${lines[-1]}" = '20 of 20 agree' ]
}

@test "a disagreement is shown in full and exits 1" {
    one_vector 's/ => ok 0 - ([0-9a-f]+) / => ok 0 - 1\1 /'
    run --separate-stderr "$splinter" conform "$work/one.txt"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = '0 of 1 agree' ]
    [[ "$output" == *"$work/one.txt:1: "*'expected: ok, 0x1'*'got:      ok, 0x'*'PML4E['*'outcome: ok'* ]]
}

@test "the walk command that a disagreement prints explains the same walk" {
    one_vector 's/ => ok 0 - ([0-9a-f]+) / => ok 0 - 1\1 /'
    run --separate-stderr "$splinter" conform "$work/one.txt"
    got=$(sed -n 's/^  got:      //p' <<<"$output")
    read -ra command <<<"$(sed -n 's/^the same walk: splinter //p' <<<"$output")"
    run --separate-stderr "$splinter" "${command[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *"outcome: $got; "* ]]
}

@test "a wrong A or D bit is a disagreement" {
    xz -dc "$data/vectors.txt.xz" | grep -m1 ' => ok 0 .*27 q' >"$work/right.txt"
    run --separate-stderr "$splinter" conform "$work/right.txt"
    [ "$status" -eq 0 ]
    for flags in 07 67; do
        sed -E "s/27 q/$flags q/" "$work/right.txt" >"$work/wrong.txt"
        run --separate-stderr "$splinter" conform "$work/wrong.txt"
        [ "$status" -eq 1 ]
    done
}

@test "a truncated file is refused at its place" {
    xz -dc "$data/vectors.txt.xz" | head -c 5000 >"$work/cut.txt"
    refuses "$work/cut.txt:" conform "$work/cut.txt"
    [[ "$stderr" == *'cut off'* ]]
    head -c 5000 "$data/vectors.txt.xz" >"$work/cut.txt.xz"
    refuses 'truncated' conform "$work/cut.txt.xz"
}

@test "a garbled line is refused at its place" {
    one_vector 's/ => ok / => maybe /'
    refuses "$work/one.txt:1:" conform "$work/one.txt"
    [[ "$stderr" == *"found 'maybe', expected ok, pf or gp"* ]]
}

@test "the model agrees with every recorded TLB scenario and shows most of the stale outcomes that it may" {
    run --separate-stderr "$splinter" conform "$data/scenarios.jsonl.xz"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '518 of 518 agree' ]
    [ "${lines[0]}" = 'TLBs and paging-structure caches: Intel Skylake-SP, 2 sockets' ]
    [[ "$output" == *'Stale outcomes: shown at 418 of the 502 accesses where one is allowed.'* ]]
    [[ "$output" =~ $'\nupper4 '\ +4\ +4\ +8\ +8$'\n' ]]
    [ -z "$stderr" ]
}

@test "vectors and scenarios go into one count" {
    run --separate-stderr "$splinter" conform "$data"/*.xz
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '2838 of 2838 agree' ]
}

@test "a platform chosen by name brings its own TLBs" {
    cd "$source_dir"
    run --separate-stderr "$splinter" conform "$data/scenarios.jsonl.xz" --set platform.model=zen3-2s
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" == 'TLBs and paging-structure caches: AMD'* ]]
    refuses 'unknown platform model "zen"' conform "$data/scenarios.jsonl.xz" --set platform.model=zen
    refuses 'hw.mmu.l1d.wayz' conform "$data/scenarios.jsonl.xz" --set hw.mmu.l1d.wayz=2
}

@test "a scenario without its invalidation is shown in full and exits 1" {
    xz -dc "$data/scenarios.jsonl.xz" | grep -m1 '"unmap-invlpg"' | sed -E 's/\{"op":"invlpg","va":"[^"]*"\},//' >"$work/one.jsonl"
    run --separate-stderr "$splinter" conform "$work/one.jsonl"
    [ "$status" -eq 1 ]
    [ "${lines[-1]}" = '0 of 1 agree' ]
    [[ "$output" == *"$work/one.jsonl:1: A4-"*'MOV CR3'*'; from a TLB'*'expected: #PF, '*'got:      ok, 0x'*'outcome: #PF'* ]]
    read -ra command <<<"$(sed -n 's/^the same walk: splinter //p' <<<"$output")"
    run --separate-stderr "$splinter" "${command[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *'outcome: #PF'* ]]
}

@test "a garbled scenario is refused at its place" {
    xz -dc "$data/scenarios.jsonl.xz" | head -n 2 | sed '2s/"op":"cr3"/"op":"cr9"/' >"$work/bad.jsonl"
    refuses "$work/bad.jsonl:2:" conform "$work/bad.jsonl"
    [[ "$stderr" == *"found '\"cr9\"', expected an operation: poke, cr3, invlpg, "* ]]
    xz -dc "$data/scenarios.jsonl.xz" | head -c 3000 >"$work/cut.jsonl"
    refuses 'cut off' conform "$work/cut.jsonl"
}

@test "a file of unknown format is refused with the known formats" {
    refuses 'walker vectors' conform "$smoke"
    : >"$work/empty"
    refuses "$work/empty:1:1: found nothing" conform "$work/empty"
    refuses 'FILE|DIR... is missing; usage: splinter conform FILE|DIR...' conform
    refuses "$work/nowhere" conform "$work/nowhere"
}

@test "conform replays trace directories at both levels beside files of vectors" {
    run --separate-stderr "$splinter" conform "$data/vectors.txt.xz" "$source_dir/tests/data/traces/secret512-k61"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "$((2320 + 2586 + 3257 + 1705)) of $((2320 + 2586 + 3257 + 1705)) agree" ]
    [[ "$output" == *'buddy/free_lists '* && "$output" == *'pcp/allocations '* ]]
}

@test "conform of a changed trace disagrees: exit 1, and shows the first difference" {
    mkdir "$work/trace"
    cp "$source_dir/tests/data/traces/secret512-k61"/* "$work/trace"
    cp "$work/trace/snap0.json.xz" "$work/trace/snap1.json.xz"
    run --separate-stderr "$splinter" conform "$work/trace"
    [ "$status" -eq 1 ]
    [[ "$output" == *'level buddy: zone '* ]]
}

@test "counts of recorded kernels' direct maps agree, and one that is changed is shown" {
    tables="$source_dir/tests/data/direct_map"
    run --separate-stderr "$splinter" conform "$tables/dmap_ops.csv" "$tables/secretmem.csv.xz"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = '1155 of 1155 agree' ]
    [ -z "$stderr" ]
    xz -dc "$tables/secretmem.csv.xz" | head -n 3 | sed -E '3s/,0,1,1,0,1,1,1,/,0,1,1,0,1,2,1,/' >"$work/secretmem.csv"
    run --separate-stderr "$splinter" conform "$work/secretmem.csv"
    [ "$status" -eq 1 ]
    [[ "$output" == *'secretmem.csv:3: '*'ranged_flush_cpu_executions: recorded 2, model 1'* ]]
    [ "${lines[-1]}" = '1 of 2 agree' ]
}

@test "counts of recorded kernels' user shootdowns agree, and a changed one is shown" {
    run --separate-stderr "$splinter" conform "$source_dir/tests/data/shoot/shoot.csv"
    [ "$status" -eq 0 ]
    [[ "$output" == *'10 rows of fork run and not compared'* ]]
    xz -dc "$source_dir/tests/data/shoot/shoot.csv.xz" | head -n 2 | sed -E '2s/,none,10,1.0,/,none,10,3.0,/' >"$work/shoot.csv"
    run --separate-stderr "$splinter" conform "$work/shoot.csv"
    [ "$status" -eq 1 ]
    [[ "$output" == *'shoot.csv:2: '*'mm_range_calls_per_op recorded 3, model 1'* ]]
    [ "${lines[-1]}" = '9 of 10 agree' ]
}

@test "a direct-map command or function that is not known is refused" {
    tables="$source_dir/tests/data/direct_map"
    cp -r "$tables/dmap_layouts" "$work"
    xz -dc "$tables/dmap_ops.csv.xz" | sed 's/set_memory_uc/set_memory_us/' >"$work/dmap_ops.csv"
    refuses "found 'set_memory_us', expected a function of 6.1: set_memory_ro, " conform "$work/dmap_ops.csv"
}

@test "the direct map of a trace is replayed if it was recorded" {
    run --separate-stderr "$splinter" conform "$source_dir/tests/data/traces/secret64-k61"
    [ "$status" -eq 0 ]
    [[ "$output" == *'direct map/leaves at the end'*'direct map/splits of a change'*'direct map/totals'* ]]
}
