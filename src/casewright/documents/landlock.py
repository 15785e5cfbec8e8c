"""Files that a worker may see and change, held to by the kernel (Landlock, Linux 5.13 and later).

It reads Python, its libraries and the folder in which the file to be read lies, and writes to a folder of its
own. So a reader that a file has taken over cannot put somebody else's letter into its answer.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# The numbers are the same on every architecture.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_READING = _EXECUTE | _READ_FILE | _READ_DIR
# From version 1: everything from writing a file to making symbolic links; later ones added moving, truncating
# and device calls; TCP (4); abstract sockets and signals to others (6).
_FROM_VERSION = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, 1 << 15))
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_TCP, _SCOPES = 0b11, 0b11
_SCOPED_SINCE = 6
_SYSTEM = (
    *("/usr", "/lib", "/lib64", "/bin", "/etc/fonts", "/etc/alternatives", "/var/cache/fontconfig"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/locale.alias"),
    *("/etc/mime.types", "/etc/nsswitch.conf", "/proc/self", "/proc/cpuinfo", "/proc/meminfo"),
    *(
        "/proc/sys",
        "/proc/filesystems",
        "/sys/devices",
        "/sys/bus",
        "/sys/class",
        "/sys/fs/cgroup",
        "/dev/urandom",
        "/dev/zero",
    ),
)


def install(readable: Iterable[Path], writable: Iterable[Path]) -> str:
    """Hold this process and its children to these folders and files, for good.

    Returns why it could not be done; empty when it is in force. ``PR_SET_NO_NEW_PRIVS`` must have been set.
    """
    if platform.system() != "Linux":
        return f"files cannot be confined on {platform.system()}"
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return f"the system does not confine files ({_error()})"
    rights = sum(bits for since, bits in _FROM_VERSION if version >= since)
    rules = struct.pack(
        "=QQQ", rights, _TCP if version >= 4 else 0, _SCOPES if version >= _SCOPED_SINCE else 0
    )
    size = 24 if version >= _SCOPED_SINCE else 16 if version >= 4 else 8
    ruleset = libc.syscall(_CREATE, rules, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return f"the system did not take rules for files ({_error()})"
    try:
        for place in (*_system(), *readable):
            _allow(libc, ruleset, place, rights & _READING)
        for place in (*writable, Path("/dev/null")):
            _allow(libc, ruleset, place, rights & ~_EXECUTE)
        if libc.syscall(_RESTRICT, ruleset, 0) != 0:
            return f"the system did not put the rules for files in force ({_error()})"
    finally:
        os.close(ruleset)
    return ""


def unscoped() -> str:
    """What the rules for files leave open on this system; empty when nothing, or when there are no rules."""
    if platform.system() != "Linux":
        return ""
    version = ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)
    return left_open(version)


def left_open(version: int) -> str:
    """What a version of Landlock does not hold to, of what a worker is told to be held to."""
    if 1 <= version < _SCOPED_SINCE:
        return f"the system does not keep signals within a worker (Landlock {version}, {_SCOPED_SINCE} does)"
    return ""


def _system() -> Iterable[Path]:
    """Where Python and what it loads lie."""
    yield from map(Path, _SYSTEM)
    for folder in (sys.prefix, sys.base_prefix, *sys.path):
        if folder:
            yield Path(folder)


def _allow(libc: ctypes.CDLL, ruleset: int, place: Path, rights: int) -> None:
    """Allow these rights at and below a place; one that is not there needs none."""
    try:
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not place.is_dir():
            rights &= _OF_A_FILE
        libc.syscall(_ADD, ruleset, _BENEATH, struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


def _error() -> str:
    return errno.errorcode.get(ctypes.get_errno(), "?")
