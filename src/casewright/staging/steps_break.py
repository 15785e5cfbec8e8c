"""The steps that change something: another provider and back, and processes killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from casewright.api.staging import CommandRun, Finding
from casewright.staging.checklist import RECOVERY_BOUND_S
from casewright.staging.checks_health import named_truly, true_name
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.golden import MODEL_QUERY
from casewright.staging.judge import finding
from casewright.staging.steps_start import same_processes

SWITCH = "resilience.switch"
RECOVERY = "resilience.recovery"


async def switch(context: Context) -> str:
    """Ask for another provider, see who really answers, and go back to what was asked for before."""
    if context.config.attach:
        raise CannotGoOn("the provider of a stack that was running already is left alone (--attach)")
    before = context.provider
    if before is None:
        raise CannotGoOn("no provider was named by /health at the start")
    other = "embedded" if before == "ollama" else "ollama"
    try:
        await _switch_to(context, other, await context.stack.provider_set(other))
    finally:
        back = (
            context.stack.provider_set(before)
            if context.source == "file"
            else context.stack.provider_cleared()
        )
        run = await back
    await _switch_to(context, before, run)
    return f"{before} to {other} and back"


async def _switch_to(context: Context, wanted: str, run: CommandRun) -> None:
    ledger = context.ledger
    ledger.command(SWITCH, run)
    words = run.problem or f"exit {run.exit_code} {run.stderr[-300:] if run.exit_code else ''}"
    ledger.add(SWITCH, [finding(f"ask for {wanted}", "exit 0", words, run.exit_code == 0)])

    async def real() -> bool:
        bodies = [
            mapping(answer.json) for name, answer in (await context.healths()).items() if name in LLM_SERVICES
        ]
        return all(body.get("provider") == wanted and body.get("llm_available") is True for body in bodies)

    took = await context.until(real, context.config.deadlines.switch_s)
    answers = await context.healths()
    for name in LLM_SERVICES:
        ledger.exchange(SWITCH, answers[name].exchange)
        ledger.add(SWITCH, await _really(context, name, wanted, mapping(answers[name].json)))
    in_time = took is not None and took <= RECOVERY_BOUND_S
    seen = f"{took:.1f} s" if took is not None else f"not in {context.config.deadlines.switch_s:g} s"
    ledger.add(SWITCH, [finding(f"{wanted} everywhere", f"within {RECOVERY_BOUND_S:g} s", seen, in_time)])
    answer = await context.client.post_json(
        f"{context.url('rag')}/query", MODEL_QUERY.body, timeout_s=context.config.deadlines.answer_s
    )
    ledger.exchange(SWITCH, answer.exchange)
    said = mapping(answer.json).get("provider")
    seen = str(said) if answer.status == 200 else answer.said
    ledger.add(SWITCH, [finding(f"an answer under {wanted}", f"provider {wanted}", seen, said == wanted)])


async def _really(context: Context, service: str, wanted: str, body: Mapping[str, Any]) -> list[Finding]:
    """Requested against real: the provider named, that it answers, and the engine's own word."""
    engine = mapping(body.get("engine"))
    told, available = body.get("provider"), body.get("llm_available")
    findings = [
        finding(f"{service} under {wanted}: provider", wanted, told, told == wanted),
        finding(
            f"{service} under {wanted}: llm_available",
            "True",
            f"{available} {engine.get('reason') or ''}",
            available is True,
        ),
    ]
    url = engine.get("url")
    if isinstance(url, str):
        truth = await true_name(context.client, url)
        context.ledger.exchange(SWITCH, *truth.exchanges)
        name = engine.get("engine")
        what = f"{service} under {wanted}: engine's true name"
        findings.append(named_truly(what, name if isinstance(name, str) else None, truth))
    return findings


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
