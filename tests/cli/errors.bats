#!/usr/bin/env bats
# The user's mistakes: one line that names the place and the choices, exit 2, no file left behind.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() { load common.bash; }

@test "an unknown key is refused at its place" {
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:1: unknown key `platform.coers`' '[platform]' 'coers = 4'
}

@test "a wrong type is refused at its place" {
    refuses_config '2:9: ' '[platform]' 'cores = "four"'
}

@test "a missing unit is refused at its place" {
    refuses_config '2:10: ' '[platform]' 'memory = 4'
}

@test "a duplicate key is refused at its place" {
    refuses_config '3:' '[platform]' 'cores = 2' 'cores = 4'
}

@test "a value out of range is refused at its place" {
    refuses_config '2:9: ' '[platform]' 'cores = 0'
}

@test "text that is not TOML is refused at its place" {
    refuses_config '1:' 'what is this'
}

@test "a missing file is named" {
    refuses "$work/missing.toml" run "$work/missing.toml" --json "$work/out.json"
    [ -z "$(ls -A "$work")" ]
}

@test "a directory is no config" {
    refuses "$work" run "$work"
}

@test "a binary file is refused without printing its bytes" {
    head -c 4096 "$splinter" >"$work/binary.toml"
    refuses "$work/binary.toml" run "$work/binary.toml" --json "$work/out.json"
    [[ "$stderr" != *[[:cntrl:]]* ]]
    leaves_only binary.toml
}

@test "an unknown key after --set is refused with the one that was meant" {
    refuses 'platform.cores' run "$smoke" --set platform.core=4
}

@test "a value without unit after --set is refused" {
    refuses '--set' run "$smoke" --set platform.memory=4
}

@test "--set without a value is refused" {
    refuses '--set platform.cores' run "$smoke" --set platform.cores
}

@test "a truncated trace is refused and leaves no file" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/* "$work/trace"
    head -c 1000 "$source_dir/tests/data/traces/secret512-k61/trace.csv.xz" >"$work/trace/trace.csv.xz"
    refuses "$work/trace/trace.csv" run "$smoke" --set workload.run=trace \
        --set "workload.trace.directory=$work/trace" --json "$work/out.json"
    leaves_only trace
    refuses "$work/trace/trace.csv" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a garbled trace is refused at its place" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/snap* "$work/trace"
    echo 'this is no trace' >"$work/trace/trace.csv"
    refuses "$work/trace/trace.csv:1:1: " replay "$work/trace"
}

@test "a trace directory that does not exist is named" {
    refuses "$work/nowhere" replay "$work/nowhere"
}

@test "an output file that cannot be written is refused" {
    refuses "$work/nowhere/out.json" run "$smoke" "${small[@]}" --json "$work/nowhere/out.json"
    refuses "not a regular file" run "$smoke" "${small[@]}" --json "$work"
}

@test "an unwritable output file is refused before the first point of a sweep" {
    refuses "$work/nowhere/out.json" sweep "$smoke" "${small[@]}" --out "$work/sweep" \
        --json "$work/nowhere/out.json"
    [ ! -e "$work/sweep" ]
}

@test "a config that fails leaves an existing output file as it was" {
    echo 'earlier' >"$work/out.json"
    refuses 'platform.core' run "$smoke" --set platform.core=4 --json "$work/out.json"
    [ "$(cat "$work/out.json")" = 'earlier' ]
}

@test "an unknown command is refused with the list of commands" {
    refuses 'run, sweep, compare, diff, sensitivity, report, replay, list' rnu "$smoke"
    refuses 'run, sweep, compare, diff, sensitivity, report, replay, list'
    refuses 'config check' config chekc "$smoke"
}

@test "an unknown option is refused with the options of the command" {
    refuses '--set, --unsafe, --json' run "$smoke" --jsn out.json
    refuses '--set, --only, --unsafe, --jobs, --point-timeout, --memory-budget, --json' compare "$smoke" --out x
    refuses '--argument' run --argument "$smoke"
}

@test "an abbreviated option is not guessed" {
    refuses "'--js'" run "$smoke" --js "$work/out.json"
}

@test "a missing argument is named with the usage" {
    refuses 'CONFIG is missing; usage: splinter run CONFIG' run
    refuses '--out DIR is missing' sweep "$smoke"
    refuses 'DIR|FILE is missing' replay
    refuses "'--set'" run "$smoke" --set
}

@test "an argument too many is named" {
    refuses 'unexpected argument "b.toml"' run "$smoke" b.toml
}

@test "a number of jobs that is none is refused" {
    refuses '"0"' compare "$smoke" -j 0
    refuses '"two"' compare "$smoke" -j two
    refuses '"-1"' compare "$smoke" -j -1
}

@test "a trace garbled in the middle is refused at its line and leaves no file" {
    trace_with secret512-k61 'sed "200s/.*/A,0,zzz,0,0,0/"'
    refuses "$work/trace/trace.csv:200:" run "$smoke" --set workload.run=trace \
        --set "workload.trace.directory=$work/trace" --json "$work/out.json"
    leaves_only trace
    refuses "$work/trace/trace.csv:200:" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a trace that lost its last lines is refused" {
    trace_with secret512-k61 'head -n -3'
    refuses "$work/trace/trace.csv" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a trace cut in the middle of a line is refused" {
    trace_with secret512-k61 'head -c -2'
    refuses "$work/trace/trace.csv" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a binary trace is refused without printing its bytes" {
    trace_with secret512-k61 "head -c 4096 '$splinter' #"
    refuses "$work/trace/trace.csv" replay "$work/trace" --json "$work/out.json"
    [[ "$stderr" != *[[:cntrl:]]* ]]
    leaves_only trace
}

