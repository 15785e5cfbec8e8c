"""A service to be killed, started and cleared away."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
GROUP_S = 15.0


@contextlib.contextmanager
def victim(
    data: Path, embedder: str, aim: str, seed: int, faults: list[str]
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service on a data directory, and its URL; ``faults`` gets what it leaves behind. Its log is beside
    the directory.
    """
    settings = {
        "CASEWRIGHT_DATA": str(data),
        "DOCUMENTS_URL": "http://127.0.0.1:9",
        "CASEWRIGHT_LOG_LEVEL": "ERROR",
    }
    if embedder != "words":
        settings["CASEWRIGHT_EMBEDDER"] = embedder
    with (data.parent / f"{data.name}.log").open("a") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "torture.victim", embedder, aim, str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(TESTS), **settings},
            cwd=TESTS,
            start_new_session=True,
        )
    try:
        assert started.stdout is not None
        url = started.stdout.readline().strip()
        assert url, f"it did not start; see {log.name}"
        yield started, url
    finally:
        started.kill()
        started.wait()
        for stream in (started.stdin, started.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        _alone(started.pid, faults)


def _alone(group: int, faults: list[str]) -> None:
    """Its embedders and readers go with it, though nobody told them."""
    until = time.monotonic() + GROUP_S
    while _is_there(group):
        if time.monotonic() > until:
            faults.append("processes of a killed service are left")
            os.killpg(group, signal.SIGKILL)
            return
        time.sleep(0.02)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
