"""The seccomp programs, run by an interpreter of the kernel's classic BPF: every call number, on every architecture."""

from __future__ import annotations

import struct
from itertools import product

import pytest

from mediacore.sandbox.syscalls import ABSENT, ALLOW, DENY, KILL, MACHINES, build

OTHER = {"x86_64": 0x40000003, "aarch64": 0x40000028}
"""``AUDIT_ARCH_I386`` and ``AUDIT_ARCH_ARM``: the 32-bit calls of the same processors (``linux/audit.h``)."""
X32 = 0x40000000
"""``__X32_SYSCALL_BIT``: another way into the x86_64 calls."""
# by name, from arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
HARMFUL = {
    "x86_64": {
        "open": 2, "stat": 4, "poll": 7, "ioctl": 16, "pipe": 22, "dup": 32, "socket": 41, "connect": 42, "sendto": 44,
        "sendmsg": 46, "recvmsg": 47, "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "unlink": 87,
        "chmod": 90, "ptrace": 101, "setuid": 105, "prctl": 157, "setrlimit": 160, "mount": 165, "tkill": 200,
        "tgkill": 234, "openat": 257, "unshare": 272, "process_vm_readv": 310, "memfd_create": 319, "bpf": 321,
        "execveat": 322, "pidfd_send_signal": 424, "io_uring_setup": 425, "pidfd_open": 434, "openat2": 437,
        "pidfd_getfd": 438, "landlock_create_ruleset": 444,
    },
    "aarch64": {
        "dup": 23, "ioctl": 29, "unlinkat": 35, "fchmodat": 53, "openat": 56, "pipe2": 59, "ptrace": 117, "kill": 129,
        "tkill": 130, "tgkill": 131, "setuid": 146, "setrlimit": 164, "prctl": 167, "socket": 198, "socketpair": 199,
        "connect": 203, "sendto": 206, "sendmsg": 211, "recvmsg": 212, "execve": 221, "unshare": 97, "mount": 40,
        "process_vm_readv": 270, "memfd_create": 279, "bpf": 280, "execveat": 281, "pidfd_send_signal": 424,
        "io_uring_setup": 425, "pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438, "landlock_create_ruleset": 444,
    },
}  # fmt: skip
NEEDED = {
    "x86_64": {"read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "munmap": 11, "brk": 12, "pwrite64": 18,
               "madvise": 28, "ftruncate": 77, "getrusage": 98, "futex": 202, "exit_group": 231, "getrandom": 318},
    "aarch64": {"ftruncate": 46, "close": 57, "lseek": 62, "read": 63, "write": 64, "pwrite64": 68, "fstat": 80,
                "exit_group": 94, "futex": 98, "getrusage": 165, "brk": 214, "munmap": 215, "madvise": 233,
                "getrandom": 278},
}  # fmt: skip


def verdict(program: bytes, number: int, audit: int, arguments: tuple[int, ...] = ()) -> int:
    """What the kernel would make of a call: ``struct seccomp_data`` in, the value returned out."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<iIQ6Q", number - (1 << 32) if number >= 1 << 31 else number, audit, 0, *padded)
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    at = accumulator = 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x15:  # BPF_JMP | BPF_JEQ | BPF_K
            at += yes if accumulator == value else no
        elif code == 0x45:  # BPF_JMP | BPF_JSET | BPF_K
            at += yes if accumulator & value else no
        elif code == 0x06:  # BPF_RET | BPF_K
            return value
        else:
            raise ValueError(f"no such instruction: {code:#x}")


@pytest.mark.parametrize("name", MACHINES)
def test_every_number(name: str) -> None:
    """Of all numbers only those listed pass, clone3 is absent, and all the rest is refused."""
    machine = MACHINES[name]
    program = build(machine)
    judged = {number: verdict(program, number, machine.audit) for number in range(600)}
    passing = {number for number, value in judged.items() if value == ALLOW}
    assert passing == {*machine.plain, machine.mmap, machine.mprotect, machine.prlimit}
    assert {number for number, value in judged.items() if value == ABSENT} == {machine.clone3}
    assert set(judged.values()) == {ALLOW, ABSENT, DENY}
    assert {number for number in HARMFUL[name].values() if judged[number] != DENY} == set()
    assert {number for number in NEEDED[name].values() if judged[number] != ALLOW} == set()


@pytest.mark.parametrize("name", MACHINES)
def test_other_architectures_die(name: str) -> None:
    """A call by another architecture's numbers kills, whichever it is; x86_64's second way in is shut as well."""
    program = build(MACHINES[name])
    foreign = {OTHER[name], 0, *(m.audit for n, m in MACHINES.items() if n != name)}
    for audit, number in product(foreign, range(600)):
        assert verdict(program, number, audit) == KILL
    for number in range(600):
        assert verdict(program, number | X32, MACHINES[name].audit) == DENY


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "passes"),
    [
        ("mmap", (0, 4096, 0x3), True),
        ("mmap", (0, 4096, 0x7), False),
        ("mmap", (0, 4096, 0x4), False),
        ("mprotect", (0, 4096, 0x1), True),
        ("mprotect", (0, 4096, 0x5), False),
        ("clone", (0x3D0F00,), True),  # what glibc's pthread_create asks for
        ("clone", (0x11,), False),  # fork: SIGCHLD
        ("clone", (0x10000000 | 0x11,), False),  # fork into a new user namespace
        ("newfstatat", (3, 0, 0, 0x1000), True),
        ("newfstatat", (0xFFFFFF9C, 1, 0, 0), False),
        ("newfstatat", (3, 1, 0, 0x1100), False),
        ("prlimit", (0, 9, 0, 1), True),
        ("prlimit", (0, 9, 1, 0), False),
        ("prlimit", (0, 9, 1 << 32, 0), False),  # a pointer whose lower half is zero
    ],
)
def test_arguments(name: str, call: str, arguments: tuple[int, ...], passes: bool) -> None:
    """Calls that can do harm pass with harmless arguments only."""
    machine = MACHINES[name]
    assert verdict(build(machine), getattr(machine, call), machine.audit, arguments) == (ALLOW if passes else DENY)


@pytest.mark.parametrize("name", MACHINES)
def test_programs_are_sound(name: str) -> None:
    """The kernel takes a program that jumps only forward and inside, and ends in a return (``bpf_check_classic``)."""
    program = build(MACHINES[name])
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    assert len(steps) <= 4096
    assert steps[-1][0] == 0x06
    for at, (code, yes, no, value) in enumerate(steps):
        assert at + 1 + max(yes, no) < len(steps) or code == 0x06
        assert code != 0x20 or (value % 4 == 0 and value < 64)


def test_the_same_calls_on_both() -> None:
    """Each architecture allows the same calls: as many numbers, none twice."""
    counts = {len(machine.plain) for machine in MACHINES.values()}
    assert len(counts) == 1
    assert all(len(set(machine.plain)) == len(machine.plain) for machine in MACHINES.values())
