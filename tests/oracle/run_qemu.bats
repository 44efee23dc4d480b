#!/usr/bin/env bats
# What tests/oracle/run_qemu.sh must refuse, with programs that stand in for QEMU and splinter: a test that passes without having
# compared anything is worse than none.
bats_require_minimum_version 1.5.0

setup() {
    script="$BATS_TEST_DIRNAME/run_qemu.sh"
    export QEMU="$BATS_TEST_TMPDIR/qemu" SPLINTER="$BATS_TEST_TMPDIR/splinter" ORACLE_GUEST="$BATS_TEST_TMPDIR/guest"
    export ORACLE_VECTORS="$BATS_TEST_TMPDIR/vectors" TMPDIR="$BATS_TEST_TMPDIR"
    ok='V 1-4-40-00000 mix 40 80000011 20 500 0 0 0 1000000 sr 8000000000 1000008:87 => ok 0 - 0 1g a7'
    rsvd='V 1-4-40-00000 rsv 40 80000011 20 500 0 0 0 1000000 ur 8000000000 1000008:2087 => pf c 8000000000 - - 2087'
    touch "$ORACLE_GUEST"
    fake_qemu "$ok" 33
    fake_splinter '6 of 6 agree' 0
}

# fake_qemu LINE STATUS: prints LINE to the debug console once per boot.
fake_qemu() {
    cat >"$QEMU" <<EOF
#!/bin/bash
[[ \$1 == --version ]] && { echo 'QEMU emulator version 9.8.7 (Debian)'; exit; }
while ((\$#)); do [[ \$1 == -debugcon ]] && console=\${2#file:}; shift; done
printf '%s' "$1" >"\$console"
[[ "$1" ]] && echo >>"\$console"
exit $2
EOF
    chmod +x "$QEMU"
}

# fake_splinter LAST_LINE STATUS
fake_splinter() {
    printf '#!/bin/bash\necho "%s"\nexit %s\n' "$1" "$2" >"$SPLINTER"
    chmod +x "$SPLINTER"
}

# refuses TEXT: exit 1, TEXT, and the command that repeats the run.
refuses() {
    run --separate-stderr "$script" abc 6
    printf 'exit %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
    [ "$status" -eq 1 ]
    [[ "$stderr" == *"$1"* ]]
    [[ "$stderr" == *"to repeat: "*"run_qemu.sh abc 6"* ]]
}

@test "a run in which every state was judged and agrees passes and names its seed" {
    run --separate-stderr "$script" abc 6
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "oracle.qemu: seed abc, 6 states" ]
    [ "$(wc -l <"$ORACLE_VECTORS")" -eq 6 ]
}

@test "two runs without a seed have different seeds" {
    run "$script"
    first=${lines[0]}
    run "$script"
    [[ "$first" == "oracle.qemu: seed "* ]]
    [ "$first" != "${lines[0]}" ]
}

@test "a missing QEMU fails" {
    rm "$QEMU"
    refuses "install qemu-system-x86"
}

@test "a disagreement fails" {
    fake_splinter '5 of 6 agree' 1
    refuses "differ"
}

@test "a conform that judged fewer states than ran fails" {
    fake_splinter '5 of 5 agree' 0
    refuses "not all of the 6 states were judged"
}

@test "a guest that wrote fewer states than asked fails" {
    fake_qemu '' 33
    refuses "ran 0 of 6 states"
}

@test "a guest that dies fails" {
    fake_qemu "$ok" 0
    refuses "ended with exit 0 before the guest did"
}

@test "a guest that complains fails" {
    fake_qemu 'guest: the CPU lacks SMEP 0' 35
    refuses "the CPU lacks SMEP"
}

@test "an RSVD fault without P gets P and is marked as corrected" {
    fake_qemu "$rsvd" 33
    "$script" abc 6
    [ "$(sort -u "$ORACLE_VECTORS")" = "${rsvd/pf c/pf d} qemu-9.8.7~ -" ]
}

@test "an RSVD fault with P stays as it is" {
    fake_qemu "${rsvd/pf c/pf d}" 33
    "$script" abc 6
    [ "$(sort -u "$ORACLE_VECTORS")" = "${rsvd/pf c/pf d} qemu-9.8.7 -" ]
}

@test "a fault that is not for a reserved bit stays as it is" {
    fake_qemu "${rsvd/pf c/pf 14}" 33
    "$script" abc 6
    [ "$(sort -u "$ORACLE_VECTORS")" = "${rsvd/pf c/pf 14} qemu-9.8.7 -" ]
}
