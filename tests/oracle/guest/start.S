// From QEMU's PVH entry (32-bit protected mode, no paging, EBX = start info) to guest_main() in 64-bit mode.
// Five-level paging if the CPU has it: LA57 can only change while paging is off (SDM Vol. 3A 4.1.1), and the command line of
// QEMU decides (-cpu max,la57=on|off).
#include "tests/oracle/guest/layout.h"

    .section .note.Xen, "a", @note
    .align 4
    .long 4, 8, 18              // name size, value size, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad entry32

    .section .text.start, "ax"
    .code32
    .globl entry32
entry32:
    cli
    cld
    movl $boot_stack_top, %esp
    movl %ebx, start_info

    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    movl $0x20, %edx            // CR4.PAE
    movl $own_pml4, %eax
    testl $(1 << 16), %ecx      // CPUID.7.0:ECX.LA57
    jz 1f
    orl $0x1000, %edx           // CR4.LA57
    movl $own_pml5, %eax
1:  movl %edx, %cr4
    movl %eax, %cr3
    movl $0xc0000080, %ecx      // IA32_EFER
    movl $0x100, %eax           // LME
    xorl %edx, %edx
    wrmsr
    movl $0x80000011, %eax      // PG, ET, PE
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $ORACLE_CODE_SELECTOR, $entry64

    .code64
entry64:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    movl $boot_stack_top, %esp
    movl start_info, %edi
    call guest_main
1:  hlt
    jmp 1b

    .data
    .align 8
boot_gdt:
    .quad 0
    .quad 0x00209b0000000000    // 64-bit code, CPL 0
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

#define ENTRY_KEY_15 0x78000000 // bits 62:59, upper half
    .align 4096
    .globl own_pml5, own_pml4
own_pml5:
    .quad own_pml4 + 7          // U, W, P
    .fill 511, 8, 0
own_pml4:
    .quad own_pdpt + 7
    .fill 511, 8, 0
own_pdpt:
    .long 0x00000083, ENTRY_KEY_15              // PS, W, P: supervisor
    .long 0x40000083, ENTRY_KEY_15
    .long 0x00000085, ENTRY_KEY_15              // PS, U, P: the user alias
    .fill 509, 8, 0

    .bss
    .align 16
    .skip 16384
boot_stack_top:
start_info:
    .skip 4

    .section .note.GNU-stack, "", @progbits
