"""The steps around everything else: what is installed, start, health, what was left at the end, stop."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import re
import sys
from urllib.parse import urlsplit

from casewright.api.contract import Health
from casewright.api.staging import CommandRun, Finding, PartSeen
from casewright.staging.build_limits import DECLARED_GAPS
from casewright.staging.checks_health import agreed, healthy, named_truly, true_name, vision
from casewright.staging.compose_left import container_errors
from casewright.staging.compose_trouble import cause
from casewright.staging.config import PartPlan
from casewright.staging.context import CannotGoOn, Context, mapping
from casewright.staging.judge import finding
from casewright.staging.logs import kernel_count, mark_logs, memory_errors
from casewright.staging.resume import owned
from casewright.staging.sampling import (
    FILE,
    HEALTH_S,
    Sampler,
    health_findings,
    memory_findings,
    memory_words,
    watched_s,
)
from casewright.staging.stack import Listing, run_command
from casewright.staging.storm import started_again, starts_of

SDKS = ("openai", "ollama")
SHOWN_WORDS = 400
SHOWN_UP = 900
_GAP = re.compile(r"(\S+) \S+ requires (\S+), which is not installed\.")


async def preflight(context: Context) -> str:
    """Pip check, and the SDKs that the plan expects."""
    ledger, seconds = context.ledger, context.config.deadlines.command_s
    run = await run_command((sys.executable, "-m", "pip", "check"), os.environ, seconds)
    ledger.command("build.dependencies", run)
    ledger.add("build.dependencies", [conflicts(run)])
    versions = {name: _version(name) for name in SDKS}
    ledger.seen("build.sdks", versions=versions, python=sys.executable)
    ledger.add(
        "build.sdks",
        [
            finding(name, "installed", found or "not installed", found is not None)
            for name, found in versions.items()
        ],
    )
    told = ", ".join(f"{name} {found or 'not installed'}" for name, found in versions.items())
    ledger.say("build.sdks", told)
    return told


async def start(context: Context) -> str:
    """Start the stack, or look at the one that runs; everything after it needs it to answer."""
    ledger, deadlines = context.ledger, context.config.deadlines
    mark_logs(context)
    seconds: float | None = None
    good = True
    if not context.config.attach:
        context.touched = True
        run = await context.stack.up()
        seconds = run.seconds
        ledger.command("startup.services", run)
        words = run.problem or f"exit {run.exit_code} {run.stderr if run.exit_code else ''}"
        what = "casewright up" if context.config.target == "local" else "compose up"
        good = run.exit_code == 0 and run.problem is None
        ledger.add("startup.services", [finding(what, "exit 0", words, good, shown=SHOWN_UP)])
        # exit 1 is a stack that serves with less; anything else is none
        if run.problem is not None or run.exit_code not in (0, 1):
            said = " ".join((run.problem or run.stderr or f"exit {run.exit_code}").split())
            raise CannotGoOn(f"{what}: {cause(said) if run.problem else said[-SHOWN_WORDS:]}")
        context.started = True
    else:
        seen = "attached: it was running already"
        ledger.add("startup.services", [finding("casewright up", "exit 0", seen, None, tried=False)])
    found = await context.listing("startup.services")
    ledger.add("startup.services", _running(context, found))
    if seconds is not None:
        bound_s = deadlines.start_bound_s
        good = good and seconds <= bound_s
        took = f"{seconds:.1f} s" if run.exit_code == 0 else f"not in {seconds:.1f} s"
        ledger.add("startup.services", [finding("all healthy", f"within {bound_s:g} s", took, good)])
        ledger.say("startup.services", f"all healthy in {seconds:.1f} s")
    context.pids, context.owned = found.pids, owned(found)
    context.starts = starts_of(context, found)
    context.urls = {each.name: each.url for each in found.processes if each.url}
    context.health_urls = {each.name: each.health_url for each in found.processes if each.health_url}
    context.parts = parts_seen(context, found)
    ledger.seen("startup.services", parts=[each.model_dump() for each in context.parts])
    answers = await context.healths()
    ledger.exchange("startup.services", *(answer.exchange for answer in answers.values()))
    context.reachable = any(answer.status is not None for answer in answers.values())
    if not context.reachable:
        raise CannotGoOn(f"no service answers: {next(iter(answers.values())).said}")
    body = mapping(answers["rag"].json)
    engine = mapping(body.get("engine"))
    context.provider, context.model = body.get("provider"), body.get("model")
    context.engine, context.source = engine.get("engine"), engine.get("source")
    context.sampler = Sampler(context)
    context.sampler.start()
    took = f"{'' if good else 'not all '}healthy in {seconds:.1f} s" if seconds is not None else "attached"
    return f"{len(found.pids)} processes, {took} (each wait at most {deadlines.start_s:g} s)"


def parts_seen(context: Context, found: Listing) -> tuple[PartSeen, ...]:
    """What each part of the plan's stack ran as: a process, or what did its work instead."""
    running = {each.name: each for each in found.processes if each.running}

    def here(part: PartPlan) -> str:
        process = running.get(part.name)
        return f"{process.what or process.name}: a process at {process.url}" if process else part.instead

    return tuple(
        PartSeen(part=each.name, container=each.container, here=here(each)) for each in context.config.parts
    )


