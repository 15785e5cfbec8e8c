"""A real Chroma server (the Rust one) on this machine, for tests."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from casewright.knowledge.store import ChromaServer


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[ChromaServer]:
    """The server, from when it answers."""
    with running(folder, port):
        yield ChromaServer("127.0.0.1", port)


@contextlib.contextmanager
def running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Its process, from when it answers."""
    command = Path(sys.executable).with_name("chroma")
    with (folder.parent / "chroma.log").open("wb") as log:
        process = subprocess.Popen(
            [command, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
        )
        try:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=5).close()
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
                    raise AssertionError("chroma ended")
            yield process
        finally:
            process.kill()
            process.wait()


def vacuum(folder: Path) -> None:
    """What the operator runs while the server is down."""
    command = Path(sys.executable).with_name("chroma")
    subprocess.run(
        [command, "vacuum", "--path", folder, "--force"], check=True, capture_output=True, timeout=60
    )