@test "bytes changed inside a compressed trace are noticed" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/* "$work/trace"
    chmod u+w "$work/trace/trace.csv.xz"
    printf '\0\0\0\0' | dd of="$work/trace/trace.csv.xz" bs=1 seek=1200 conv=notrunc status=none
    refuses "$work/trace/trace.csv" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a truncated snapshot is refused at its place" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/{trace,snap1}* "$work/trace"
    xz -dc "$source_dir/tests/data/traces/secret512-k61/snap0.json.xz" | head -c 2000 >"$work/trace/snap0.json"
    refuses "$work/trace/snap0.json:" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a trace without its snapshot is refused by the snapshot's name" {
    mkdir "$work/trace"
    cp "$source_dir"/tests/data/traces/secret512-k61/{trace,snap1}* "$work/trace"
    refuses "$work/trace/snap0.json" replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a quantum above the lookahead is refused and leaves no file" {
    refuses 'platform.quantum' run "$smoke" "${small[@]}" --set platform.quantum=900 \
        --set hw.ipi.flight_socket=899cyc --json "$work/out.json"
    [ -z "$(ls -A "$work")" ]
    "$splinter" run "$smoke" "${small[@]}" --set platform.quantum=899 --set hw.ipi.flight_socket=899cyc \
        --json "$work/out.json"
    leaves_only out.json
}

@test "an included file is blamed for its own mistakes" {
    printf '[platform]\nmemory = "4 parsecs"\n' >"$work/part.toml"
    printf 'include = ["part.toml"]\n' >"$work/whole.toml"
    refuses "$work/part.toml:2:10: " run "$work/whole.toml" --json "$work/out.json"
    leaves_only part.toml whole.toml
}

@test "a sweep of a config with a mistake makes no directory" {
    printf '[platform]\ncoers = 4\n' >"$work/bad.toml"
    refuses "$work/bad.toml:2:1: " sweep "$work/bad.toml" --out "$work/sweep"
    leaves_only bad.toml
}

@test "values that do not go together are refused at the place of one of them" {
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:11: `platform.quantum`: found 100000' '[platform]' 'quantum = 100000'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:15: `hw.mmu.l1d`: found 63 entries' '[hw.mmu]' 'l1d.entries = 63'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:11: `platform.invlpgb`: found "real" with' '[platform]' 'invlpgb = "real"'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:10: `platform.memory`: found ' '[platform]' 'memory = "33MiB"'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:14: `platform.numa_nodes`: found 3, allowed: 1 to 2' '[platform]' 'numa_nodes = 3'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:14: `platform.numa_nodes` is 0, expected a whole number from 1 to 64' '[platform]' 'numa_nodes = 0'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '2:7: `workload.run`: found no workload' '[workload]' 'run = []'
    # shellcheck disable=SC2016  # the message has backquotes
    refuses_config '4:13: `workload.trace.directory`: no such directory: ' '[workload]' 'run = ["trace"]' '[workload.trace]' \
        'directory = "nope"'
}

@test "config check and sweep refuse them before anything runs" {
    printf '[axes]\nplatform.quantum = [1, 100000]\n' >"$work/axis.toml"
    refuses 'platform.quantum' config check "$work/axis.toml"
    refuses 'platform.quantum' sweep "$work/axis.toml" --out "$work/out"
    leaves_only axis.toml
}

@test "a bulk allocation larger than its zone is refused at its line" {
    trace_with secret512-k61 "sed '11s/.*/R,3,4000000000/'"
    refuses "$work/trace/trace.csv:11: " replay "$work/trace" --json "$work/out.json"
    leaves_only trace
}

@test "a trace that the model's memory cannot serve ends a run as a finding" {
    trace_with secret512-k61 "sed '11s/.*/R,3,262144/'"
    run --separate-stderr "$splinter" run "$first_light" --set platform.cores=2 --set flush.strategy=none \
        --set workload.run=trace --set workload.trace.directory="$work/trace" --json "$work/out.json"
    [ "$status" -eq 3 ]
    [[ "$stderr" == *'out of memory: '*' allocations of the trace'* ]]
    leaves_only trace
}

@test "a mechanism that the platform does not have is refused with its key" {
    # shellcheck disable=SC2016  # the message has backquotes
    refuses '`flush.mechanism`: found "invlpgb", but platform.invlpgb is absent' run "$smoke" --set flush.mechanism=invlpgb
}

@test "early acknowledgement of kernel flushes takes --unsafe" {
    refuses 'or --unsafe' run "$smoke" --set flush.mechanism=ipi-early-ack
    run -0 "$splinter" run "$smoke" "${small[@]}" --set flush.mechanism=ipi-early-ack --unsafe --json "$work/out.json"
    [ "$(jq -r '.config[] | select(.key == "flush.unsafe") | .value' "$work/out.json")" = true ]
}

@test "two cores that flush with interrupts off are a finding with both stacks" {
    run --separate-stderr "$splinter" run "$smoke" "${small[@]}" --set flush.interrupts=off --set flush.strategy=per-page \
        --set workload.secretmem.cores_percent=50
    [ "$status" -eq 3 ]
    [[ "$stderr" == *"deadlock"*"core0 at cycle "*"flush/ack-wait, interrupts off"*"core2 at cycle "*"flush/ack-wait, interrupts off"* ]]
}