def _running(context: Context, found: Listing) -> list[Finding]:
    if found.problem is not None:
        seen = found.problem
        return [
            finding("casewright ps", "a list of processes", seen, None if context.config.attach else False)
        ]
    findings = []
    for name in context.config.services:
        each = next((process for process in found.processes if process.name == name), None)
        seen = f"{each.state}, pid {each.pid}" if each else "not in the list"
        findings.append(finding(f"{name} runs", "a process", seen, each is not None and each.running))
    known = set(context.config.services)
    for each in found.processes:
        if each.name not in known:
            findings.append(
                finding(f"{each.name} runs", "a process", f"{each.state}, pid {each.pid}", each.running)
            )
    return findings


async def health(context: Context) -> str:
    """Each /health, and the engine's own word."""
    ledger = context.ledger
    answers = await context.healths()
    healths: dict[str, Health] = {}
    for name, answer in answers.items():
        found, findings = healthy(name, answer)
        ledger.exchange("startup.health", answer.exchange)
        ledger.add("startup.health", findings)
        if found is not None:
            healths[name] = found
    ledger.add("startup.health", agreed(healths))
    rag = healths.get("rag")
    if rag is not None and rag.engine is not None and rag.engine.url:
        truth = await true_name(context.client, context.reach(rag.engine.url))
        ledger.exchange("startup.health", *truth.exchanges)
        ledger.say(
            "startup.health", f"provider {rag.provider}, engine {rag.engine.engine}, model {rag.model}"
        )
        ledger.add("startup.health", [named_truly("engine's true name", rag.engine.engine, truth)])
    ledger.exchange("startup.vision", answers["documents"].exchange)
    ledger.add("startup.vision", vision(answers["documents"]))
    return f"{sum(found.status == 'healthy' for found in healths.values())} of {len(answers)} healthy"


async def settle(context: Context) -> str:
    """What the whole time left behind: samples, restarts nobody asked for, words about memory in the logs."""
    ledger = context.ledger
    samples = await _sampled(context)
    found = await context.listing("stability.restarts")
    ledger.add("stability.restarts", same_processes(context, found, "at the end"))
    ledger.add("stability.restarts", started_again(context, found, "by the end", context.starts))
    left = await context.stack.gained()
    logs = memory_errors(context) if left is None else container_errors(left, kernel_count(context))
    if left is not None:
        ledger.seen("stability.restarts", restarts=dict(left.restarts))
        ledger.seen("startup.memory", containers=[each.model_dump(mode="json") for each in left.left])
    ledger.seen("startup.memory", lines=logs.words[:50], exits=logs.exits[:50])
    ledger.add("startup.memory", logs.findings)
    return f"{samples} samples, {len(found.pids)} processes, {len(logs.words)} words about memory"


