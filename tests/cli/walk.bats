#!/usr/bin/env bats
# splinter walk: one page walk for a person.

# shellcheck disable=SC2154  # common.bash and bats set the variables

setup() {
    load common.bash
    tables=(--cr3 0x1000 --word 0x17f0:0x2067 --word 0x2240:0x3067 --word 0x3d10:0x40000e7)
}

@test "walk shows every level, the cycles and the outcome" {
    run --separate-stderr "$splinter" walk 0x7f1234567890 --access user-write "${tables[@]}"
    [ "$status" -eq 0 ]
    for part in 'PML4E[254] at 0x17f0' 'PDPTE[72] at 0x2240' 'PDE[418] at 0x3d10 = 0x00000000040000e7   2 + 14 cycles' \
        'outcome: ok, 0x4167890 in a 2 MiB page; 3 entries read, 48 cycles'; do
        [[ "$output" == *"$part"* ]]
    done
}

@test "the cycles are the platform's" {
    run --separate-stderr "$splinter" walk 7f1234567890 "${tables[@]}" --set hw.mem.page_table_read=70cyc
    [ "$status" -eq 0 ]
    [[ "$output" == *'2 + 70 cycles'*'3 entries read, 216 cycles'* ]]
}

@test "registers decide: SMAP stops the kernel, AC lets it pass" {
    run --separate-stderr "$splinter" walk 7f1234567890 "${tables[@]}"
    [ "$status" -eq 0 ]
    [[ "$output" == *'FAIL  4.6.1'*'CR4.SMAP'*'outcome: #PF, error code 0x1 (P), CR2 0x7f1234567890'* ]]
    run --separate-stderr "$splinter" walk 7f1234567890 "${tables[@]}" --rflags 40000
    [[ "$output" == *'outcome: ok, 0x4167890'* ]]
}

@test "CR4.LA57 makes five levels" {
    run --separate-stderr "$splinter" walk 7f1234567890 --access user-read --cr4 7210b0 --cr3 8000 --word 8000:1067 \
        --word 17f0:2067,2240:3067,3d10:40000e7
    [ "$status" -eq 0 ]
    [[ "$output" == *'PML5E[0] at 0x8000'*'outcome: ok, 0x4167890 in a 2 MiB page; 4 entries read'* ]]
}

@test "words can come from a file with comments" {
    printf '%s\n' '# user tables' '17f0:2067' '' '0x2240:0x3067,3d10:40000e7' >"$work/words.txt"
    run --separate-stderr "$splinter" walk 7f1234567890 --access user-read --cr3 1000 --words "$work/words.txt"
    [ "$status" -eq 0 ]
    [[ "$output" == *'outcome: ok, 0x4167890'* ]]
    printf '%s\n' '17f0:2067' '2240=3067' >"$work/words.txt"
    refuses "$work/words.txt:2:1: found '2240=3067', expected ADDRESS:VALUE" walk 0 --cr3 1000 --words "$work/words.txt"
}

@test "bad input is one line" {
    refuses 'ADDRESS is missing' walk
    refuses '--cr3 HEX is missing' walk 0 --word 0:0
    refuses 'no page-table word' walk 0 --cr3 1000
    refuses 'ADDRESS: expected a hexadecimal number' walk 0xffff8888x "${tables[@]}"
    refuses 'found "0x"' walk 0x "${tables[@]}"
    refuses 'found "-1"' walk 0 --pkru -1 "${tables[@]}"
    refuses '--pkru: expected a hexadecimal number up to 0xffffffff' walk 0 --pkru 100000000 "${tables[@]}"
    refuses '--cr3: expected a hexadecimal number up to 0x3fffffffffff' walk 0 --cr3 400000000000 --word 0:0
    refuses '--maxphyaddr: expected a number from 32 to 52, found "53"' walk 0 --maxphyaddr 53 "${tables[@]}"
    refuses '--set platform.page_table_caches: found "l2", allowed: "fixed"' walk 0 --set platform.page_table_caches=l2 "${tables[@]}"
    refuses 'command line: has several values for platform.cores' walk 0 --set platform.cores=2,4 "${tables[@]}"
    refuses 'no 4-level or 5-level paging' walk 0 --cr4 0 "${tables[@]}"
    refuses 'did you mean `user-write`' walk 0 --access user-wrte "${tables[@]}"
    refuses "--word:1:1: found '4', expected an address that is a multiple of 8" walk 0 --cr3 0 --word 4:0
    refuses "found '8:2', expected one value for each address" walk 0 --cr3 0 --word 8:1,8:2
    refuses "one value for each address" walk 0 --cr3 0 --word 8:1 --word 8:2
    refuses "found nothing, expected ADDRESS:VALUE" walk 0 --cr3 0 --word ''
}

@test "MAXPHYADDR is the platform's unless it is given" {
    run --separate-stderr "$splinter" walk 0x7f1234567890 --set hw.mmu.physical_bits=52 "${tables[@]}"
    [[ "$output" == *'MAXPHYADDR 52'* ]]
    run --separate-stderr "$splinter" walk 0x7f1234567890 --set hw.mmu.physical_bits=52 --maxphyaddr 40 "${tables[@]}"
    [[ "$output" == *'MAXPHYADDR 40'* ]]
}
