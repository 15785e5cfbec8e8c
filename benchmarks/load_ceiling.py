"""What the load generator itself can do and how true its times are, on this machine.

The server is ``benchmarks/csim``, a small C program that is faster than any client it is to measure and knows
when it wrote what; where no C compiler is found the cases are NOT MEASURED (``casewright bench calibrate``
uses the built-in simulator instead). Every case runs once a call; calls with the same ``--json`` file add up,
and the table is made from all of them: median, and the range in brackets.

    python benchmarks/load_ceiling.py --json ceiling.json --markdown docs/benchmarks/load-generator.md
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from casewright.bench.arrivals import offset_blocks
from casewright.bench.decode import records
from casewright.bench.machine import describe_machine
from casewright.bench.outcome import LoadOutcome
from casewright.bench.plan import LoadPlan
from casewright.bench.record import RequestRecord
from casewright.bench.target import Target
from casewright.bench.workers import run_load
from casewright.bench.workload import resolve_workload
from casewright.engines.wire import Api
from casewright.values import EngineIdentity

SOURCE = Path(__file__).parent / "csim" / "csim.c"
ON_TIME_NS = 5_000_000


@dataclass(frozen=True)
class Case:
    """One load on one server; ``bounds``: figure -> (lowest, highest) that is good enough."""

    name: str
    what: str
    tokens: int
    ttft_ms: float
    itl_ms: float
    plan: LoadPlan
    bounds: dict[str, tuple[float, float]]


TTFT = {"ttft p50 - truth, ms": (-1.0, 1.0), "ttft p99 - truth, ms": (-3.0, 3.0)}
ARRIVALS = {"sent within 5 ms, %": (99.0, 100.0), "dispersion, 10 ms": (0.9, 1.1)}
FEW = "64 users, no delay, 16 tokens"
OPEN = "1,000 requests a second for 10 s, 16 tokens, TTFT 20 ms, 5 ms between tokens"


def cases(seed: int) -> list[Case]:
    return [
        Case(
            "ceiling", FEW, 16, 0, 0,
            LoadPlan.closed(64, duration_s=6.0), {"requests/s": (10_000, float("inf"))},
        ),
        Case(
            "256 users",
            "256 users, 64 tokens, TTFT 50 ms, 10 ms between tokens (376.5 requests/s are possible)",
            64, 50, 10, LoadPlan.closed(256, requests=256 * 12), {"requests/s": (370, 376.5), **TTFT},
        ),
        Case(
            "1,000 users",
            "1,000 users, 64 tokens, TTFT 50 ms, 50 ms between tokens (312.5 requests/s are possible)",
            64, 50, 50, LoadPlan.closed(1000, requests=4000), TTFT,
        ),
        Case(
            "poisson, 1 process", OPEN, 16, 20, 5,
            LoadPlan.open(1000.0, duration_s=10.0, seed=seed), ARRIVALS,
        ),
        Case(
            "poisson, 2 processes", OPEN, 16, 20, 5,
            LoadPlan.open(1000.0, duration_s=10.0, seed=seed, processes=2), ARRIVALS,
        ),
        Case(
            "constant", OPEN, 16, 20, 5, LoadPlan.open(1000.0, "constant", duration_s=10.0),
            {"sent within 5 ms, %": (99.0, 100.0)},
        ),
        Case("memory", f"{FEW}: 10,000 and 60,000 requests", 16, 0, 0, LoadPlan.closed(64, requests=60_000),
             {"growth, bytes a request": (float("-inf"), 2048)}),
    ]  # fmt: skip


class CSim:
    """The C server as a process."""

    def __init__(self, binary: Path, case: Case) -> None:
        words = [str(binary), "0", str(case.tokens), str(case.ttft_ms), str(case.itl_ms)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def truth(self) -> dict[str, Any]:
        """What the server did since it was last asked."""
        with urllib.request.urlopen(self.url + "/truth", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def cpu_s(self) -> float:
        """CPU seconds it has used."""
        return _cpu_ticks(
            Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        )

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _cpu_ticks(fields: list[str]) -> float:
    return sum(map(int, fields)) / os.sysconf("SC_CLK_TCK")


def stolen_s() -> float:
    """CPU seconds the host gave to others while this machine wanted to run, as far as the host says so."""
    return _cpu_ticks(Path("/proc/stat").read_text().split("\n")[0].split()[8:9])


def machine_busy_s() -> float:
    """CPU seconds all processes of the machine have used."""
    user, nice, system, _, _, irq, soft, *_ = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return _cpu_ticks([user, nice, system, irq, soft])


@contextmanager
def served(binary: Path, case: Case) -> Iterator[CSim]:
    server = CSim(binary, case)
    try:
        yield server
    finally:
        server.close()


def load(url: str, plan: LoadPlan, run_dir: Path) -> LoadOutcome:
    target = Target("csim", Api.OPENAI, url, "csim", EngineIdentity(kind="simulator", name="csim"))
    outcome = run_load(target, plan, resolve_workload("tiny", max_tokens=64), run_dir)
    if outcome.findings or any(report.failed for report in outcome.reports):
        raise SystemExit(f"the run went wrong: {outcome.findings} {[r.errors for r in outcome.reports]}")
    return outcome


def measure(case: Case, binary: Path, directory: Path) -> dict[str, Any]:
    """The figures of one run of one case."""
    with served(binary, case) as server:
        if case.name == "memory":
            return {"figures": {"growth, bytes a request": growth(server.url, case.plan, directory)}}
        before, stolen, began = machine_busy_s(), stolen_s(), time.monotonic()
        outcome = load(server.url, case.plan, directory / "run")
        spent, elapsed = machine_busy_s() - before, time.monotonic() - began
        stolen = stolen_s() - stolen
        ours = sum(outcome.cpu_s) + server.cpu_s()
        truth = server.truth()
    figures = figures_of(case, outcome, truth, records(directory / "run"))
    lag = outcome.loop_lag
    return {
        "figures": figures,
        "truth": truth,
        "stolen_s": round(stolen, 2),
        "client_cpu_s": round(sum(outcome.cpu_s), 2),
        "other_cores_busy": round(max(spent - ours, 0.0) / elapsed, 2),
        "loop_lag_ms": {
            "p50": (lag.p50_ns or 0) / 1e6,
            "p99": (lag.p99_ns or 0) / 1e6,
            "max": (lag.max_ns or 0) / 1e6,
        },
    }


def figures_of(
    case: Case, outcome: LoadOutcome, truth: dict[str, Any], found: Iterator[RequestRecord]
) -> dict[str, float]:
    """What the case is about, from its records; every record must be whole."""
    firsts, lags, sent, ends = [], [], [], []
    began = time.process_time()
    for record in found:
        if record.error is not None or record.chunks != case.tokens or record.t_first_token is None:
            raise SystemExit(
                f"record {record.index}: {record.error} {record.error_message} {record.chunks} chunks"
            )
        firsts.append(record.t_first_token - record.t_send)
        lags.append(record.t_send - record.t_sched)
        sent.append(record.t_send)
        ends.append(record.t_end)
    decoding = time.process_time() - began
    ttft = np.sort(np.array(firsts)) / 1e6
    values = {
        "requests/s": len(ends) / ((max(ends) - min(sent)) / 1e9),
        "ttft p50, ms": float(ttft[len(ttft) // 2]),
        "ttft p99, ms": float(ttft[int(len(ttft) * 0.99)]),
        "sent within 5 ms, %": 100
        * sum(lag <= ON_TIME_NS for lag in lags)
        / (outcome.scheduled or len(lags)),
        "decoded records/s": len(ends) / decoding,
    }
    if truth["ttft_us"]["n"] > 0:
        values["ttft p50 - truth, ms"] = values["ttft p50, ms"] - truth["ttft_us"]["p50"] / 1000
        values["ttft p99 - truth, ms"] = values["ttft p99, ms"] - truth["ttft_us"]["p99"] / 1000
    if case.plan.mode == "open":
        times = np.sort(np.array(sent)) - outcome.window_start_ns
        gaps = np.diff(times)
        values["dispersion, 10 ms"] = dispersion(times)
        values["dispersion as scheduled"] = dispersion(np.concatenate(list(offset_blocks(case.plan))))
        values["gap variation"] = float(gaps.std() / gaps.mean())
        values["send lag p99, ms"] = float(np.sort(np.array(lags))[int(len(lags) * 0.99)] / 1e6)
    return values


def dispersion(times: npt.NDArray[np.int64]) -> float:
    """Variance over mean of the counts in 10 ms bins over 10 s; a true Poisson run has 1 with s.d. 0.045."""
    counts, _ = np.histogram(times, bins=np.arange(0, 10 * 10**9 + 1, 10**7))
    return float(counts.var(ddof=1) / counts.mean())


def growth(url: str, plan: LoadPlan, directory: Path) -> float:
    """Resident bytes a further request costs: a long run against a short one."""
    ends = []
    for name, requests in (("short", 10_000), ("long", 60_000)):
        outcome = load(url, LoadPlan.closed(plan.concurrency or 1, requests=requests), directory / name)
        ends.append((outcome.reports[0].rss_end, requests))
    return (ends[1][0] - ends[0][0]) / (ends[1][1] - ends[0][1])


def table(runs: list[dict[str, Any]]) -> str:
    """All runs' figures beside their bounds, as Markdown."""
    lines = ["| case | figure | median (range) | bound | met in |", "|---|---|---:|---:|---|"]
    for case in cases(0):
        results = [run["cases"][case.name] for run in runs if case.name in run["cases"]]
        names = list(dict.fromkeys(name for result in results for name in result["figures"]))
        shown = [name for name in names if name in case.bounds] + [n for n in names if n not in case.bounds]
        for name in shown:
            values = [result["figures"][name] for result in results if name in result["figures"]]
            low, high = case.bounds.get(name, (None, None))
            bound = "" if low is None or high is None else _bound(low, high)
            middle = statistics.median(values)
            met = "" if low is None or high is None else _met(values, low, high)
            spread = f"{_short(middle)} ({_short(min(values))} to {_short(max(values))})"
            lines.append(f"| {case.name} | {name} | {spread} | {bound} | {met} |")
    return "\n".join(lines)