async def _sampled(context: Context) -> int:
    """End the sampling once it has gone on for long enough, and judge what it saw."""
    ledger, sampler, needed_s = context.ledger, context.sampler, context.config.deadlines.sampled_s
    if sampler is None:
        raise CannotGoOn("the samples were not begun")

    async def long_enough() -> bool:
        left = needed_s - watched_s(sampler.moments)
        if left > 0 and asked:
            context.tell(f"sampling /health once a second, for {left:.0f} s more")
        return left <= 0 and bool(sampler.moments)

    asked = context.config.asks("startup")
    # services that do not answer leave gaps that are not watched: more than twice the time is no use
    await context.until(long_enough, 2 * needed_s + HEALTH_S if asked else 0)
    await sampler.stop()
    moments = sampler.moments
    for box in ("startup.health", "performance.memory"):
        ledger.seen(box, samples=FILE, sampled=len(moments))
    ledger.add("startup.health", health_findings(moments, needed_s))
    ledger.say("startup.health", f"sampled {len(moments)} times over {watched_s(moments):.0f} s")
    rises = memory_findings(moments)
    ledger.add("performance.memory", rises)
    ledger.say("performance.memory", memory_words(rises))
    return len(moments)


async def down(context: Context) -> str:
    """Stop the stack, and see that nothing answers any more."""
    ledger = context.ledger
    if context.config.attach:
        seen = "attached: the stack is left running"
        ledger.add("startup.down", [finding("casewright down", "exit 0", seen, None, tried=False)])
        return seen
    if context.sampler is not None:
        await context.sampler.stop()
    run = await context.stack.down()
    context.touched = False
    ledger.command("startup.down", run)
    words = run.problem or f"exit {run.exit_code} {run.stderr[-300:] if run.exit_code else ''}"
    ledger.add("startup.down", [finding("casewright down", "exit 0", words, run.exit_code == 0)])
    if not context.started:
        seen = "nothing had been started"
        ledger.add("startup.down", [finding("the ports", "closed", seen, None, tried=False)])
        return seen
    for name, url in {**context.config.services, **context.urls}.items():
        closed, seen = await _closed(url)
        ledger.add("startup.down", [finding(f"{name} at {url}", "connection refused", seen, closed)])
    return f"in {run.seconds:.1f} s"


async def _closed(url: str) -> tuple[bool, str]:
    """Whether nothing listens any more; one that hangs does not answer either, but takes the connection."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(3.0):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except ConnectionRefusedError:
        return True, "connection refused"
    except (OSError, TimeoutError) as error:
        return False, str(error) or "no answer within 3 s"
    writer.close()
    return False, "something still listens"


def same_processes(context: Context, found: Listing, when: str) -> list[Finding]:
    """Whether the processes are still those that should be there."""
    if found.problem is not None or not context.pids:
        return [finding(f"processes {when}", "the same", found.problem or "none were known", None)]
    return [
        finding(f"{name} {when}", f"pid {pid}", f"pid {found.pids.get(name)}", found.pids.get(name) == pid)
        for name, pid in context.pids.items()
    ]


def conflicts(run: CommandRun) -> Finding:
    """What pip check found; requirements that are left out on purpose are told and do not count."""
    what, expected = "pip check", "no conflict"
    if run.exit_code is None or "No module named pip" in run.stderr:
        words = run.problem or "pip is not installed here"
        return finding(what, expected, words, None, tried=run.exit_code is None)
    if run.exit_code == 0:
        return finding(what, expected, "no conflict", True)
    lines = [line for line in run.stdout.splitlines() if line.strip()]
    gaps = [line for line in lines if (m := _GAP.fullmatch(line)) and (m[1], m[2]) in DECLARED_GAPS]
    others = [line for line in lines if line not in gaps]
    if others or not gaps:
        return finding(what, expected, "; ".join(others) or f"exit {run.exit_code}: {run.stderr}", False)
    return finding(what, expected, f"no conflict; declared gaps: {'; '.join(gaps)}", True)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
