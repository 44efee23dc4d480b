#!/usr/bin/env bats
# A sweep that is killed, or whose points fail, loses nothing that was finished.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    out="$work/out"
    # Eight points, each long enough to be met while it runs.
    # shellcheck disable=SC2054  # the commas are splinter's
    sweep=("$splinter" sweep "$first_light" "${small_first_light[@]/pages=64/pages=24000}"
        --set platform.cores=2,4 --set flush.strategy=none,freetype --set platform.seed=1..2)
    # Two points, of which the first runs for longer than any test.
    long=("$splinter" sweep "$smoke" "${small[@]/pages=64/pages=900000,64}" --set flush.strategy=none)
}

results() { find "$out" -name '*.*.json' ! -name '.*' 2>/dev/null | LC_ALL=C sort; }
children_of() { cat "/proc/$1/task/$1/children" 2>/dev/null || true; }
# Without a process of its own, which would give the child time to end.
kill_a_child_of() {
    child=
    read -r child _ 2>/dev/null <"/proc/$1/task/$1/children" || true   # the list does not end with a line break
    [ -n "$child" ] && kill -9 "$child"
}
# until_true COMMAND...: waits for it, half a minute at most.
until_true() {
    for _ in $(seq 1500); do
        "$@" && return
        sleep 0.02
    done
    echo "never: $*"
    return 1
}
has_results() { [ "$(results | wc -l)" -ge "$1" ]; }
has_child() { [ -n "$(children_of "$1")" ]; }
# A zombie, which nobody may come for in a container, is gone.
is_gone() { ! grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"; }
group_is_gone() { [ -z "$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$1" '$5 == group && $3 != "Z"')" ]; }

# resumes: the same command goes on; it repeats no point that was finished and ends as if nothing had happened.
resumes() {
    results | xargs -rd '\n' stat -c '%n %i %y' >"$work/before"
    finished="$(wc -l <"$work/before")"
    "${sweep[@]}" -j 2 --out "$out" >"$work/txt" 2>"$work/log"
    [ "$finished" -eq 0 ] || grep -q "$finished of 8 points are there already" "$work/log"
    [ "$(grep -c '^splinter: \[' "$work/log")" -eq $((8 - finished)) ]
    cut -d' ' -f1 "$work/before" | xargs -rd '\n' stat -c '%n %i %y' | cmp - "$work/before"
    [ -z "$(jq -r .config "$out/host-costs.jsonl" | sort | uniq -d)" ]
    diff -r -x host-costs.jsonl "$work/reference" "$out"
    cmp "$work/reference.txt" "$work/txt"
}

@test "kill -9 of the process group at any moment loses no finished point" {
    "${sweep[@]}" -j 1 --out "$work/reference" >"$work/reference.txt"
    for moment in 0 1 3 5; do
        for _ in $(seq 20); do  # a sweep that was through before the kill is begun anew
            rm -rf "$out"
            setsid "${sweep[@]}" -j 2 --out "$out" >/dev/null 2>&1 3>&- &
            group=$!
            until_true has_results "$moment"
            kill -9 -- "-$group" 2>/dev/null || true
            wait "$group" || true
            until_true group_is_gone "$group"
            [ "$(results | wc -l)" -ge 8 ] || break
        done
        [ "$(results | wc -l)" -lt 8 ]
        resumes
    done
}

@test "children die with a parent that is killed, and what they leave is harmless" {
    "${sweep[@]}" -j 1 --out "$work/reference" >"$work/reference.txt"
    "${sweep[@]}" -j 2 --out "$out" >/dev/null 2>&1 3>&- &
    parent=$!
    until_true has_results 2
    until_true has_child "$parent"
    children="$(children_of "$parent")"
    for child in $children; do children+=" $(children_of "$child")"; done
    kill -9 "$parent"
    wait "$parent" || true
    for child in $children; do until_true is_gone "$child"; done
    # What a child that was killed while it wrote would leave, half a line of the parent's, and a result that somebody has spoiled.
    echo '{"schema": 2, "prog' >"$out/.cores=2,strategy=none,seed=1.0123456789abcdef.json.Ab3dEf"
    printf '\n{"config": "01' >>"$out/host-costs.jsonl"
    spoiled="$(results | head -1)"
    echo '{}' >"$spoiled"
    "${sweep[@]}" -j 2 --out "$out" >"$work/txt" 2>"$work/log"
    diff -r -x host-costs.jsonl "$work/reference" "$out"
    cmp "$work/reference.txt" "$work/txt"
}

@test "a point that is killed is reported, the others go on, and the same command tries it again" {
    sweep=("${sweep[@]/pages=24000/pages=60000}")
    "${sweep[@]}" -j 1 --out "$work/reference" >"$work/reference.txt"
    "${sweep[@]}" -j 1 --out "$out" >/dev/null 2>"$work/log" 3>&- &
    parent=$!
    until_true kill_a_child_of "$parent"
    status=0
    wait "$parent" || status=$?
    [ "$status" -eq 70 ]
    name="$(sed -nE 's/^splinter: \[.*\] (.*): FAILED after .* s: killed by signal: Killed$/\1/p' "$work/log")"
    [[ "$name" == cores=4,strategy=* ]]
    grep -q "to reproduce: splinter run $first_light .* --set platform.cores=4 --set flush.strategy=.* --set platform.seed=.\$" "$work/log"
    [ "$(results | wc -l)" -eq 7 ]
    grep -q 'killed by signal' "$out/$name".*.failed
    resumes
}

@test "a point that runs past --point-timeout is reported, the others go on, and it is tried last when the sweep does" {
    run --separate-stderr "${long[@]}" -j 1 --point-timeout 3s --out "$out"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *'[1/2] pages=900000: FAILED after 3.'*' s: stopped after 3.0 s, --point-timeout'* ]]
    [[ "$stderr" == *"to reproduce: splinter run $smoke "*'--set workload.secretmem.pages=900000'* ]]
    [ "$(results | wc -l)" -eq 1 ]
    [ "$(wc -l <"$out/sweep.csv")" -eq 3 ]
    run --separate-stderr "${long[@]/900000,64/900000,64,65}" -j 1 --point-timeout 3s --out "$out"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *'1 of 3 points are there already'*'[1/2] pages=65: '*'[2/2] pages=900000: FAILED after 3.'* ]]
    [ "$(wc -l <"$out/sweep.csv")" -eq 5 ]
    run --separate-stderr "${long[@]}" --point-timeout 3 --out "$out"
    [ "$status" -eq 2 ]
    [ "$stderr" = 'splinter: --point-timeout: expected a time such as 500ms, 90s, 10min or 2h, found "3"' ]
}

