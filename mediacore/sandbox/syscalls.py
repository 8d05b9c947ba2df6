"""The system calls that an engine needs, as data, and the seccomp filter built of them.

The list was found by running every engine and library: reading and writing descriptors that are already open, memory,
time, and threads of the same process (the AVIF and HEIC decoders fail without them). There is no call in it that
opens, connects, starts or signals anything. Numbers: Linux ``arch/x86/entry/syscalls/syscall_64.tbl`` and
``include/uapi/asm-generic/unistd.h``; the filter format: ``linux/filter.h``, ``linux/seccomp.h``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from attrs import frozen


@frozen
class Machine:
    """One processor architecture.

    Args:
        audit: its ``AUDIT_ARCH_*`` value, which the kernel hands to the filter.
        plain: calls allowed whatever their arguments.
        mmap, mprotect, clone, clone3, newfstatat, prlimit: calls allowed only with harmless arguments.
    """

    audit: int
    plain: tuple[int, ...]
    mmap: int
    mprotect: int
    clone: int
    clone3: int
    newfstatat: int
    prlimit: int


# fmt: off
MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(
        audit=0xC000003E,
        # read write futex pread64 pwrite64 readv writev lseek close fstat munmap brk mremap madvise
        # rt_sigaction rt_sigprocmask rt_sigreturn restart_syscall sigaltstack sched_yield sched_getaffinity
        # nanosleep clock_gettime clock_getres clock_nanosleep gettimeofday times getrusage sysinfo getpid gettid
        # ftruncate getrandom membarrier rseq set_tid_address set_robust_list exit exit_group
        # getcwd, which is the root
        plain=(
            0, 1, 202, 17, 18, 19, 20, 8, 3, 5, 11, 12, 25, 28, 13, 14, 15, 219, 131, 24,
            204, 35, 228, 229, 230, 96, 100, 98, 99, 39, 186, 77, 318, 324, 334, 218, 273, 60, 231, 79,
        ),
        mmap=9,
        mprotect=10,
        clone=56,
        clone3=435,
        newfstatat=262,
        prlimit=302,
    ),
    "aarch64": Machine(
        audit=0xC00000B7,
        plain=(
            63, 64, 98, 67, 68, 65, 66, 62, 57, 80, 215, 214, 216, 233, 134, 135, 139, 128, 132, 124,
            123, 101, 113, 114, 115, 169, 153, 165, 179, 172, 178, 46, 278, 283, 293, 96, 99, 93, 94, 17,
        ),
        mmap=222,
        mprotect=226,
        clone=220,
        clone3=435,
        newfstatat=79,
        prlimit=261,
    ),
}
# fmt: on

ALLOW = 0x7FFF0000
DENY = 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM
ABSENT = 0x00050000 | 38  # ... with ENOSYS, which makes glibc fall back from clone3 to clone
KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_PROT_EXEC = 0x4
_CLONE_THREAD = 0x10000
_AT_EMPTY_PATH = 0x1000


def argument(index: int, half: int = 0) -> int:
    """Where the filter finds one argument's low (0) or high (1) 32 bits, on little-endian machines."""
    return 16 + 8 * index + 4 * half


def build(machine: Machine) -> bytes:
    """The filter program: wrong architecture dies, listed calls pass, everything else fails with EPERM."""
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, KILL),
        _step(_LOAD, _NUMBER),
    ]
    for number in machine.plain:
        program += [_step(_EQUAL, number, 0, 1), _step(_RETURN, ALLOW)]
    program += [_step(_EQUAL, machine.clone3, 0, 1), _step(_RETURN, ABSENT)]
    program += _unless_bits(machine.mmap, argument(2), _PROT_EXEC)
    program += _unless_bits(machine.mprotect, argument(2), _PROT_EXEC)
    program += _if_bits(machine.clone, argument(0), _CLONE_THREAD)
    program += _if_equal(machine.newfstatat, argument(3), _AT_EMPTY_PATH)
    program += _if_null(machine.prlimit, 2)
    program.append(_step(_RETURN, DENY))
    return b"".join(program)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _guarded(number: int, *test: bytes) -> list[bytes]:
    return [_step(_EQUAL, number, 0, len(test)), *test]


def _unless_bits(number: int, where: int, bits: int) -> list[bytes]:
    return _guarded(
        number, _step(_LOAD, where), _step(_ANY_BIT, bits, 0, 1), _step(_RETURN, DENY), _step(_RETURN, ALLOW)
    )


def _if_bits(number: int, where: int, bits: int) -> list[bytes]:
    return _guarded(
        number, _step(_LOAD, where), _step(_ANY_BIT, bits, 0, 1), _step(_RETURN, ALLOW), _step(_RETURN, DENY)
    )


def _if_equal(number: int, where: int, value: int) -> list[bytes]:
    return _guarded(
        number, _step(_LOAD, where), _step(_EQUAL, value, 0, 1), _step(_RETURN, ALLOW), _step(_RETURN, DENY)
    )


def _if_null(number: int, index: int) -> list[bytes]:
    return _guarded(
        number,
        _step(_LOAD, argument(index)),
        _step(_EQUAL, 0, 0, 3),
        _step(_LOAD, argument(index, 1)),
        _step(_EQUAL, 0, 0, 1),
        _step(_RETURN, ALLOW),
        _step(_RETURN, DENY),
    )
