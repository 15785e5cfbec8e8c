"""The steps that change something: another provider and back, and processes killed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casewright.api.staging import CommandRun, Finding
from casewright.staging.checks_health import TrueName, named_truly, true_name
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.golden import MODEL_QUERY
from casewright.staging.judge import finding
from casewright.staging.orders import to_the_end
from casewright.staging.steps_start import same_processes
from casewright.staging.storm import (
    bound_of,
    kill_and_wait,
    new_pid,
    patience_of,
    started_again,
    starts_of,
    within,
)
from casewright.staging.storm_bounds import RECOVERY_BOUND_S, SEARCH_GONE_S
from casewright.staging.storm_kept import CHROMAS, Kept, kept_case
from casewright.staging.storm_traffic import (
    Sample,
    Traffic,
    failed,
    graceful,
    in_time,
    none_failed,
    summary,
    usual,
)

SWITCHES = ("resilience.switch-ollama", "resilience.switch-vllm")
RECOVERY = "resilience.recovery"
ANSWERS_AFTER = 2


async def switch(context: Context) -> str:
    """Ask for another provider under traffic, see who really answers, and go back."""
    if context.config.attach:
        raise CannotGoOn("the provider of a stack that was running already is left alone (--attach)")
    before = context.provider
    if before is None:
        raise CannotGoOn("no provider was named by /health at the start")
    ways = {"ollama": SWITCHES[:1], "vllm": SWITCHES[1:]}
    # the one in charge already comes last: by then it is another one, and going there is a change
    order = sorted(ways, key=lambda name: name == before)
    turns: list[Turn] = []
    async with Traffic(context.client, usual(context.config, asked=True)) as traffic:
        now = before
        try:
            for name in order:
                context.tell(f"to {name}, with requests under way")
                turn = Turn(ways[name], now, name)
                await _switch_to(context, turn, await context.stack.provider_set(name))
                await _answered(context, traffic, turn)
                turns.append(turn)
                now = name
        finally:
            turn = Turn(SWITCHES, now, before)
            run = await to_the_end(_asked_before(context, before))
        context.tell(f"back to {before}, with requests under way")
        await _switch_to(context, turn, run)
        await _answered(context, traffic, turn)
        turns.append(turn)
    for turn in turns:
        samples = turn.samples(traffic.samples)
        for box in turn.boxes:
            context.ledger.add(box, turn.findings(samples))
            context.ledger.seen(box, **{f"traffic while going to {turn.wanted}": summary(samples)})
    return f"{before} to {', '.join(order)} and back, {len(traffic.samples)} requests meanwhile"


@dataclass(slots=True)
class Turn:
    """One switch, for these boxes. ``asked``, ``done`` (all name it) and ``ended`` are monotonic seconds."""

    boxes: Sequence[str]
    before: str
    wanted: str
    asked: float = field(default_factory=time.monotonic)
    done: float | None = None
    ended: float = math.inf

    def samples(self, everything: Sequence[Sample]) -> list[Sample]:
        """The requests that were under way during this switch, or sent until the next one."""
        return [each for each in everything if each.ended >= self.asked and each.sent < self.ended]

    def findings(self, samples: Sequence[Sample]) -> list[Finding]:
        """None failed, each answer names one of the two, and all the new one once it was reported done."""
        what = f"requests while going to {self.wanted}"
        named = [each for each in samples if each.ok]
        others = [each.provider for each in named if each.provider not in (self.before, self.wanted)]
        both = f"{self.before} or {self.wanted}"
        found = [
            none_failed(what, samples),
            finding(f"{what}: provider", both, ", ".join(map(str, others[:5])) or both, not others),
        ]
        if self.done is None:
            return found
        after = [each for each in named if each.sent >= self.done]
        old = [each.provider for each in after if each.provider != self.wanted]
        seen = f"{len(old)} of {len(after)} name {old[0]}" if old else f"{len(after)} of {len(after)}"
        what = f"requests sent after {self.wanted} was reported everywhere"
        return [*found, finding(what, f"all name {self.wanted}", seen, not old if after else None)]


async def _answered(context: Context, traffic: Traffic, turn: Turn) -> None:
    """Let each text service answer requests that were sent after the switch was reported."""

    async def seen() -> bool:
        since = turn.done if turn.done is not None else turn.asked
        after = [each.service for each in traffic.samples if each.sent >= since]
        return all(after.count(name) >= ANSWERS_AFTER for name in LLM_SERVICES)

    await context.until(seen, context.config.deadlines.request_s)
    turn.ended = time.monotonic()


async def _asked_before(context: Context, before: str) -> CommandRun:
    """Leave the choice as it was found: the same file, or none."""
    if context.source == "file":
        return await context.stack.provider_set(before)
    return await context.stack.provider_cleared()


async def _switch_to(context: Context, turn: Turn, run: CommandRun) -> None:
    wanted, boxes = turn.wanted, turn.boxes

    async def real() -> bool:
        answers = await context.healths()
        bodies = [mapping(answers[name].json) for name in LLM_SERVICES]
        return all(body.get("provider") == wanted and body.get("llm_available") is True for body in bodies)

    words = run.problem or f"exit {run.exit_code} {run.stderr[-300:] if run.exit_code else ''}"
    findings = [finding(f"ask for {wanted}", "exit 0", words, run.exit_code == 0)]
    took = await context.until(real, context.config.deadlines.switch_s)
    turn.done = time.monotonic() if took is not None else None
    prompt = took is not None and took <= RECOVERY_BOUND_S
    seen = f"{took:.1f} s" if took is not None else f"not in {context.config.deadlines.switch_s:g} s"
    findings.append(finding(f"{wanted} everywhere", f"within {RECOVERY_BOUND_S:g} s", seen, prompt))
    answers = await context.healths()
    exchanges = [answers[name].exchange for name in LLM_SERVICES]
    names: list[str | None] = []
    for name in LLM_SERVICES:
        found, truth = await _really(context, name, wanted, mapping(answers[name].json))
        findings += found
        exchanges += truth.exchanges
        names.append(truth.said or truth.api)
    answer = await context.client.post_json(
        f"{context.url('rag')}/query", MODEL_QUERY.body, timeout_s=context.config.deadlines.answer_s
    )
    exchanges.append(answer.exchange)
    said = mapping(answer.json).get("provider")
    seen = str(said) if answer.status == 200 else answer.said
    findings.append(finding(f"an answer under {wanted}", f"provider {wanted}", seen, said == wanted))
    for box in boxes:
        context.ledger.command(box, run)
        context.ledger.exchange(box, *exchanges)
        context.ledger.add(box, findings)
        if len(boxes) == 1:
            context.ledger.add(box, [_itself(wanted, names)])
            context.ledger.say(box, f"{names[0]} answered")


def _itself(wanted: str, names: Sequence[str | None]) -> Finding:
    """Whether it is the provider's own engine that stands there: with another in its place, its mode is not
    measured, however well the switch works.
    """
    what, expected = f"what stands at the URL of {wanted}", f"{wanted} itself"
    told = sorted({name for name in names if name is not None})
    if not told or None in names:
        return finding(what, expected, "the engine says nothing of itself", None)
    if all(wanted in name.lower() for name in told):
        return finding(what, expected, ", ".join(told), True)
    seen = f"{', '.join(told)} in its place, not {wanted} itself; how the switch went: the other checks"
    return finding(what, expected, seen, None, tried=False)


async def _really(
    context: Context, service: str, wanted: str, body: Mapping[str, Any]
) -> tuple[list[Finding], TrueName]:
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
        return [*findings, finding(f"{what}: engine's URL", "named", url, None)], TrueName(None, None, ())
    truth = await true_name(context.client, context.reach(url))
    said = name if isinstance(name, str) else None
    return [*findings, named_truly(f"{what}: engine's true name", said, truth)], truth


async def recovery(context: Context) -> str:
    """Kill every process in turn under traffic; the stack must be whole again in time."""
    if context.config.attach:
        raise CannotGoOn("processes of a stack that was running already are not killed (--attach)")
    first = await context.listing(RECOVERY, "stability.restarts")
    if first.problem is not None or not first.pids:
        raise CannotGoOn(first.problem or "casewright ps names no process to kill")
    context.ledger.add("stability.restarts", same_processes(context, first, "before any was killed"))
    since, times = starts_of(context, first), dict[str, float | None]()
    everything: list[Sample] = []
    async with kept_case(context, RECOVERY) as kept:
        for name in first.pids:
            bound_s = bound_of(context, name)
            context.tell(f"kill -9 of {name}, with requests under way; {bound_s:g} s to be whole again")
            async with Traffic(context.client, usual(context.config)) as traffic:
                times[name] = await _kill(context, name, kept)
            context.ledger.add(RECOVERY, _meanwhile(name, traffic.samples))
            context.ledger.seen(RECOVERY, **{f"traffic while {name} was gone": summary(traffic.samples)})
            everything += traffic.samples
    last = await context.listing(RECOVERY)
    context.ledger.add(RECOVERY, started_again(context, last, "after the kills", since))
    slowest = max((took for took in times.values() if took is not None), default=0.0)
    lost = len(failed(everything))
    told = f"slowest of {len(times)} kills {slowest:.1f} s, {lost} of {len(everything)} requests failed"
    context.ledger.say(RECOVERY, told)
    words = (f"{name} {took:.1f} s" if took is not None else f"{name} not" for name, took in times.items())
    return f"{', '.join(words)}; {lost} of {len(everything)} requests failed"


def _meanwhile(name: str, samples: Sequence[Sample]) -> list[Finding]:
    """What the requests say: only those to the killed service may fail, and none may hang or show a trace."""
    others = [each for each in samples if each.service != name]
    return [
        none_failed(f"{name} killed: requests to the others", others),
        in_time(f"{name} killed: no request hangs", samples),
        graceful(f"{name} killed: errors", samples),
    ]


async def _kill(context: Context, name: str, kept: Kept | None) -> float | None:
    listing = await context.listing(RECOVERY)
    pid = listing.pids.get(name)
    if pid is None:
        seen = listing.problem or "no process"
        context.ledger.add(RECOVERY, [finding(f"{name}: a process to kill", "a pid", seen, False)])
        return None

    async def search() -> None:
        if kept is not None and name in CHROMAS:
            found, exchanges = await kept.asked(f"while {name} is gone", SEARCH_GONE_S)
            context.ledger.add(RECOVERY, found)
            context.ledger.exchange(RECOVERY, *exchanges)

    took, problem = await kill_and_wait(context, name, pid, meanwhile=search)
    if problem is not None:
        context.ledger.add(RECOVERY, [finding(f"{name}: kill -9", "allowed", problem, None)])
        return None
    fresh = await new_pid(context, name, RECOVERY)
    bound_s, waited_s = bound_of(context, name), patience_of(context, name)
    another = finding(f"{name}: a new process", f"another pid than {pid}", fresh, fresh not in (None, pid))
    context.ledger.add(RECOVERY, [within(f"{name}: healthy again", took, bound_s, waited_s), another])
    return took
