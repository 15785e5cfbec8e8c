"""What callers see of an engine that is killed under load, and of its return.

Two simulators stand for the engines, `casewright serve gateway` is in front of them, and 50 users stream
answers through it without a pause. Each round kills the primary with kill -9, waits, starts it again on the
same port, and counts from the load generator's records: requests that failed without a first token (there
must be none), those that broke after it (each must end with an error that says so), how long until /health
shows the breaker open, and how long after the restart users' answers come from the primary again.

    python benchmarks/failover.py --rounds 5 --markdown docs/benchmarks/failover.md
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casewright.bench.decode import records
from casewright.bench.machine import describe_machine
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.simulator import MODEL, SimConfig, SimulatorServer
from casewright.bench.target import Target
from casewright.bench.workers import run_load
from casewright.bench.workload import resolve_workload
from casewright.engines.wire import Api
from casewright.errors import MeasurementError
from casewright.values import EngineIdentity
from gateway_process import gateway

USERS = 50
TOKENS = 16
ENGINE = SimConfig(tokens=TOKENS, ttft_ms=100, itl_ms=20)
PRIMARY, SECONDARY = "vllm", "ollama"
LOOK_S = 0.02
GIVE_UP_S = 30.0
OPEN_S = 2.0
# What an engine or our gateway says in a stream, in words, against one that merely stops.
TYPED = "stream_error"


@dataclass(frozen=True)
class Round:
    """One kill and return; seconds, None if it did not happen within 30 s.

    ``untold`` are requests that failed without a first token, ``broken`` those that failed after it, by kind.
    ``hit`` had been sent and had no token when the primary was killed; ``hit_worst_s`` is the longest time to
    a first token among them, ``next_worst_s`` among those sent in the two seconds after the kill.
    ``whole_p50_s`` is the median of a whole answer over the round.
    """

    requests: int
    untold: dict[str, int]
    broken: dict[str, int]
    hit: int
    hit_worst_s: float | None
    next_worst_s: float | None
    open_s: float | None
    back_s: float | None
    whole_p50_s: float


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", type=float, default=3.0, help="seconds of load before the kill")
    parser.add_argument("--down", type=float, default=4.0, help="seconds the primary stays away")
    parser.add_argument("--note", default="", help="a sentence on the circumstances, for the page")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--markdown", type=Path, default=None)
    options = parser.parse_args()
    began, load_before = datetime.now(UTC), os.getloadavg()[0]
    found = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="cw-failover-") as folder:
            found.append(one_round(Path(folder), options.before, options.down))
        print(number + 1, asdict(found[-1]), flush=True)
    load_after = os.getloadavg()[0]
    when = f"{began:%Y-%m-%d %H:%M} UTC, load average {load_before:.1f} before it and {load_after:.1f} after"
    text = table(found)
    print(text)
    if options.json:
        options.json.write_text(
            json.dumps({"when": when, "rounds": [asdict(each) for each in found]}, indent=1)
        )
    if options.markdown:
        options.markdown.write_text(page(text, when, options))
    return 0 if all(good(each) for each in found) else 1


def good(found: Round) -> bool:
    """Whether a round is as it must be."""
    return (
        not found.untold
        and set(found.broken) <= {TYPED}
        and found.open_s is not None
        and found.open_s <= OPEN_S
        and found.back_s is not None
    )


def one_round(folder: Path, before_s: float, down_s: float) -> Round:
    """Fresh processes, one kill, one return."""
    with ExitStack() as stack:
        primary = SimulatorServer(ENGINE)
        primary.start()
        stack.callback(primary.stop)
        port = int(primary.url.rpartition(":")[2])
        secondary = stack.enter_context(SimulatorServer(ENGINE))
        url = stack.enter_context(gateway(folder / "data", settings(primary.url, secondary.url)))
        load = Load(url, folder / "run")
        stack.callback(load.stop)
        wait(before_s)
        if not serves_users(primary):
            sys.exit("the primary gets no traffic")
        killed_ns = time.monotonic_ns()
        os.kill(primary.pid, signal.SIGKILL)
        open_s = until(lambda: breaker(url) in ("open", "half_open"), killed_ns)
        wait(down_s - (time.monotonic_ns() - killed_ns) / 1e9)
        again = SimulatorServer(ENGINE, port=port)
        again.start()
        stack.callback(again.stop)
        back_s = until(lambda: serves_users(again), time.monotonic_ns())
        wait(1.0)
        load.stop()
    return judged(load.folder, killed_ns, open_s, back_s)


class Load:
    """The users, in a thread that watches the load generator's process, until stopped."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self._stop = threading.Event()
        target = Target("gateway", Api.OPENAI, url, MODEL, EngineIdentity(kind="openai", name="gateway"))
        plan = LoadPlan.closed(USERS, duration_s=600.0, ramp_s=0.5, first_token_s=60.0)
        workload = resolve_workload("tiny", max_tokens=TOKENS)
        self._thread = threading.Thread(
            target=run_load, args=(target, plan, workload, folder), kwargs={"stop": self._stop}
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; harmless when it has ended."""
        self._stop.set()
        self._thread.join()


def judged(folder: Path, killed_ns: int, open_s: float | None, back_s: float | None) -> Round:
    """The round by its records; a request that was under way at its end is none."""
    kept = [each for each in records(folder) if not each.cut]
    failed = [each for each in kept if each.error is not None]
    for each in failed[:3]:
        print("  ", each.status, each.error, each.chunks, (each.error_message or "")[:160])
    hit = [each for each in kept if each.t_send <= killed_ns < (each.t_first_token or each.t_end)]
    later = [each for each in kept if killed_ns < each.t_send <= killed_ns + 2 * 10**9]
    return Round(
        requests=len(kept),
        untold=dict(Counter(str(each.error) for each in failed if each.t_first_token is None)),
        broken=dict(Counter(str(each.error) for each in failed if each.t_first_token is not None)),
        hit=len(hit),
        hit_worst_s=worst(hit),
        next_worst_s=worst(later),
        open_s=open_s,
        back_s=back_s,
        whole_p50_s=statistics.median((each.t_end - each.t_send) / 1e9 for each in kept),
    )


def worst(found: list[RequestRecord]) -> float | None:
    """The longest time to a first token, s."""
    return max(
        ((each.t_first_token - each.t_send) / 1e9 for each in found if each.t_first_token is not None),
        default=None,
    )


def breaker(url: str) -> str | None:
    """The primary's breaker as /health shows it."""
    try:
        with urllib.request.urlopen(url + "/health", timeout=GIVE_UP_S) as answer:
            health = json.load(answer)
    except urllib.error.HTTPError as error:
        health = json.load(error)
    rows = (health.get("engine") or {}).get("engines") or []
    return next((str(row["breaker"]) for row in rows if row["name"] == PRIMARY), None)


def serves_users(engine: SimulatorServer) -> bool:
    """Whether it wrote more tokens than one for each request, as no probe does."""
    try:
        truth = engine.truth()
    except MeasurementError:
        return False
    return truth.tokens > truth.requests


def until(holds: Callable[[], bool], since_ns: int) -> float | None:
    """Seconds from then until it holds, looked at every 20 ms; None after 30 s."""
    while (time.monotonic_ns() - since_ns) / 1e9 < GIVE_UP_S:
        if holds():
            return (time.monotonic_ns() - since_ns) / 1e9
        wait(LOOK_S)
    return None


def wait(seconds: float) -> None:
    """Let time pass: the load goes on meanwhile."""
    threading.Event().wait(max(0.0, seconds))


def settings(primary: str, secondary: str) -> dict[str, str]:
    """The gateway's: one engine asked for, the other behind it, places for all users on each."""
    return {
        "LLM_PROVIDER": PRIMARY,
        "VLLM_URL": primary,
        "VLLM_MODEL": MODEL,
        "OLLAMA_URL": secondary,
        "OLLAMA_MODEL": MODEL,
        "CASEWRIGHT_ENGINE_ORDER": f"{PRIMARY},{SECONDARY}",
        "CASEWRIGHT_FALLBACK": "on",
        "CASEWRIGHT_VLLM_CONCURRENCY": "64",
        "CASEWRIGHT_OLLAMA_CONCURRENCY": "64",
        "CASEWRIGHT_LOG_LEVEL": "ERROR",
    }


def table(found: list[Round]) -> str:
    """A row a round."""
    lines = [
        "| round | requests | failed without a first token | broken after it | hit before their first token "
        "| their longest wait, s | longest wait of those sent in the 2 s after, s | breaker open after, s "
        "| traffic back after, s |",
        "|---:|---:|---:|---|---:|---:|---:|---:|---:|",
    ]
    for number, each in enumerate(found, 1):
        lines.append(
            f"| {number} | {each.requests} | {kinds(each.untold)} | {kinds(each.broken)} | {each.hit} "
            f"| {seconds(each.hit_worst_s)} | {seconds(each.next_worst_s)} | {seconds(each.open_s)} "
            f"| {seconds(each.back_s)} |"
        )
    untold = sum(sum(each.untold.values()) for each in found)
    broken: Counter[str] = sum((Counter(each.broken) for each in found), Counter())
    lines += [
        "",
        f"In all: {sum(each.requests for each in found)} requests, {untold} failed without a first token, "
        f"{sum(broken.values())} broke after it ({kinds(dict(broken))}).",
    ]
    return "\n".join(lines) + "\n"


def kinds(found: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(found.items())) or "0"


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def page(text: str, when: str, options: argparse.Namespace) -> str:
    """The page under docs/benchmarks."""
    machine: dict[str, Any] = describe_machine().model_dump()
    words = [word for at, word in enumerate(sys.argv[1:]) if "--note" not in sys.argv[at : at + 2]]
    command = "python benchmarks/failover.py " + " ".join(words)
    return f"""# What callers see when an engine dies under load

Two simulators stand for the engines ({ENGINE.ttft_ms:g} ms to the first token, {ENGINE.itl_ms:g} ms between
tokens, {TOKENS} tokens an answer; the primary is spoken to as vLLM, the other as Ollama), `casewright serve
gateway` is in front of them, and {USERS} users stream answers through it without a pause. After
{options.before:g} s the primary is killed with `kill -9`; {options.down:g} s later it is started again on the
same port. Everything shares the machine's cores. Each round begins with fresh processes.

Counted from the load generator's records. A request *hit* had been sent and had no token at the kill; the
other engine answers it, and the caller sees a longer wait. A stream that had begun is never continued by
another engine: it ends with an error in the stream (`{TYPED}`). *Breaker open*: from the kill to the first
look at `/health` that shows it; *traffic back*: from the moment the primary listens again to the first user's
answer that it writes (a probe of one token does not count). Looks are {LOOK_S * 1e3:g} ms apart.

Bounds: nothing fails without a first token; every broken stream says so; the breaker is open within
{OPEN_S:g} s; traffic returns by itself.

{text}
Measured {when}, on {machine["cpu"]}, {machine["cores"]} cores, {machine["os"]}, Python {machine["python"]}.
{options.note}

```bash
{command}
```
"""


if __name__ == "__main__":
    sys.exit(main())
