"""The steps that change something: another provider and back, and processes killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from casewright.api.staging import CommandRun, Exchange, Finding
from casewright.staging.checklist import RECOVERY_BOUND_S
from casewright.staging.checks_health import named_truly, true_name
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.golden import MODEL_QUERY
from casewright.staging.judge import finding
from casewright.staging.steps_start import same_processes

SWITCHES = ("resilience.switch-ollama", "resilience.switch-vllm")
RECOVERY = "resilience.recovery"


async def switch(context: Context) -> str:
    """Ask for another provider, see who really answers, and go back to what was asked for before."""
    if context.config.attach:
        raise CannotGoOn("the provider of a stack that was running already is left alone (--attach)")
    before = context.provider
    if before is None:
        raise CannotGoOn("no provider was named by /health at the start")
    ways = {"ollama": SWITCHES[:1], "vllm": SWITCHES[1:]}
    # the one in charge already comes last: by then it is another one, and going there is a change
    order = sorted(ways, key=lambda name: name == before)
    try:
        for name in order:
            await _switch_to(context, name, await context.stack.provider_set(name), ways[name])
    finally:
        run = await _asked_before(context, before)
    await _switch_to(context, before, run, SWITCHES)
    return f"{before} to {', to '.join(order)} and back"


async def _asked_before(context: Context, before: str) -> CommandRun:
    """Leave the choice as it was found: the same file, or none."""
    if context.source == "file":
        return await context.stack.provider_set(before)
    return await context.stack.provider_cleared()


async def _switch_to(context: Context, wanted: str, run: CommandRun, boxes: Sequence[str]) -> None:
    async def real() -> bool:
        answers = await context.healths()
        bodies = [mapping(answers[name].json) for name in LLM_SERVICES]
        return all(body.get("provider") == wanted and body.get("llm_available") is True for body in bodies)

    words = run.problem or f"exit {run.exit_code} {run.stderr[-300:] if run.exit_code else ''}"
    findings = [finding(f"ask for {wanted}", "exit 0", words, run.exit_code == 0)]
    took = await context.until(real, context.config.deadlines.switch_s)
    in_time = took is not None and took <= RECOVERY_BOUND_S
    seen = f"{took:.1f} s" if took is not None else f"not in {context.config.deadlines.switch_s:g} s"
    findings.append(finding(f"{wanted} everywhere", f"within {RECOVERY_BOUND_S:g} s", seen, in_time))
    answers = await context.healths()
    exchanges = [answers[name].exchange for name in LLM_SERVICES]
    for name in LLM_SERVICES:
        found, asked = await _really(context, name, wanted, mapping(answers[name].json))
        findings += found
        exchanges += asked
    answer = await context.client.post_json(
        f"{context.url('rag')}/query", MODEL_QUERY.body, timeout_s=context.config.deadlines.answer_s
    )
    exchanges.append(answer.exchange)
    said = mapping(answer.json).get("provider")
    seen = str(said) if answer.status == 200 else answer.said
    findings.append(finding(f"an answer under {wanted}", f"provider {wanted}", seen, said == wanted))
    engine = mapping(mapping(answers["rag"].json).get("engine")).get("engine")
    for box in boxes:
        context.ledger.command(box, run)
        context.ledger.exchange(box, *exchanges)
        context.ledger.add(box, findings)
        if len(boxes) == 1:
            itself = wanted in str(engine).lower()
            words = str(engine) if itself else f"{engine} in its place, not {wanted} itself"
            context.ledger.say(box, f"{words} answered")


async def _really(
    context: Context, service: str, wanted: str, body: Mapping[str, Any]
) -> tuple[list[Finding], tuple[Exchange, ...]]:
    """Requested against real: the provider named, that it answers, and the engine's own word."""
    engine = mapping(body.get("engine"))
    told, available = body.get("provider"), body.get("llm_available")
    available_words = f"{available} {engine.get('reason') or ''}"
    what = f"{service} under {wanted}"
    findings = [
        finding(f"{what}: provider", wanted, told, told == wanted),
        finding(f"{what}: llm_available", "True", available_words, available is True),
    ]
    url, name = engine.get("url"), engine.get("engine")
    if not isinstance(url, str):
        return [*findings, finding(f"{what}: engine's URL", "named", url, None)], ()
    truth = await true_name(context.client, url)
    said = name if isinstance(name, str) else None
    return [*findings, named_truly(f"{what}: engine's true name", said, truth)], truth.exchanges


async def recovery(context: Context) -> str:
    """Kill every process in turn; the stack has to be whole again, with a new process, in time."""
    if context.config.attach:
        raise CannotGoOn("processes of a stack that was running already are not killed (--attach)")
    first = await context.listing(RECOVERY, "stability.restarts")
    if first.problem is not None or not first.pids:
        raise CannotGoOn(first.problem or "casewright ps names no process to kill")
    context.ledger.add("stability.restarts", same_processes(context, first, "before any was killed"))
    times = {}
    for name in first.pids:
        times[name] = await _kill(context, name)
    slowest = max((took for took in times.values() if took is not None), default=0.0)
    context.ledger.say(RECOVERY, f"slowest of {len(times)} kills {slowest:.1f} s")
    return ", ".join(
        f"{name} {took:.1f} s" if took is not None else f"{name} not" for name, took in times.items()
    )


async def _kill(context: Context, name: str) -> float | None:
    listing = await context.listing(RECOVERY)
    pid = listing.pids.get(name)
    if pid is None:
        seen = listing.problem or "no process"
        context.ledger.add(RECOVERY, [finding(f"{name}: a process to kill", "a pid", seen, False)])
        return None
    began = time.monotonic()
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError as error:
        seen = f"pid {pid}: {error.strerror}"
        context.ledger.add(RECOVERY, [finding(f"{name}: kill -9", "allowed", seen, None)])
        return None
    took = await context.until(lambda: _whole(context, name), context.config.deadlines.recovery_s, began)
    after = await context.listing(RECOVERY)
    fresh = after.pids.get(name)
    if fresh is not None:
        context.pids[name] = fresh
    in_time = took is not None and took <= RECOVERY_BOUND_S
    seen = f"{took:.1f} s" if took is not None else f"not in {context.config.deadlines.recovery_s:g} s"
    context.ledger.add(
        RECOVERY,
        [
            finding(f"{name}: healthy again", f"within {RECOVERY_BOUND_S:g} s", seen, in_time),
            finding(f"{name}: a new process", f"another pid than {pid}", fresh, fresh not in (None, pid)),
        ],
    )
    return took


async def _whole(context: Context, killed: str) -> bool:
    """The killed process answers its /health, and every service is healthy."""
    own = context.urls.get(killed) or context.config.services.get(killed)
    if own is not None and (await context.client.get(f"{own}/health", timeout_s=5.0)).status != 200:
        return False
    answers = await context.healths()
    return all(
        answer.status == 200 and mapping(answer.json).get("status") == "healthy"
        for answer in answers.values()
    )
