"""How long the stack takes to be healthy, and how long each process takes to be healthy again after kill -9.

    python benchmarks/stack_recovery.py --rounds 5 [--json FILE]

Starts `casewright up` in a data directory of its own on free ports. In every round each process is killed in
turn, also the model's own process under the engine, and the whole stack must be healthy again by its own
word: "healthy" from every /health, and a new process in place of the killed one. Seconds are those from
the kill to the first look that sees this; looks are 0.1 s apart and take part of the cores themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from casewright.services.kit.keys import service_token
from casewright.stack.description import ENGINE, SERVICES
from casewright.stack.plan import Places
from casewright.stack.run import stop_all
from casewright.stack.status import StackStatus, stack_status

NAMES = (ENGINE, *SERVICES)
MODEL = "model (child of engine)"
LOOK_S = 0.1
DEADLINE_S = 60.0
# A process killed within its first 5 s would count as a failed start and wait; that is another case.
SETTLED_S = 6.0


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in held]


def environment_of(data_dir: Path) -> dict[str, str]:
    """A stack of its own."""
    theirs = ("LLM_", "OLLAMA", "VLLM", "CASEWRIGHT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    ports = zip(NAMES, free_ports(len(NAMES)), strict=True)
    ours = {f"CASEWRIGHT_{name.upper()}_PORT": str(port) for name, port in ports}
    return kept | ours | {"CASEWRIGHT_DATA": str(data_dir)}


def casewright(environment: dict[str, str], word: str) -> float:
    """Run a command; seconds it took."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "casewright", word],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.monotonic() - began


def pid_of(status: StackStatus, name: str) -> int:
    """The process of a name, or the engine's child."""
    found = next(each.pid for each in status.processes if each.name == (ENGINE if name == MODEL else name))
    if found is None:
        sys.exit(f"{name} has no process")
    return int(psutil.Process(found).children()[0].pid) if name == MODEL else found


def recovery(places: Places, token: str, name: str) -> float | None:
    """Kill one process; seconds until everything is healthy again, None if not within the deadline."""
    never = threading.Event()
    status = stack_status(places, token)
    while min(each.uptime_s or 0 for each in status.processes) < SETTLED_S:
        never.wait(LOOK_S)
        status = stack_status(places, token)
    owner = ENGINE if name == MODEL else name
    before = next(each.restarts for each in status.processes if each.name == owner)
    psutil.Process(pid_of(status, name)).kill()
    began = time.monotonic()
    while (now := time.monotonic() - began) < DEADLINE_S:
        status = stack_status(places, token, memory=False)
        again = next(each.restarts for each in status.processes if each.name == owner) > before
        if again and status.healthy:
            return time.monotonic() - began
        never.wait(LOOK_S)
    print(f"{name}: not healthy after {now:.0f} s: {status}")
    return None


def main() -> int:
    """Measure, print, and say whether the bounds hold (30 s to start, 15 s to recover)."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    starts: list[float] = []
    stops: list[float] = []
    found: dict[str, list[float | None]] = {name: [] for name in (*NAMES, MODEL)}
    with tempfile.TemporaryDirectory(prefix="cw-stack-") as folder:
        data_dir = Path(folder) / "data"
        places, environment = Places(data_dir), environment_of(data_dir)
        try:
            for turn in range(given.rounds):
                starts.append(casewright(environment, "up"))
                print(f"round {turn + 1}: up in {starts[-1]:.1f} s", flush=True)
                token = service_token(data_dir)
                for name, seconds in found.items():
                    seconds.append(recovery(places, token, name))
                    print(f"  {name}: {seconds[-1] and round(seconds[-1], 1)} s", flush=True)
                stops.append(casewright(environment, "down"))
        finally:
            stop_all(places)
    return report(starts, stops, found, given.json)


def report(
    starts: list[float], stops: list[float], found: dict[str, list[float | None]], path: Path | None
) -> int:
    """Print the table; 1 if a bound does not hold."""
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end")
    print("\n| what | runs | median s | worst s | bound s |\n| --- | --- | --- | --- | --- |")
    good = True
    rows: list[tuple[str, list[float | None], float]] = [("up until all are healthy", [*starts], 30.0)]
    rows += [(f"{name} killed until all are healthy", seconds, 15.0) for name, seconds in found.items()]
    rows += [("down", [*stops], 30.0)]
    for what, seconds, bound in rows:
        known = [each for each in seconds if each is not None]
        complete = len(known) == len(seconds)
        worst = f"{max(known):.1f}" if complete else f"not within {DEADLINE_S:g}"
        middle = f"{statistics.median(known):.1f}" if complete else "-"
        print(f"| {what} | {len(seconds)} | {middle} | {worst} | {bound:g} |")
        good = good and complete and max(known) <= bound
    if path is not None:
        path.write_text(json.dumps({"up_s": starts, "down_s": stops, "recovery_s": found}, indent=1) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
