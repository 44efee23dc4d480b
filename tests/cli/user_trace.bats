#!/usr/bin/env bats
# splinter replay FILE and the workload trace on a user's trace; --proc.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    data="$source_dir/tests/data/user_traces"
    proc=(--buddyinfo "$data/buddyinfo" --pagetypeinfo "$data/pagetypeinfo")
}

@test "the same events recorded by three tools give the same replay" {
    for name in ftrace.txt perf-script.txt.gz trace-cmd-report.txt.xz; do
        run --separate-stderr "$splinter" replay "$data/$name" "${proc[@]}" --json "$work/$name.json" \
            --set 'workload.trace.unmapped=gfp:GFP_KERNEL_ACCOUNT'
        [ "$status" -eq 0 ]
        [ "${lines[-1]}" = '36 of 36 allocations served' ]
        tail -n +2 <<<"$output" >"$work/$name.text"   # all but the line with file and format
        jq 'del(.file, .format) | del(.result.config[] | select(.key == "workload.trace.file"))' "$work/$name.json" \
            >"$work/$name.short"
    done
    cmp "$work/ftrace.txt.text" "$work/perf-script.txt.gz.text"
    cmp "$work/ftrace.txt.text" "$work/trace-cmd-report.txt.xz.text"
    cmp "$work/ftrace.txt.short" "$work/perf-script.txt.gz.short"
    cmp "$work/ftrace.txt.short" "$work/trace-cmd-report.txt.xz.short"
    [ "$(jq -r .format "$work/perf-script.txt.gz.json")" = 'perf script' ]
    [ "$(jq -c '[.lost_events, .unknown_frees, .unknown_pages, .missing_frees, .skipped.bulk, .failures, .overlaps]' \
        "$work/ftrace.txt.json")" = '[3,6,7,0,1,0,0]' ]
    [ "$(jq '.result.workloads[0].phases[0].metrics.pages > 0' "$work/ftrace.txt.json")" = true ]
}

@test "a replay of a file says what it cannot tell, and what was not protected" {
    run --separate-stderr "$splinter" replay "$data/ftrace.txt"
    [ "$status" -eq 0 ]
    [[ "$output" == *'start: an empty machine of 64GiB'* ]]
    [[ "$output" == *'frees of unknown pages, left out             6'* ]]
    [[ "$output" == *'not predicted: page frame numbers'* ]]
    [[ "$output" == *'no allocation of the trace is one that workload.trace.unmapped names'* ]]
}

@test "a file can be the workload of an experiment, found beside it, and strategies compared on it" {
    cp "$data"/ftrace.txt "$data"/pagetypeinfo "$work"
    printf '%s\n' 'workload.run = ["trace"]' '[platform]' 'cores = 2' '[workload.trace]' 'file = "ftrace.txt"' \
        'pagetypeinfo = "pagetypeinfo"' 'unmapped = ["gfp:GFP_KERNEL_ACCOUNT"]' 'warm_up = "0cyc"' 'baseline = "0cyc"' \
        >"$work/own.toml"
    "$splinter" config check "$work/own.toml"
    "$splinter" compare "$work/own.toml" --set flush.strategy=none,per-page,batched,freetype --json "$work/out.json" >"$work/table"
    for strategy in none per-page batched freetype; do grep -q " $strategy " "$work/table"; done
    "$splinter" run "$work/own.toml" --set flush.strategy=freetype --json "$work/run.json"
    [ "$(jq -c '.workloads[0].phases[0].metrics | [.flips_to_unmapped, .pages]' "$work/run.json")" = '[1,18]' ]
}

@test "paths of a trace that cannot be are refused" {
    refuses 'no such file: nowhere' run "$smoke" --set workload.run=trace --set workload.trace.file=nowhere
    refuses 'does nothing without workload.trace.file' run "$smoke" --set workload.run=trace \
        --set workload.trace.directory="$source_dir/tests/data/traces/secret1-k61" --set workload.trace.buddyinfo="$data/buddyinfo"
    refuses 'name one of them' run "$smoke" --set workload.run=trace --set workload.trace.file="$data/ftrace.txt" \
        --set workload.trace.directory="$source_dir/tests/data/traces/secret1-k61"
    refuses 'needs the snapshots of a directory' replay "$data/ftrace.txt" --level pcp
    refuses 'does nothing with a directory' replay "$source_dir/tests/data/traces/secret1-k61" --buddyinfo "$data/buddyinfo"
}

@test "a malformed line is named by file, line and column" {
    sed '9s/pfn=0x/pfn=0xg/' "$data/ftrace.txt" >"$work/bad.txt"
    refuses "$work/bad.txt:9:" replay "$work/bad.txt"
    head -c 5000 "$data/ftrace.txt" >"$work/cut.txt"
    refuses "the file is cut off in this line" replay "$work/cut.txt"
    head -c 1000 "$data/perf-script.txt.gz" >"$work/cut.gz"
    refuses "the gzip stream is truncated" replay "$work/cut.gz"
    printf 'Node 0, zone Normal one\n' >"$work/buddyinfo"
    refuses "$work/buddyinfo:1:21:" replay "$data/ftrace.txt" --buddyinfo "$work/buddyinfo"
}