@test "points share the memory budget, and one that needs more alone is stopped" {
    "${sweep[@]}" --verbose -j 2 --out "$out" 2>"$work/log"
    grep -q 'started, 2 running' "$work/log"
    rm -r "$out"
    "${sweep[@]}" --verbose -j 2 --memory-budget 50MiB --out "$out" 2>"$work/log"
    [ "$(grep -c 'started, 1 running' "$work/log")" -eq 8 ]
    [ "$(grep -c 'started, 2 running' "$work/log")" -eq 0 ]
    rm -r "$out"
    run --separate-stderr "${long[@]}" -j 2 --memory-budget 1MiB --only workload.secretmem.pages=900000 --out "$out"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *'pages=900000: FAILED after '*' of memory, --memory-budget is 1 MiB'* ]]
}

@test "what cannot be written stops the sweep, and the same command goes on when there is room" {
    "${sweep[@]}" -j 1 --out "$work/reference" >"$work/reference.txt"
    "${sweep[@]}" --only flush.strategy=none --only platform.cores=2 -j 1 --out "$out" >/dev/null
    # A file may not grow beyond 16 KiB: smaller than a result, larger than all else.
    # shellcheck disable=SC2016  # for the inner shell
    run --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 16; exec "$@"' - "${sweep[@]}" -j 1 --out "$out"
    [ "$status" -eq 2 ]
    [[ "$stderr" == *'cannot be written: File too large'*'no more points are started'* ]]
    [ "$(results | wc -l)" -eq 2 ]
    resumes
}

