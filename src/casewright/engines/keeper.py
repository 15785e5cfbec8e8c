"""``python -m casewright.engines.keeper COMMAND…``: run a command that ends, with all it started, when we do.

For servers that start processes of their own (vLLM): the keeper starts the command in a process group, and
ends the whole group when its own standard input ends, its parent is gone, or it is told to stop.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys

GRACE_S = 10.0
CHECK_S = 0.5


def main(command: list[str]) -> int:
    """Run ``command`` to its end or ours; returns its exit code."""
    parent = os.getppid()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: end_group(process))
    while process.poll() is None and os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], CHECK_S)
        if readable and not os.read(0, 4096):
            break
    end_group(process)
    return process.wait()


def end_group(process: subprocess.Popen[bytes], grace_s: float = GRACE_S) -> None:
    """Ask the group's leader to end, then kill what is left of its group; harmless when all are gone."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
