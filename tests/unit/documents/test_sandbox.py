"""What a worker says holds it is tried from inside: each refusal is met, not only set."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from casewright.documents import landlock, seccomp

OF_FILES = {
    *("chmod", "chmod_input", "chmod_opened", "chmod_at", "chown", "lchown", "utime", "utime_input"),
    *("setxattr", "removexattr", "truncate"),
}
OF_MEMORY = {"memfd", "shmget", "msgget", "semget", "mq_open", "inotify"}
OF_OTHERS = {"priority", "affinity", "scheduler", "kill", "tkill", "tgkill"}

# Run in a process of its own, since nothing of it can be taken back.
PROGRAM = """
import ctypes, json, os, platform, resource, signal, socket, subprocess, sys
from dataclasses import asdict
from pathlib import Path
from casewright.documents.sandbox import Bounds, confine, limit_cpu

folder, secret, programs = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1"
other = int(sys.argv[5])
bounds = Bounds(programs=programs, file_bytes=1000, memory_bytes=2**30)
isolation = confine(bounds, os.getppid(), folder / "in", folder / "out")

def tried(what):
    try:
        what()
    except (OSError, MemoryError, ValueError) as error:
        return type(error).__name__
    return "done"

def traced():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0):
        raise OSError(ctypes.get_errno(), "")

def call(name, *given):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*given) < 0:
        raise OSError(ctypes.get_errno(), "")

def signalled(name):
    # the first two are the number that is meant, and none: neither group nor thread of somebody else's
    numbers = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
    number = numbers[name][platform.machine() == "aarch64"]
    call("syscall", number, other, *((other, 0) if name == "tgkill" else (0,)))

def connected():
    socket.create_connection(("127.0.0.1", int(sys.argv[4])))