@test "CPUs without events, which a stray line makes, are told; impossible ones are refused" {
    line='mm_page_free: page=0 pfn=0x10 order=0'
    printf '  a-1 [000] ..... 1.5: %s\n  a-1 [007] ..... 1.6: %s\n' "$line" "$line" >"$work/stray.txt"
    "$splinter" replay "$work/stray.txt" >"$work/text"
    grep -q 'only 2 of the CPUs up to number 7 have events; --set platform.cores=N' "$work/text"
    printf '  a-1 [1024] ..... 1.5: %s\n' "$line" >"$work/stray.txt"
    refuses "$work/stray.txt:1:8: found '1024', expected cpu" replay "$work/stray.txt"
}

@test "--proc writes files that are read back to the same counts" {
    "$splinter" replay "$data/ftrace.txt" "${proc[@]}" --proc "$work/a/first" >"$work/text"
    [ "$(ls -A "$work/a/first" | tr '\n' ' ')" = 'buddyinfo meminfo pagetypeinfo vmstat ' ]
    grep -A3 '^buddyinfo at the end' "$work/text" | tail -n 3 | cmp - "$work/a/first/buddyinfo"
    # A trace without an allocation, from there: nothing moves but the pages that boot takes for the kernel's data.
    printf '  a-1 [000] ..... 1.5: mm_page_free: page=0 pfn=0x10 order=0\n' >"$work/idle.txt"
    "$splinter" replay "$work/idle.txt" --buddyinfo "$work/a/first/buddyinfo" --pagetypeinfo "$work/a/first/pagetypeinfo" \
        --json "$work/idle.json" >/dev/null
    free=$(awk '{for (i = 5; i <= NF; ++i) sum += $i * 2 ^ (i - 5)} END {print sum}' "$work/a/first/buddyinfo")
    [ "$free" -eq "$(awk '$1 == "nr_free_pages" {print $2}' "$work/a/first/vmstat")" ]
    [ "$(jq '.notes | map(select(test("buddyinfo"))) | length' "$work/idle.json")" = 0 ]
}

@test "run --proc writes the state of each workload; a file in its place is refused" {
    "$splinter" run "$smoke" "${small[@]}" --set workload.run=secretmem --proc "$work/proc" >/dev/null
    grep -qx 'DirectMap2M: *[0-9]* kB' "$work/proc/meminfo"
    grep -qx 'direct_map_level2_splits [0-9]*' "$work/proc/vmstat"
    [ "$(grep -c '^pgalloc_[a-z0-9]* [0-9]*$' "$work/proc/vmstat")" -eq 5 ]
    ! grep -q '^pgalloc ' "$work/proc/vmstat"
    grep -qx 'Page block order: 9' "$work/proc/pagetypeinfo"
    touch "$work/file"
    refuses 'exists and is not a directory' run "$smoke" "${small[@]}" --proc "$work/file"
    refuses 'does nothing with --level' replay "$source_dir/tests/data/traces/secret1-k61" --level pcp --proc "$work/proc"
}

@test "the files of a tiny machine are these, byte for byte" {
    # 32 MiB without its first MiB. 256 pages of kernel data and 4 secret ones; the refills of two CPUs took the rest of what is missing.
    "$splinter" run "$smoke" --set platform.cores=2 --set platform.memory=32MiB --set kernel.pcp_high_max=504 \
        --set workload.background.user_footprint=2MiB --set workload.background.kernel_footprint=1MiB \
        --set workload.secretmem.pages=4 --set workload.secretmem.warm_up=2000cyc --set workload.secretmem.baseline=5000cyc \
        --set flush.strategy=none --proc "$work/proc" >/dev/null
    for name in buddyinfo pagetypeinfo vmstat meminfo; do diff "$source_dir/tests/data/proc/$name" "$work/proc/$name"; done
}

@test "the recipe in the README records events that are read" {
    for event in $(sed -n "s/^events='\(.*\)'/\1/p" "$source_dir/platforms/workload/README.md"); do
        printf 'a-1 [000] ..... 1.5: %s: page=0 pfn=0x10 order=0 migratetype=0 percpu_refill=0 gfp_flags=GFP_KERNEL alloc_order=0 fallback_order=10 pageblock_order=9 alloc_migratetype=0 fallback_migratetype=1 fragmenting=0 change_ownership=1\n' \
            "$event" >>"$work/all.txt"
    done
    [ "$(wc -l <"$work/all.txt")" -eq 5 ]
    "$splinter" replay "$work/all.txt" --json "$work/all.json" >/dev/null
    [ "$(jq -c '[.skipped, (.events | map(select(. == 1)) | length)]' "$work/all.json")" = '[{},5]' ]
}
