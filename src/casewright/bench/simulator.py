"""The built-in server of known latency: what the judge calibrates itself against and rehearses faults with.

It always runs as a process of its own (``python -m casewright.bench.simulator``), speaks the wire formats of
both engines under its own name, and keeps the truth about every request, so that a client's figures can be
compared with what really happened. docs/simulator.md lists its options and faults.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from casewright.bench.faults import Fault, FaultPlan
from casewright.bench.sim_config import ENGINE_NAME, MODEL, Quantiles, SimConfig, Truth
from casewright.errors import EXIT_USAGE, MeasurementError

__all__ = [
    "ENGINE_NAME",
    "MODEL",
    "Fault",
    "FaultPlan",
    "Quantiles",
    "SimConfig",
    "SimulatorServer",
    "Truth",
    "serve",
]

_START_S = 30.0
_STOP_S = 5.0
_CALL_S = 30.0


class SimulatorServer:
    """A simulator in a child process, as a context manager (``with`` or ``async with``).

    ``url`` is where it serves; ``control_url`` serves the same routes whatever the fault, and is what the
    methods here use. The child ends with its parent, even one that was killed. The methods block for a few
    milliseconds; call them through ``asyncio.to_thread`` where that matters.

    Raises:
        MeasurementError: the child did not start, or does not answer.
    """

    def __init__(self, config: SimConfig | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.config = config or SimConfig()
        self._host, self._port = host, port
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.control_url = ""

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._running().pid

    def start(self) -> None:
        """Start the child and wait until it listens."""
        words = ["--host", self._host, "--port", str(self._port), "--with-parent"]
        self._child = subprocess.Popen(
            [sys.executable, "-m", __name__, *words, "--config", self.config.model_dump_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            assert self._child.stdout is not None
            address = json.loads(_line(self._child.stdout, _START_S))
        except ValueError as error:
            self.stop()
            raise MeasurementError(
                f"the simulator did not start: {error}", hint="run: python -m casewright.bench.simulator"
            ) from error
        self.url, self.control_url = str(address["url"]), str(address["control_url"])

    def stop(self) -> None:
        """End the child; harmless when it has ended."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def truth(self) -> Truth:
        """What really happened since the start or the last reset."""
        return Truth.model_validate(self._call("GET", "/truth"))

    def reset_truth(self) -> None:
        """Forget what happened so far."""
        self._call("POST", "/truth/reset")

    def control(self, plan: FaultPlan | None) -> None:
        """Switch the fault, or None to behave."""
        self._call("POST", "/control", plan.model_dump(mode="json") if plan else {"fault": None})

    def __enter__(self) -> SimulatorServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> SimulatorServer:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise MeasurementError("the simulator is not running", hint="enter its context first")
        return self._child

    def _call(self, method: str, path: str, body: object = None) -> Any:
        self._running()
        where = urlsplit(self.control_url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=_CALL_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise MeasurementError(
                f"the simulator does not answer {path}: {error}", hint="start it again"
            ) from error
        finally:
            connection.close()
        if answer.status != 200:
            raise MeasurementError(
                f"the simulator answered {answer.status} to {path}: {content[:300]!r}",
                hint="see docs/simulator.md for what it accepts",
            )
        return json.loads(content)


def _line(stream: IO[bytes], deadline_s: float) -> bytes:
    """One line within the deadline; ValueError otherwise."""
    until = time.monotonic() + deadline_s
    data = bytearray()
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(0.0, until - time.monotonic()))
        piece = stream.read1() if ready and hasattr(stream, "read1") else b""
        if not piece:
            raise ValueError("its process ended" if ready else f"no address within {deadline_s:g} s")
        data += piece
    return bytes(data)


def serve(config: SimConfig, host: str = "127.0.0.1", port: int = 0, *, with_parent: bool = False) -> None:
    """Serve in the foreground until interrupted; prints the address as one line of JSON.

    ``with_parent``: end when standard input closes or the parent process ends. Raises OSError when the
    port cannot be had.
    """
    from casewright.bench.sim_process import run  # noqa: PLC0415 -- parents never need the server's parts

    run(config, host, port, with_parent=with_parent)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m casewright.bench.simulator", description="A chat server of known latency."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port (default)")
    parser.add_argument("--config", default="{}", help="SimConfig as JSON; the options below override it")
    parser.add_argument("--ttft-ms", type=float, help="to the first token")
    parser.add_argument("--itl-ms", type=float, help="between tokens")
    parser.add_argument("--tokens", type=int, help="tokens of every answer (default: the request's limit)")
    parser.add_argument("--slots", type=int, help="requests in service at once (default: all)")
    parser.add_argument("--jitter", choices=("none", "lognormal"))
    parser.add_argument("--seed", type=int)
    parser.add_argument("--fault", choices=[fault.value for fault in Fault])
    parser.add_argument("--fault-rate", type=float, default=1.0, help="share of the requests it hits")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """``python -m casewright.bench.simulator``."""
    options = _arguments(words)
    names = ("ttft_ms", "itl_ms", "tokens", "slots", "jitter", "seed")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.fault:
        given["fault"] = {"fault": options.fault, "rate": options.fault_rate}
    try:
        config = SimConfig.model_validate(json.loads(options.config) | given)
    except (ValidationError, ValueError, TypeError) as error:
        sys.stderr.write(f"the simulator's configuration is wrong: {error}\n")
        return EXIT_USAGE
    try:
        serve(config, options.host, options.port, with_parent=options.with_parent)
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
