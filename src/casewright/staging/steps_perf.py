"""The performance step: the plan's targets for vLLM, measured on whatever engine stands behind its API.

``casewright bench run`` does the measuring, as a process of its own, so that the samples of health and memory
go on beside it. The targets are vLLM's: another engine in its place is told with its true name and its
figure, and its box is NOT MEASURED.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from casewright.api.bench import Run, TargetResult
from casewright.api.staging import CommandRun, Finding
from casewright.errors import EXIT_UNREACHABLE
from casewright.staging.checklist import LATENCY_BOUND_MS, THROUGHPUT_BOUND
from casewright.staging.context import Context
from casewright.staging.judge import finding
from casewright.staging.stack import run_command

LATENCY, THROUGHPUT = "performance.latency", "performance.throughput"
PROVIDER, TRUE_NAME = "vllm", "vllm"
# Starting and stopping the command, and the answers under way at the end of the load.
AROUND_S = 45.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One load and the target it is judged by, in ``casewright bench run``'s words; ``expected`` is told."""

    box: str
    name: str
    what: str
    target: str
    expected: str
    words: tuple[str, ...]
    limit_s: float


async def performance(context: Context) -> str:
    """Single answers one after the other, then sustained load, each against its target."""
    return "; ".join([await measure(context, each) for each in measurements(context)])


def measurements(context: Context) -> tuple[Measurement, Measurement]:
    """The two loads of the plan's step 6."""
    plan = context.config.performance
    requests, users = str(plan.requests), str(plan.users)
    return (
        Measurement(
            LATENCY,
            "latency",
            "mean time of an answer",
            f"e2e_mean<{LATENCY_BOUND_MS}ms",
            f"vLLM under {LATENCY_BOUND_MS} ms",
            ("--concurrency", "1", "--requests", requests, "--warmup", "1"),
            (plan.requests + 1) * plan.timeout_s + AROUND_S,
        ),
        Measurement(
            THROUGHPUT,
            "throughput",
            "answers a second",
            f"throughput>{THROUGHPUT_BOUND}req/s",
            f"vLLM over {THROUGHPUT_BOUND} a second",
            ("--concurrency", users, "--duration", f"{plan.seconds:g}"),
            plan.seconds + plan.timeout_s + AROUND_S,
        ),
    )


async def measure(context: Context, each: Measurement) -> str:
    """Put one load on, and enter what it shows; a few words of it are returned."""
    config, ledger = context.config, context.ledger
    context.tell(f"{each.what} of the engine behind vLLM's API; at most {each.limit_s:g} s")
    folder, result = config.output / f"bench-{each.name}", config.output / f"performance-{each.name}-run.json"
    config.output.mkdir(parents=True, exist_ok=True)
    _clear(folder, result)
    words = ("bench", "run", PROVIDER, *each.words, "--timeout", f"{config.performance.timeout_s:g}")
    where = ("--target", each.target, "--quiet", "--json", str(result), "--run-dir", str(folder))
    run = await run_command((*config.command, *words, *where), _environment(context), each.limit_s)
    ledger.command(each.box, run)
    found = _read(result)
    if found is None:
        ledger.add(each.box, [_no_result(each, run)])
        return f"{each.name} not measured"
    ledger.seen(each.box, run=result.name, engine=found.engine.identity.name, url=found.engine.url)
    ledger.seen(each.box, validity=found.validity.verdict, reasons=list(found.validity.reasons))
    entry = judged(each, found)
    ledger.add(each.box, [entry])
    ledger.say(each.box, f"measured on {found.engine.identity.name}")
    return f"{each.what} {figure(found.targets[0])} ({found.engine.identity.name})"


def _environment(context: Context) -> dict[str, str]:
    """The stage's own settings; a vLLM that is a part of the stack is asked where the stack says it is."""
    config, own = context.config, context.urls.get(PROVIDER)
    there = {"VLLM_URL": own} if own else {}
    told = {"CASEWRIGHT_DATA": str(config.data_dir), "NO_COLOR": "1"}
    return {**os.environ, **config.environment, **there, **told}


def judged(each: Measurement, found: Run) -> Finding:
    """The target's status as a finding; only vLLM itself can meet or miss vLLM's target."""
    target, name = found.targets[0], found.engine.identity.name
    shown = figure(target)
    if TRUE_NAME not in name.lower():
        seen = f"{name} stands in vLLM's place: {shown}"
        return finding(each.what, each.expected, seen, None, tried=False)
    if found.validity.verdict == "INVALID":
        return finding(each.what, each.expected, f"{shown}; invalid: {found.validity.reasons[0]}", None)
    held = {"PASS": True, "FAIL": False}.get(target.status)
    tried = target.status != "NOT MEASURED"
    return finding(each.what, each.expected, f"{shown}; {target.reason}", held, tried=tried)


def figure(target: TargetResult) -> str:
    """The observed value with its bounds and unit."""
    if target.observed is None:
        return target.reason
    value = f"{target.observed:.4g} {target.unit}".strip()
    if target.low is None or target.high is None:
        return value
    return f"{value} ({target.low:.4g} to {target.high:.4g})"


def _read(path: Path) -> Run | None:
    try:
        found = Run.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.targets else None


def _no_result(each: Measurement, run: CommandRun) -> Finding:
    said = " ".join((run.problem or run.stderr or run.stdout or f"exit {run.exit_code}").split())
    if run.exit_code == EXIT_UNREACHABLE:
        return finding(each.what, each.expected, f"no engine behind vLLM's API: {said}", None, tried=False)
    return finding(each.what, each.expected, f"casewright bench run gave no result: {said}", None)


def _clear(folder: Path, result: Path) -> None:
    """A resumed stage measures anew: what an interrupted measurement left is no part of it."""
    shutil.rmtree(folder, ignore_errors=True)
    result.unlink(missing_ok=True)