@test "a result belongs to its values and its program, not to where they were set" {
    experiment() {
        printf '%s\n' "include = [\"$source_dir/configs/costs/linux-6.12.toml\", \"$source_dir/configs/workloads/secretmem.toml\"]" \
            '[platform]' "model = \"$source_dir/configs/platforms/skylake-sp-2s.toml\"" 'memory = "4GiB"' '[workload.secretmem]' \
            'pages = 64' '[axes]' 'flush.strategy = ["none", "freetype"]'
    }
    { echo '# The question: is it new?'; experiment; } >"$work/a.toml"
    { printf '# other lines\n\ndescription = "is it the same?"\n'; experiment; echo 'platform.seed = "1..3"'; } >"$work/b.toml"
    "$splinter" sweep "$work/a.toml" -j 2 --out "$out"
    [ "$(jq -r .question "$out"/strategy=none.*.json)" = 'is it new?' ]
    run --separate-stderr "$splinter" sweep "$work/b.toml" --set report.columns=splits -j 2 --out "$out"
    [ "$status" -eq 0 ]
    [[ "$stderr" == *'2 of 6 points are there already'* ]]
    [ "$(find "$out" -name 'strategy=*,seed=*.json' | wc -l)" -eq 6 ]
    [ "$(find "$out" -name 'strategy=*.json' | wc -l)" -eq 6 ]
    [ "$(jq -r .question "$out"/strategy=none,seed=1.*.json)" = 'is it the same?' ]
    rm -r "$out"
    "${sweep[@]}" -j 2 --out "$out" >/dev/null
    # A copy of the program with one byte more is another program.
    cp "$splinter" "$work/other"
    echo >>"$work/other"
    [ "$("$work/other" "${sweep[@]:1}" --dry-run --out "$out" | grep -c 'to do  ')" -eq 8 ]
    [ "$("${sweep[@]}" --dry-run --out "$out" | grep -c 'finished  ')" -eq 8 ]
}

@test "two sweeps into one folder at the same time do not disturb each other" {
    "${sweep[@]}" -j 1 --out "$work/reference" >"$work/reference.txt"
    "${sweep[@]}" -j 1 --only platform.seed=1 --out "$out" >/dev/null 2>&1 3>&- &
    other=$!
    "${sweep[@]}" -j 1 --only platform.seed=2 --out "$out" >/dev/null
    wait "$other"
    resumes
}

@test "--dry-run lists the points with an estimate and its basis, and simulates nothing" {
    run --separate-stderr "${sweep[@]}" --dry-run -j 2
    [ "$status" -eq 0 ]
    [ "${lines[0]%%:*}" = '8 points, 8 to do' ]
    [ "$(grep -cE '^cores=[24],strategy=(none|freetype),seed=[12] +to do +[0-9.]+ s +[0-9.]+ MiB  model$' <<<"$output")" -eq 8 ]
    [[ "$output" == *'  model      fitted to '* ]]
    "${sweep[@]}" --only flush.strategy=none -j 2 --out "$out" >/dev/null
    find "$out" | LC_ALL=C sort >"$work/before"
    run --separate-stderr "${sweep[@]}" --dry-run -j 2 --out "$out"
    [ "${lines[0]%%:*}" = '8 points, 4 to do' ]
    [ "$(grep -cE '^cores=[24],strategy=none,seed=[12] +finished .* measured$' <<<"$output")" -eq 4 ]
    [ "$(grep -cE '^cores=[24],strategy=freetype,seed=[12] +to do .* neighbour$' <<<"$output")" -eq 4 ]
    find "$out" | LC_ALL=C sort | cmp - "$work/before"
    # Of a load that was never measured no time is invented.
    run --separate-stderr "$splinter" sweep "$smoke" --set workload.run=vmalloc --dry-run
    [[ "${lines[0]}" == '1 point, 1 to do: 1 of which no time is known' ]]
}

@test "a terminal gets one line with rate and time left instead of a line per point" {
    command -v script >/dev/null   # bsdutils, which Debian always has
    TERM=xterm script -qec "$(printf '%q ' "${sweep[@]/pages=24000/pages=60000}" -j 2 --out "$out")" /dev/null </dev/null >"$work/txt"
    grep -qE $'\r\e\\[K\\[#*\\.*\\] [0-7]/8 points, [12] running, [0-9.e+]+ points/(s|min), about [0-9.]+ (s|min) left' "$work/txt"
    [ "$(grep -c 'strategy=none,seed=1: ' "$work/txt")" -eq 0 ]
    [ "$(wc -l <"$out/sweep.csv")" -eq 9 ]   # seeds are folded
}
