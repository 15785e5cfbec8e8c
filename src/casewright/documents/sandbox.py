"""What holds a worker before it touches a file: the system's limits, and calls and files that it is refused.

``confine`` tries all of it and says what is really in force; what a system does not have is named.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from casewright.documents import landlock, seccomp

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
GONE = 3


@dataclass(frozen=True, slots=True)
class Bounds:
    """A worker's limits for as long as it lives.

    ``memory_bytes`` bounds its address space: reading a dense page with rapidocr takes 1.3 GB of it (0.9 GB
    resident). ``file_bytes`` bounds any file that it writes, ``open_files`` how many it holds open.
    ``programs``: it may start other programs, as Tesseract needs.
    """

    memory_bytes: int = 3 * 1024**3
    file_bytes: int = 64 * 1024 * 1024
    open_files: int = 128
    programs: bool = False


@dataclass(frozen=True, slots=True)
class Isolation:
    """What is in force in a worker; every word of it was tried there. ``gaps`` say what is not, and why."""

    memory_bytes: int | None = None
    file_bytes: int | None = None
    open_files: int | None = None
    no_network: bool = False
    no_programs: bool = False
    files_confined: bool = False
    no_new_privileges: bool = False
    dies_with_service: bool = False
    gaps: tuple[str, ...] = ()

    def shown(self) -> dict[str, int | bool | str | None]:
        """What a health answer tells of it."""
        return {
            "memory_bytes": self.memory_bytes,
            "no_network": self.no_network,
            "no_programs": self.no_programs,
            "files_confined": self.files_confined,
            "dies_with_service": self.dies_with_service,
            "gaps": "; ".join(self.gaps),
        }


def confine(bounds: Bounds, parent: int, readable: Path, writable: Path) -> Isolation:
    """Hold this process to ``bounds``; it reads what lies in ``readable``, and writes to ``writable`` only.

    ``parent`` is the process that wanted it; where that has gone already, this one ends.
    """
    gaps: list[str] = []
    tied = _die_with(parent, gaps)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a handler in Python would wait for native code to return
    memory = _limit(resource.RLIMIT_AS, bounds.memory_bytes, "memory", gaps)
    written = _limit(resource.RLIMIT_FSIZE, bounds.file_bytes, "the size of files", gaps)
    files = _limit(resource.RLIMIT_NOFILE, bounds.open_files, "open files", gaps)
    _limit(resource.RLIMIT_CORE, 0, "core files", gaps)
    humble = _prctl(_PR_SET_NO_NEW_PRIVS, 1, "new privileges", gaps)
    confined = filtered = False
    if humble:
        said = landlock.install((readable,), (writable,)), seccomp.install(programs=bounds.programs)
        confined, filtered = not said[0], not said[1]
        gaps += [gap for gap in (*said, landlock.unscoped()) if gap]
    no_network = _has_no_network()
    if filtered and not no_network:
        gaps.append("a socket could be made all the same")
    return Isolation(
        memory_bytes=memory,
        file_bytes=written,
        open_files=files,
        no_network=no_network,
        no_programs=filtered and not bounds.programs and not _can_fork(),
        files_confined=confined and not _can_list(readable.parent),
        no_new_privileges=humble,
        dies_with_service=tied,
        gaps=tuple(gaps),
    )


def limit_cpu(seconds: int) -> None:
    """Give this process so many seconds of processor time from now on; then the system ends it (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    until = int(used.ru_utime + used.ru_stime) + max(1, seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard < 0 else min(until, hard), hard))


def _limit(what: int, bound: int, name: str, gaps: list[str]) -> int | None:
    """Set a limit, soft and hard; the bound that holds then, which may be a lower one from outside."""
    try:
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            bound = min(bound, hard)
        resource.setrlimit(what, (bound, bound))
    except (OSError, ValueError) as error:
        gaps.append(f"{name} cannot be bounded ({error})")
        return None
    return bound


def _die_with(parent: int, gaps: list[str]) -> bool:
    tied = _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, "dying with the service", gaps)
    if os.getppid() != parent:  # it went before we asked to be told
        os._exit(GONE)
    return tied


def _prctl(option: int, value: int, name: str, gaps: list[str]) -> bool:
    if platform.system() != "Linux":
        gaps.append(f"{name}: not to be had on {platform.system()}")
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) == 0:
        return True
    gaps.append(f"{name}: refused ({errno.errorcode.get(ctypes.get_errno(), '?')})")
    return False


def _has_no_network() -> bool:
    """Whether no socket can be made, tried for the two families that lead out of the machine."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
        except PermissionError:
            continue
        except OSError:  # no such family here: nothing to be refused
            continue
        return False
    return True


def _can_fork() -> bool:
    try:
        child = os.fork()
    except OSError:
        return False
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True


def _can_list(folder: Path) -> bool:
    try:
        os.scandir(folder).close()
    except OSError:
        return False
    return True