def _met(values: list[float], low: float, high: float) -> str:
    return f"{sum(low <= value <= high for value in values)} of {len(values)} runs"


def misses(runs: list[dict[str, Any]]) -> str:
    """Every single figure out of its bound, with what is known of that run."""
    lines = []
    for run in runs:
        for case in cases(run["seed"]):
            result = run["cases"].get(case.name, {"figures": {}})
            for name, (low, high) in case.bounds.items():
                value = result["figures"].get(name)
                if value is None or low <= value <= high:
                    continue
                known = (
                    f"loop lag p99 {result['loop_lag_ms']['p99']:.1f} ms" if "loop_lag_ms" in result else ""
                )
                known += f", other processes {result.get('other_cores_busy')} cores"
                known += f", stolen {result['stolen_s']} s" if "stolen_s" in result else ""
                if name.startswith("dispersion"):
                    known += (
                        f", as scheduled {dispersion(np.concatenate(list(offset_blocks(case.plan)))):.2f}"
                    )
                lines.append(f"* {run['at']}, {case.name}: {name} {value:.2f} ({known})")
    return "\n".join(lines) or "None."


def wait_until_idle(limit_s: float) -> None:
    """Until all cores together were 92 % idle for 4 s; ends the program when that does not happen in time."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        busy, began = machine_busy_s(), time.monotonic()
        time.sleep(4)
        if (machine_busy_s() - busy) / (time.monotonic() - began) <= 0.08 * (os.cpu_count() or 1):
            return
    raise SystemExit("NOT MEASURED: the machine did not become idle")


def _bound(low: float, high: float) -> str:
    if high == float("inf"):
        return f"at least {_short(low)}"
    if low == float("-inf"):
        return f"below {_short(high)}"
    return f"{_short(low)} to {_short(high)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def document(runs: list[dict[str, Any]], command: str, note: str) -> str:
    """The page under docs/benchmarks."""
    machine = runs[-1]["machine"]
    about = "\n".join(f"* **{case.name}**: {case.what}." for case in cases(0))
    others = [result.get("other_cores_busy") for run in runs for result in run["cases"].values()]
    busy = [value for value in others if value is not None]
    return f"""# The load generator's own ceiling and truth

