from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from contract.scripted_upstream import Face, served_face


@pytest.fixture(scope="session")
def face() -> Iterator[Face]:
    with served_face() as served:
        yield served


@pytest.fixture(scope="session")
def live_url() -> Iterator[str]:
    """The real command, the real engine; one for all tests."""
    command = [sys.executable, "-m", "casewright", "engine", "serve", "--port", "0", "--slots", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert " at http://" in line, line
        yield line.split(" at ")[1].split()[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