print(json.dumps({
    "isolation": asdict(isolation),
    "socket": tried(lambda: socket.socket(socket.AF_INET)),
    "socket6": tried(lambda: socket.socket(socket.AF_INET6)),
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
    "connect": tried(connected),
    "program": tried(lambda: subprocess.run(["/bin/true"], check=True)),
    "trace": tried(traced),
    "read_input": tried(lambda: (folder / "in" / "file").read_bytes()),
    "change_input": tried(lambda: (folder / "in" / "file").write_bytes(b"x")),
    "link_input": tried(lambda: os.link(folder / "in" / "file", folder / "out" / "linked")),
    "read_secret": tried(lambda: open(secret).read()),
    "list_home": tried(lambda: os.listdir(os.path.expanduser("~"))),
    "write_elsewhere": tried(lambda: open(secret + ".new", "w")),
    "write_out": tried(lambda: (folder / "out" / "a").write_bytes(b"x" * 500)),
    "write_large": tried(lambda: (folder / "out" / "b").write_bytes(b"x" * 5000)),
    "memory": tried(lambda: bytearray(2**31)),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
    "chmod": tried(lambda: os.chmod(secret, 0o777)),
    "chmod_input": tried(lambda: os.chmod(folder / "in" / "file", 0o777)),
    "chmod_opened": tried(lambda: os.fchmod(os.open(folder / "in" / "file", os.O_RDONLY), 0o777)),
    "chmod_at": tried(lambda: os.chmod("secret.txt", 0o777, dir_fd=os.open(folder / "in", os.O_PATH))),
    "chown": tried(lambda: os.chown(secret, os.getuid(), os.getgid())),
    "lchown": tried(lambda: os.lchown(secret, os.getuid(), os.getgid())),
    "utime": tried(lambda: os.utime(secret, (0, 0))),
    "utime_input": tried(lambda: os.utime(folder / "in" / "file", (0, 0))),
    "setxattr": tried(lambda: os.setxattr(secret, "user.x", b"y")),
    "removexattr": tried(lambda: os.removexattr(secret, "user.x")),
    "truncate": tried(lambda: os.truncate(secret, 0)),
    "memfd": tried(lambda: os.memfd_create("x")),
    "shmget": tried(lambda: call("shmget", 0, 4096, 0o1600)),
    "msgget": tried(lambda: call("msgget", 0, 0o1600)),
    "semget": tried(lambda: call("semget", 0, 1, 0o1600)),
    "mq_open": tried(lambda: call("mq_open", b"/casewright-test", 0o102, 0o600, None)),
    "inotify": tried(lambda: call("inotify_init1", 0)),
    "priority": tried(lambda: os.setpriority(os.PRIO_PROCESS, other, 19)),
    "affinity": tried(lambda: os.sched_setaffinity(other, {0})),
    "scheduler": tried(lambda: os.sched_setscheduler(other, os.SCHED_BATCH, os.sched_param(0))),
    "kill_oneself": tried(lambda: os.kill(os.getpid(), 0)),
    "kill": tried(lambda: signalled("kill")),
    "tkill": tried(lambda: signalled("tkill")),
    "tgkill": tried(lambda: signalled("tgkill")),
    "raise_limit": tried(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE)),
    "open_many": tried(lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]),
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
}))
"""


def confined(tmp_path: Path, *, programs: bool, port: int = 9) -> dict[str, Any]:
    folder = tmp_path / "worker"
    for part in ("in", "out"):
        (folder / part).mkdir(parents=True)
    (folder / "in" / "file").write_text("text")
    secret = tmp_path / "secret.txt"
    secret.write_text("somebody else's")
    secret.chmod(0o600)
    other = subprocess.Popen(["/bin/sleep", "60"])
    words = [sys.executable, "-c", PROGRAM, str(folder), str(secret), str(int(programs)), str(port)]
    words.append(str(other.pid))
    try:
        # nothing of this process is handed on, and where Python lies stands in its own path
        done = subprocess.run(words, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)})
    finally:
        other.kill()
        other.wait()
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("programs", [False, True])
def test_what_it_says_is_in_force_is_in_force(tmp_path: Path, programs: bool) -> None:
    found = confined(tmp_path, programs=programs)
    isolation = found["isolation"]
    assert found["read_input"] == "done"
    assert found["write_out"] == "done"
    assert found["memory"] == "MemoryError"
    assert (isolation["memory_bytes"], isolation["file_bytes"]) == (2**30, 1000)
    assert found["write_large"] == "OSError"
    assert found["open_many"] == "OSError"
    assert found["core"] == 0
    assert isolation["no_network"] == (found["socket"] == found["socket6"] == "PermissionError")
    assert isolation["no_programs"] == (found["program"] == "PermissionError")
    assert isolation["files_confined"] == (found["read_secret"] == "PermissionError")
    # a gap is named where something is not in force
    held = isolation["no_network"] and isolation["files_confined"] and (isolation["no_programs"] or programs)
    assert held == (not isolation["gaps"])


def test_on_a_system_that_has_it_nothing_gets_out(tmp_path: Path) -> None:
    found = confined(tmp_path, programs=False)
    if found["isolation"]["gaps"]:
        pytest.skip("; ".join(found["isolation"]["gaps"]))
    refused = {name for name, what in found.items() if what == "PermissionError"}
    assert refused >= {"socket", "socket6", "netlink", "unix", "connect", "program", "trace", "raise_limit"}
    assert refused >= {"change_input", "read_secret", "list_home", "write_elsewhere"}
    assert refused >= OF_FILES | OF_MEMORY | OF_OTHERS
    assert found["kill_oneself"] == "PermissionError"  # by the filter: rules for files let it pass
    assert found["link_input"] != "done"
    assert stat.S_IMODE((tmp_path / "secret.txt").stat().st_mode) == 0o600
    assert not (tmp_path / "secret.txt.new").exists()


def test_programs_may_be_started_where_they_must_and_have_no_network_either(tmp_path: Path) -> None:
    found = confined(tmp_path, programs=True)
    assert found["program"] == "done"
    if not found["isolation"]["gaps"]:
        refused = {name for name, what in found.items() if what == "PermissionError"}
        assert refused >= {"socket", *OF_FILES, *OF_MEMORY, *OF_OTHERS}


def test_a_reader_that_gives_itself_up_ends(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom casewright.documents.sandbox import Bounds, confine\n"
        "folder = Path(sys.argv[1])\nconfine(Bounds(), os.getppid(), folder / 'in', folder)\nos.abort()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGABRT


def test_a_system_that_lets_signals_out_is_told() -> None:
    assert "signals" in landlock.left_open(5)
    assert not landlock.left_open(6)


# As the kernel's own tables have them, where no header is here to look them up in.
KNOWN = {
    "x86_64": {"fchmodat2": 452, "utimensat": 280, "setxattr": 188, "memfd_create": 319, "kill": 62},
    "aarch64": {"fchmodat2": 452, "utimensat": 88, "setxattr": 5, "memfd_create": 279, "kill": 129},
}
HEADERS = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_numbers_are_the_systems(machine: str) -> None:
    numbers = dict(KNOWN[machine])
    if (file := Path("/usr/include") / HEADERS[machine]).exists():
        told = re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\b", file.read_text())
        numbers |= {name: int(number) for name, number in reversed(told)}
    refused = seccomp.refused(machine)
    assert KNOWN[machine].items() <= refused.items()
    assert {name: numbers.get(name, number) for name, number in refused.items()} == refused
    assert len(set(refused.values())) == len(refused)


def test_a_worker_whose_service_has_gone_ends_at_once(tmp_path: Path) -> None:
    program = (
        "import os\nfrom pathlib import Path\nfrom casewright.documents.sandbox import Bounds, confine\n"
        "confine(Bounds(), 1 + os.getppid(), Path('.'), Path('.'))\nprint('went on')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")


def test_processor_time_is_bounded_from_now_on(tmp_path: Path) -> None:
    program = "from casewright.documents.sandbox import limit_cpu\nlimit_cpu(1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGXCPU
