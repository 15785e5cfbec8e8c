"""System calls that a worker does without, refused by the kernel (seccomp-BPF, Linux on x86_64 and aarch64).

No socket can be made, so nothing leaves the machine; other processes cannot be looked into, signalled or
slowed down; no file's mode, owner, times or attributes can be changed; no memory is had beside a process's
own; and no process can be started or ended, unless that is what an OCR program needs.
"""

from __future__ import annotations

import ctypes
import errno
import os
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
# Calls that no worker makes, and their numbers on x86_64 and aarch64 (None: it has no such call).
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # sockets; io_uring would make them past this filter
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept4": (288, 242),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # other processes: their memory, files and signals, and how they are run
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130),
    "setpriority": (141, 140),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # whose a file is and what may be done with it: Landlock lets this pass for every file of the same user
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "truncate": (76, 45),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "open_by_handle_at": (304, 265),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # memory that outlives a process, or is counted to none
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the system itself
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
}
# Refused unless programs have to be started: starting them, and ending one that takes too long.
_OF_PROGRAMS: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
}


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its AUDIT_ARCH number, its place in the tables, and calls that are looked into."""

    audit: int
    place: int
    clone: int
    prlimit: int
    tgkill: int


_CLONE3 = 435
_MACHINES = {
    "x86_64": _Machine(audit=0xC000003E, place=0, clone=56, prlimit=302, tgkill=234),
    "aarch64": _Machine(audit=0xC00000B7, place=1, clone=220, prlimit=261, tgkill=131),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(*, programs: bool) -> str:
    """Put the filter in force for this process, its threads and its children, for good.

    ``programs``: processes may be started. Returns why there is no filter; empty when it is in force.
    ``PR_SET_NO_NEW_PRIVS`` must have been set.
    """
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in _MACHINES or struct.calcsize("P") != 8:
        return f"there is no filter for system calls on {platform.system()} {machine}"
    code = b"".join(_filter(machine, programs=programs))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        return f"the system took no filter for system calls ({errno.errorcode.get(ctypes.get_errno(), '?')})"
    return ""


def refused(machine: str, *, programs: bool = False) -> dict[str, int]:
    """The calls that are refused whatever they are asked for, and their numbers on a machine.

    Raises:
        KeyError: there is no filter for such a machine.
    """
    place = _MACHINES[machine].place
    table = _REFUSED if programs else _REFUSED | _OF_PROGRAMS
    return {name: number for name, numbers in table.items() if (number := numbers[place]) is not None}


def _filter(name: str, *, programs: bool) -> list[bytes]:
    machine = _MACHINES[name]
    refuse = _step(_RETURN, _ERRNO | errno.EACCES)
    code = [
        _step(_LOAD, _ARCH_AT),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_AT_LEAST, _X32_BIT, 0, 1),  # the 32-bit numbers of x86 would go past what follows
        _step(_RETURN, _KILL),
    ]
    for number in refused(name, programs=programs).values():
        code += [_step(_EQUAL, number, 0, 1), refuse]
    # limits of one's own only, 0 is oneself; and a signal to oneself only, as abort() sends it
    for number, oneself in ((machine.prlimit, 0), (machine.tgkill, os.getpid())):
        code += [
            _step(_EQUAL, number, 0, 4),
            _step(_LOAD, _FIRST_ARGUMENT_AT),
            _step(_EQUAL, oneself, 1, 0),
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
