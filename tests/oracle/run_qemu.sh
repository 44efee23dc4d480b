#!/bin/bash
# Differential test: random page-table states on QEMU's CPU, judged by the model.
#
#   tests/oracle/run_qemu.sh [SEED [COUNT]]
#
# SEED: up to 16 hexadecimal digits; fresh when absent, printed in any case. COUNT: states, default 4000, over all machines below.
# The environment may name the program (SPLINTER), the guest (ORACLE_GUEST), QEMU (QEMU), and a file that keeps the vectors
# (ORACLE_VECTORS; without it they are kept after a failure only).
# Exit 0: all COUNT states ran and the model agrees with each. 1: anything else, with the command that shows it again.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
build=$(readlink -f "$here/../..")/build/release
splinter=${SPLINTER:-$build/splinter}
guest=${ORACLE_GUEST:-$build/tests/oracle/oracle_guest.elf}
qemu=${QEMU:-qemu-system-x86_64}
seed=${1:-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')}
count=${2:-4000}
seconds=45   # for one machine; many times what it takes

# LA57 and MAXPHYADDR of each machine.
machines=("off 40" "on 40" "off 36" "on 46" "off 52" "on 52")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
vectors=$scratch/vectors

fail() {
    echo "oracle.qemu: $1" >&2
    if [[ -s $vectors && ! ${ORACLE_VECTORS:-} ]]; then
        kept=$(mktemp -t "oracle-qemu-$seed-XXXX.txt") && cp "$vectors" "$kept" && echo "oracle.qemu: vectors kept in $kept" >&2
    fi
    printf -v again '%q ' "SPLINTER=$splinter" "ORACLE_GUEST=$guest" "QEMU=$qemu" "$here/run_qemu.sh" "$seed" "$count"
    echo "oracle.qemu: to repeat: $again" >&2
    exit 1
}

[[ $seed =~ ^[0-9a-f]{1,16}$ ]] || fail "the seed '$seed' is not a number of up to 16 hexadecimal digits (lower case)"
[[ $count =~ ^[1-9][0-9]{0,5}$ ]] || fail "the count '$count' is not a number from 1 to 999999"
echo "oracle.qemu: seed $seed, $count states"
command -v "$qemu" >/dev/null || fail "no program $qemu: install qemu-system-x86 (tools/setup --tests)"
[[ -x $splinter ]] || fail "no program $splinter: build splinter or set SPLINTER"
[[ -r $guest ]] || fail "no guest $guest: build oracle_guest or set ORACLE_GUEST"
version=$("$qemu" --version | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
[[ $version ]] || fail "$qemu does not tell its version"

# run_machine LA57 PHYS_BITS STATES: appends the vectors of one boot.
run_machine() {
    local status=0
    : >"$scratch/console"
    timeout "$seconds" "$qemu" -machine pc,accel=tcg -cpu "max,la57=$1,phys-bits=$2" -m 2G -no-user-config -nodefaults \
        -display none -no-reboot -debugcon "file:$scratch/console" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -kernel "$guest" -append "$(printf 'seed=%s count=%x' "$seed" "$3")" </dev/null >"$scratch/log" 2>&1 || status=$?
    cat "$scratch/log" >&2
    awk -v "engine=qemu-$version" -f "$here/complete_vectors.awk" "$scratch/console" >>"$vectors" ||
        fail "la57=$1, phys-bits=$2: the guest gave up (exit $status of $qemu)"
    # ExitCode::Complete of the guest, as isa-debug-exit passes it on.
    ((status == 0x10 * 2 + 1)) || fail "la57=$1, phys-bits=$2: $qemu ended with exit $status before the guest did"
}

left=$count
for i in "${!machines[@]}"; do
    read -r la57 phys_bits <<<"${machines[i]}"
    share=$((left / (${#machines[@]} - i)))
    left=$((left - share))
    ((share == 0)) || run_machine "$la57" "$phys_bits" "$share"
done
[[ ! ${ORACLE_VECTORS:-} ]] || cp "$vectors" "$ORACLE_VECTORS"
written=$(wc -l <"$vectors")
((written == count)) || fail "QEMU $version ran $written of $count states"

"$splinter" conform "$vectors" | tee "$scratch/verdict" || fail "the model and QEMU $version differ"
# The exit status alone would not show that each state was judged.
[[ $(tail -n 1 "$scratch/verdict") == "$count of $count agree" ]] || fail "not all of the $count states were judged"
