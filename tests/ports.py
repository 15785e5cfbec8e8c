"""Ports for servers that other processes will start, and ports at which nobody listens.

They lie below those that the system gives out by itself, for port 0 and for the near end of every connection:
nothing that goes on beside a test takes one of them between its choice and its use. Each worker of a parallel
run has a share of its own, and walks through it, so that a port comes back late.
"""

from __future__ import annotations

import itertools
import os
import random
import socket

_FIRST = 20_000
_SHARE = 1_500
_SHARES = 8
_STRIDE = 617  # no neighbours: whoever looks for the next free port must not find the next test's
_steps = itertools.count(random.SystemRandom().randrange(_SHARE))  # two people's runs at once differ


def _share() -> int:
    """The first share is that of a run without workers."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return 1 + int(worker.removeprefix("gw")) % (_SHARES - 1) if worker else 0


def _free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """As many different ports that nobody listens on."""
    first = _FIRST + _share() * _SHARE
    tried = (first + step * _STRIDE % _SHARE for step in itertools.islice(_steps, _SHARE))
    free = (port for port in tried if _free(port))
    return [next(free) for _ in range(count)]


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)[0]


def nobody() -> str:
    """A URL at which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"