Client and server share the machine. The server is a C program (`benchmarks/csim/csim.c`) that keeps when it
read each request and wrote each first token: *truth* below. TTFT is from just before the request's write to
the reading of the first token. Every record was decoded and had all its tokens.

{about}

{table(runs)}

Users of a closed loop join at most 5,000 a second on connections opened before (1,000 users: over 0.2 s).
All runs in the file are in the table. With `--wait-idle` a case begins after 4 s in which all processes
together used at most 8 % of the machine: figures of an otherwise idle machine, whatever started later.

Single figures out of their bounds (*stolen*: CPU seconds that the host gave to others, where recorded;
*as scheduled*: the dispersion of that run's own Poisson schedule):

{misses(runs)}

Measured {runs[0]["at"]} to {runs[-1]["at"]}, on {machine["cpu"]},
{machine["cores"]} cores, {machine["os"]}, Python {machine["python"]}. Other processes of the machine kept
{min(busy):.2f} to {max(busy):.2f} cores busy meanwhile (median {statistics.median(busy):.2f}).
A constant schedule has a gap variation (standard deviation over mean of the gaps) of 0, a Poisson schedule
1; no bound was set for it.
The memory figure is the resident memory after 60,000 requests less that after 10,000, over 50,000.

Command, once a run: `{command}`; the last one also with `--markdown FILE`.{note}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", action="append", help="only this case (may be repeated)")
    parser.add_argument(
        "--seed", type=int, default=None, help="of the Poisson arrivals; by default the clock"
    )
    parser.add_argument("--json", type=Path, required=True, help="runs are added to this file")
    parser.add_argument("--markdown", type=Path, default=None)
    parser.add_argument(
        "--wait-idle", type=float, default=0.0, metavar="S", help="at most S before each case"
    )
    parser.add_argument("--note", default="", help="a sentence for the page's end")
    parser.add_argument("--table-only", action="store_true", help="measure nothing, write the table")
    options = parser.parse_args()
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        print("NOT MEASURED: no C compiler here, and a Python server would be slower than its client")
        return
    runs: list[dict[str, Any]] = json.loads(options.json.read_text()) if options.json.exists() else []
    if not options.table_only:
        runs.append(measured(options, compiler))
        options.json.write_text(json.dumps(runs, indent=1))
    print(table(runs))
    if options.markdown is not None:
        wait = f" --wait-idle {options.wait_idle:g}" if options.wait_idle else ""
        command = f"python benchmarks/load_ceiling.py --json {options.json.name}{wait}"
        options.markdown.write_text(document(runs, command, options.note))


def measured(options: argparse.Namespace, compiler: str) -> dict[str, Any]:
    """One run of the chosen cases."""
    seed = options.seed if options.seed is not None else int(time.time())
    with tempfile.TemporaryDirectory() as name:
        binary = Path(name) / "csim"
        subprocess.run([compiler, "-O2", "-o", str(binary), str(SOURCE)], check=True)
        results: dict[str, Any] = {}
        for case in cases(seed):
            if options.case and case.name not in options.case:
                continue
            if options.wait_idle:
                wait_until_idle(options.wait_idle)
            directory = Path(tempfile.mkdtemp(dir=name))
            results[case.name] = measure(case, binary, directory)
            shutil.rmtree(directory)
            print(case.name, json.dumps(results[case.name]["figures"]), flush=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"at": at, "seed": seed, "machine": describe_machine().model_dump(), "cases": results}


if __name__ == "__main__":
    main()
