"""What a worker says holds it is tried from inside: each refusal is met, not only set."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Run in a process of its own, since nothing of it can be taken back.
PROGRAM = """
import ctypes, json, os, resource, signal, socket, subprocess, sys
from dataclasses import asdict
from pathlib import Path
from casewright.documents.sandbox import Bounds, confine, limit_cpu

folder, secret, programs = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1"
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
    "open_many": tried(lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]),
    "memory": tried(lambda: bytearray(2**31)),
    "signal": tried(lambda: os.kill(os.getppid(), 0)),
    "raise_limit": tried(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CORE)),
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
    words = [sys.executable, "-c", PROGRAM, str(folder), str(secret), str(int(programs)), str(port)]
    # nothing of this process is handed on, and where Python lies stands in its own path
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)})
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
    assert found["link_input"] != "done"
    assert not (tmp_path / "secret.txt.new").exists()


def test_programs_may_be_started_where_they_must_and_have_no_network_either(tmp_path: Path) -> None:
    found = confined(tmp_path, programs=True)
    assert found["program"] == "done"
    if not found["isolation"]["gaps"]:
        assert found["socket"] == "PermissionError"


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
