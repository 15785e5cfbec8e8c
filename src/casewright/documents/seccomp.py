"""System calls that a worker does without, refused by the kernel (seccomp-BPF, Linux on x86_64 and aarch64).

No socket can be made, so nothing leaves the machine; other processes cannot be looked into; and unless an OCR
program has to be started, no process can be.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# Where struct seccomp_data has them.
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its AUDIT_ARCH number and the numbers of its calls."""

    audit: int
    refused: tuple[int, ...]
    starting: tuple[int, ...]
    clone: int
    prlimit: int


# The same on both: io_uring (which would make sockets past this filter), pidfds, other processes' memory.
_COMMON = (425, 426, 427, 424, 434, 438, 440)
_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        # socket connect accept bind listen accept4; ptrace process_vm_readv/writev; rt_(tg)sigqueueinfo; bpf;
        # keys; unshare setns mount umount2 pivot_root chroot; perf userfaultfd; modules kexec reboot;
        # open_by_handle_at
        refused=(
            *(41, 42, 43, 49, 50, 288, 101, 310, 311, 129, 297, 321, 248, 249, 250, 272, 308, 165, 166),
            *(155, 161, 298, 323, 175, 313, 176, 246, 169, 304, *_COMMON),
        ),
        starting=(57, 58, 59, 322),  # fork vfork execve execveat
        clone=56,
        prlimit=302,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        refused=(
            *(198, 203, 202, 200, 201, 242, 117, 270, 271, 138, 240, 280, 217, 218, 219, 97, 268, 40, 39),
            *(41, 51, 241, 282, 105, 273, 106, 104, 142, 265, *_COMMON),
        ),
        starting=(221, 281),
        clone=220,
        prlimit=261,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(*, programs: bool) -> str:
    """Put the filter in force for this process, its threads and its children, for good.

    ``programs``: processes may be started. Returns why there is no filter; empty when it is in force.
    ``PR_SET_NO_NEW_PRIVS`` must have been set.
    """
    machine = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None or struct.calcsize("P") != 8:
        return f"there is no filter for system calls on {platform.system()} {platform.machine()}"
    code = b"".join(_filter(machine, programs=programs))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        return f"the system took no filter for system calls ({errno.errorcode.get(ctypes.get_errno(), '?')})"
    return ""


def _filter(machine: _Machine, *, programs: bool) -> list[bytes]:
    refuse = _step(_RETURN, _ERRNO | errno.EACCES)
    code = [
        _step(_LOAD, _ARCH_AT),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _X32_BIT, 0, 1),  # the 32-bit numbers of x86 would go past what follows
        _step(_RETURN, _KILL),
    ]
    for number in machine.refused + (() if programs else machine.starting):
        code += [_step(_EQUAL, number, 0, 1), refuse]
    # limits of one's own only: 0 is oneself
    code += [
        _step(_EQUAL, machine.prlimit, 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT_AT),
        _step(_EQUAL, 0, 1, 0),
        refuse,
        _step(_RETURN, _ALLOW),
    ]
    if not programs:
        code += [
            # its arguments lie in memory, where a filter cannot look; the C library then takes clone
            _step(_EQUAL, _CLONE3, 0, 1),
            _step(_RETURN, _ERRNO | errno.ENOSYS),
            _step(_EQUAL, machine.clone, 0, 4),
            _step(_LOAD, _FIRST_ARGUMENT_AT),
            _step(_ANY_BIT, _CLONE_THREAD, 1, 0),
            refuse,
            _step(_RETURN, _ALLOW),
        ]
    return [*code, _step(_RETURN, _ALLOW)]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
