#!/usr/bin/env bats
# splinter replay: a real kernel's trace.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    trace="$source_dir/tests/data/traces/secret512-k61"
}

@test "replay reproduces the free pages of every zone" {
    run --separate-stderr "$splinter" replay "$trace" --json "$work/out.json"
    [ "$status" -eq 0 ]
    [[ "${lines[-1]}" =~ ^([0-9]+)\ of\ ([0-9]+)\ zones\ agree$ ]]
    [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
    [ "${BASH_REMATCH[1]}" -gt 0 ]
    [ "$(jq -c '[.failures, .overlaps, .agrees]' "$work/out.json")" = '[0,0,true]' ]
}

@test "replay of a changed snapshot disagrees: exit 1" {
    mkdir "$work/trace"
    cp "$trace"/* "$work/trace"
    # The free pages that the trace starts from, taken for those that it ends with.
    cp "$trace/snap0.json.xz" "$work/trace/snap1.json.xz"
    run --separate-stderr "$splinter" replay "$work/trace"
    [ "$status" -eq 1 ]
    [[ "${lines[-1]}" == *'zones agree' ]]
}

@test "the JSON of a replay holds the whole config" {
    "$splinter" replay "$source_dir/tests/data/traces/secret512-k61" --json "$work/out.json"
    [ "$(jq -r '.result.config[] | select(.key == "platform.cores").value' "$work/out.json")" = 4 ]
    [ "$(jq '.result.config | length' "$work/out.json")" -gt 50 ]
}

@test "replay at a level predicts every block: exit 0, and counts in text and JSON" {
    for level in buddy pcp; do
        run --separate-stderr "$splinter" replay "$trace" --level "$level" --json "$work/$level.json"
        [ "$status" -eq 0 ]
        [[ "${lines[-1]}" =~ ^([0-9]+)\ of\ ([0-9]+)\ agree$ ]]
        [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ]
        [ "$(jq -c '[.level, .agree, .of, .agrees, .first_difference]' "$work/$level.json")" = \
            "[\"$level\",${BASH_REMATCH[1]},${BASH_REMATCH[2]},true,null]" ]
    done
    [ "$(jq -c '[.kinds.allocations.of, .kinds.takes.of, .recognised.bulk_pages]' "$work/pcp.json")" = '[626,504,8]' ]
}

@test "replay at a level of a changed snapshot disagrees: exit 1, and shows the first difference" {
    mkdir "$work/trace"
    cp "$trace"/* "$work/trace"
    cp "$trace/snap0.json.xz" "$work/trace/snap1.json.xz"
    run --separate-stderr "$splinter" replay "$work/trace" --level buddy
    [ "$status" -eq 1 ]
    [[ "$output" == *$'\nfirst difference: zone '* ]]
}

@test "replay refuses an unknown level, and parameters beside a level" {
    refuses 'expected buddy or pcp' replay "$trace" --level all
    refuses 'does nothing with --level' replay "$trace" --level pcp --set platform.cores=2
}

@test "lists of freetypes that are wrong are refused in one line with the words that are allowed" {
    refuses 'kernel.freetypes' config check "$smoke" --set kernel.freetypes=secret:unmovable
    [[ "$stderr" == *'found "secret", allowed: the flags unmapped, pgtable-key'* ]]
    refuses 'FLAG[+FLAG]:MIGRATETYPE' config check "$smoke" --set kernel.freetypes=unmapped
    refuses 'takes from unmapped:unmovable' config check "$smoke" --set kernel.freetypes=none
    "$splinter" config check "$smoke" --set kernel.freetypes=none --set flush.strategy=batched
    # In --set a comma separates the values of an axis, and a space the entries of one.
    "$splinter" config check "$smoke" --set 'kernel.freetypes=pgtable-key:unmovable unmapped:unmovable+movable'
    refuses 'each flag once' config check "$smoke" --set kernel.freetypes=unmapped+unmapped:unmovable
    printf '%s\n' "include = [\"$source_dir/configs/costs/linux-6.12.toml\", \"$source_dir/configs/workloads/secretmem.toml\"]" \
        '[kernel]' 'freetypes = "pgtable-key:unmovable,unmapped:unmovable+movable"' >"$work/two.toml"
    "$splinter" config check "$work/two.toml" --set platform.model="$source_dir/configs/platforms/skylake-sp-2s.toml" \
        --set flush.strategy=freetype --set workload.run=secretmem
}

@test "a run with freetypes says that no kernel has checked them, and of which generation they are" {
    run --separate-stderr "$splinter" run "$smoke" "${small[@]}" --set freetype.generation=early
    [ "$status" -eq 0 ]
    [[ "$output" == *'freetype policies: early, as read in the series; checked against no kernel'* ]]
}

@test "freetypes are refused on the rules of 6.1" {
    refuses 'freetypes exist on 6.12 only' config check "$smoke" --set kernel.version=6.1 --set flush.strategy=freetype
    "$splinter" config check "$smoke" --set kernel.version=6.1 --set flush.strategy=batched
    refuses '`kernel.freetypes`: is unmapped:movable, but kernel.version 6.1 has no freetypes' config check "$smoke" \
        --set kernel.version=6.1 --set flush.strategy=none --set kernel.freetypes=unmapped:movable
    refuses '`freetype.flip_unit`: is 64KiB, but kernel.version 6.1 has no freetypes' config check "$smoke" \
        --set kernel.version=6.1 --set flush.strategy=none --set freetype.flip_unit=64KiB
    "$splinter" config check "$smoke" --set kernel.version=6.1 --set flush.strategy=none --set kernel.freetypes=none \
        --set freetype.flip_unit=2MiB
}
