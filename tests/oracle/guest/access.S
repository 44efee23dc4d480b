// Makes one access and comes back, whatever the CPU did: each stub ends in an interrupt, or its access faults; the trap handler
// records why and returns from run_access() to its caller.
#include "tests/oracle/guest/layout.h"

    .text

// void run_supervisor(uint64_t va, uint64_t stub, uint64_t flags, uint64_t value)
    .globl run_supervisor
run_supervisor:
    call save_context
    movb $1, access_running
    movq %rcx, %r8
    movl $0xffffffff, %eax
    pushq %rdx
    popfq                       // AC; from here on nothing of the guest's own but the stub and the trap frame
    jmp *%rsi

// void run_user(uint64_t va, uint64_t stub, uint64_t flags, uint64_t value): the same at CPL 3
    .globl run_user
run_user:
    call save_context
    movb $1, access_running
    pushq $ORACLE_USER_DATA_SELECTOR
    pushq $0                    // the stubs use no stack
    pushq %rdx
    pushq $ORACLE_USER_CODE_SELECTOR
    pushq %rsi
    movq %rcx, %r8
    movl $0xffffffff, %eax
    iretq

// Callee-saved registers under the return address of run_*; leaves RSP just above them.
save_context:
    popq %r9
    pushfq
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, saved_rsp
    jmp *%r9

// The stubs: RDI = linear address, R8 = byte to store. What was read is left in RAX.
    .globl stub_read, stub_write, stub_fetch, stub_implicit
stub_read:
    movq (%rdi), %rax
    int $ORACLE_DONE_VECTOR
stub_write:
    movb %r8b, (%rdi)
    int $ORACLE_DONE_VECTOR
stub_fetch:
    jmp *%rdi                   // to "mov $frame, %eax; int $ORACLE_DONE_VECTOR" in the tested page
stub_implicit:
    movl $ORACLE_TESTED_SELECTOR, %ecx
    lsl %ecx, %eax              // reads the descriptor with a supervisor access at every CPL (SDM Vol. 3A 4.6.1)
    int $ORACLE_DONE_VECTOR

// One entry per exception vector, 16 bytes each; a zero stands for the error code where the CPU pushes none.
    .globl trap_entries, trap_done
    .align 16
trap_entries:
    .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .align 16
    .if !((\vector == 8) || ((\vector >= 10) && (\vector <= 14)) || (\vector == 17) || (\vector == 21))
    pushq $0
    .endif
    pushq $\vector
    jmp trap
    .endr
    .align 16
trap_done:
    pushq $0
    pushq $ORACLE_DONE_VECTOR
trap:
    cld
    movq %rax, trap_record + 24
    popq trap_record            // vector
    popq trap_record + 8        // error code
    movq (%rsp), %rax
    movq %rax, trap_record + 16 // RIP
    movq %cr2, %rax
    movq %rax, trap_record + 32
    cmpb $0, access_running
    je unexpected_trap          // C++, does not return
    movb $0, access_running
    movq saved_rsp, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popfq
    ret

    .bss
    .align 8
saved_rsp:
    .skip 8
    .globl trap_record
trap_record:                    // struct TrapRecord
    .skip 40
access_running:
    .skip 1

    .section .note.GNU-stack, "", @progbits
