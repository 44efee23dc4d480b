# Adds fields 21 (agree) and 22 (differ) to the guest's lines; -v engine=qemu-VERSION. This is the one place that corrects what
# QEMU is known to do wrong:
#
#   A page fault for a reserved bit (error code bit 3, RSVD) has P (bit 0) = 0 under QEMU, up to version 11. The SDM has P = 1:
#   RSVD says that a reserved bit is set in a *present* entry (Vol. 3A 4.7 and the description of #PF). Such a line gets P = 1, and the
#   engine's name the suffix "~". A QEMU that sets P needs no correction and gets no suffix.
#
# A line of any other form ends the program with exit 1: the guest died, or says why it gave up.
BEGIN { kind = 16; error = 17 }

NF != 21 || $1 != "V" || $15 != "=>" {
    printf "the guest did not write a vector (line %d): %s\n", NR, $0 >"/dev/stderr"
    exit 1
}

# Error codes below 0x40 in hexadecimal without leading zeros: the last digit holds bits 0 to 3.
$kind == "pf" {
    digit = index("0123456789abcdef", substr($error, length($error))) - 1
    if (digit >= 8 && digit % 2 == 0) {
        $error = substr($error, 1, length($error) - 1) substr("0123456789abcdef", digit + 2, 1)
        suffix = "~"
    }
}

{ print $0, engine suffix, "-"; suffix = "" }
