"""Engines that go away or get slow, with another one there or none: a small stack with two simulators."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from casewright.api.staging import Finding
from casewright.bench.simulator import Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.staging.ask import Answer
from casewright.staging.checks_errors import refused
from casewright.staging.context import LLM_SERVICES, CannotGoOn, Context, mapping
from casewright.staging.golden import MODEL_NOTES, MODEL_QUERY
from casewright.staging.judge import facts_present, finding
from casewright.staging.storm import stopped, within
from casewright.staging.storm_beside import free_ports, own_folder, small_stack
from casewright.staging.storm_bounds import ENGINE_BACK_S, FALLBACK_BOUND_S, HUNG_BOUND_S, SLOW_BOUND_S

FALLBACK, SLOW = "resilience.fallback", "resilience.slow"
FIRST, SECOND = "ollama", "vllm"
# The deadlines that the small stack is given, so that a fault shows soon.
FIRST_TOKEN_S, IDLE_S, TOTAL_S = 3, 3, 6
_REQUESTS: tuple[tuple[str, str, Mapping[str, Any], tuple[str, ...]], ...] = (
    ("rag", "/query", MODEL_QUERY.body, MODEL_QUERY.facts),
    ("notes", "/convert", MODEL_NOTES.body, MODEL_NOTES.facts),
)
# Outcomes of an attempt that did not fail, or was none.
UNASKED = frozenset({"ok", "circuit_open", "unsuitable"})
FAULTS: tuple[FaultPlan, ...] = (
    FaultPlan(fault=Fault.STALL_BEFORE_FIRST),
    FaultPlan(fault=Fault.TRICKLE, delay_ms=200.0),
    FaultPlan(fault=Fault.HTTP_503),
    FaultPlan(fault=Fault.CUT),
)


class Engine:
    """One engine of the small stack: a simulator at a port of its own that can end and begin anew."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._server: SimulatorServer | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._server is not None
        return self._server.pid

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._server = SimulatorServer(SimConfig(default_tokens=8, tokens=8), port=self.port)
        await asyncio.to_thread(self._server.start)

    def kill(self) -> None:
        """End its process with SIGKILL."""
        assert self._server is not None
        os.kill(self._server.pid, signal.SIGKILL)
        self.stop()

    async def fault(self, plan: FaultPlan | None) -> None:
        """Misbehave so from now on; None: behave."""
        assert self._server is not None
        await asyncio.to_thread(self._server.control, plan)

    async def met(self, plan: FaultPlan) -> int:
        """How many requests the fault has hit so far, by its own count."""
        assert self._server is not None
        return (await asyncio.to_thread(self._server.truth)).faulted.get(plan.fault.value, 0)

    def stop(self) -> None:
        """End it."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()


@dataclass(frozen=True, slots=True)
class Two:
    """The small stack and its engines; ``first`` is the one in charge."""

    side: Context
    first: Engine
    second: Engine

    async def named(self, provider: str | None) -> bool:
        """Whether both services say this provider answers; None: that none does."""
        answers = await self.side.healths()
        bodies = [mapping(answers[name].json) for name in LLM_SERVICES]
        if provider is None:
            return all(body.get("llm_available") is False for body in bodies)
        return all(body.get("provider") == provider and body.get("llm_available") is True for body in bodies)


@asynccontextmanager
async def two_engines(context: Context) -> AsyncIterator[Two]:
    """A small stack whose two providers are two simulators; all of it is ended whatever happens."""
    ports = free_ports(3)
    first, second = Engine(ports[0]), Engine(ports[1])
    environment = {
        "LLM_PROVIDER": FIRST,
        "CASEWRIGHT_FALLBACK": "on",
        "CASEWRIGHT_ENGINE_ORDER": f"{FIRST},{SECOND}",
        f"{FIRST.upper()}_URL": first.url,
        f"{SECOND.upper()}_URL": second.url,
        f"{FIRST.upper()}_MODEL": "",
        f"{SECOND.upper()}_MODEL": "",
        "VLLM_API_KEY": "",
        "CASEWRIGHT_EMBEDDED_URL": f"http://127.0.0.1:{ports[2]}",  # where nobody is
        "CASEWRIGHT_FIRST_TOKEN_SECONDS": str(FIRST_TOKEN_S),
        "CASEWRIGHT_IDLE_SECONDS": str(IDLE_S),
        "CASEWRIGHT_TOTAL_SECONDS": str(TOTAL_S),
    }
    try:
        await first.start()
        await second.start()
        async with (
            own_folder() as folder,
            small_stack(context, folder, environment, FALLBACK) as side,
        ):
            yield Two(side, first, second)
    finally:
        first.stop()
        second.stop()


async def engines(context: Context) -> str:
    """The engine in charge hangs, dies, comes back; all die; all are slow: the services go on."""
    if context.config.attach:
        raise CannotGoOn("no second stack is started beside one that was running already (--attach)")
    async with two_engines(context) as two:
        await _until_named(two, FALLBACK, "at first", FIRST)
        context.tell(f"the engine in charge hangs (SIGSTOP); answers within {HUNG_BOUND_S:g} s")
        async with stopped(two.side, two.first.pid) as problem:
            if problem is not None:
                raise CannotGoOn(f"the engine cannot be stopped: {problem}")
            await _ask(two, "the engine in charge hangs", SECOND, HUNG_BOUND_S)
            await _until_named(two, FALLBACK, "while it hangs", SECOND)
        await _until_named(two, FALLBACK, "when it goes on", FIRST)
        context.tell("kill -9 of the engine in charge")
        two.first.kill()
        await _ask(two, "the engine in charge is gone", SECOND)
        await _until_named(two, FALLBACK, "while it is gone", SECOND)
        context.tell("kill -9 of the other engine too")
        two.second.kill()
        await _ask(two, "no engine at all", None)
        await _until_named(two, FALLBACK, "without any engine", None)
        await two.first.start()
        await two.second.start()
        await _until_named(two, FALLBACK, "when both are back", FIRST)
        for plan in FAULTS:
            await _slow(two, plan)
    context.ledger.say(FALLBACK, f"two simulators as {FIRST} and {SECOND} in a small stack of its own")
    return f"{FIRST} hung and killed, then both; {len(FAULTS)} faults of both"


async def _until_named(two: Two, box: str, when: str, provider: str | None) -> None:
    """Wait until both services' /health names the provider, and enter how long it took."""
    words = provider or "no engine"
    two.side.tell(f"both services name {words} {when} (at most {ENGINE_BACK_S:g} s)")
    limit_s = min(ENGINE_BACK_S, two.side.config.deadlines.answer_s)
    took = await two.side.until(lambda: two.named(provider), limit_s)
    two.side.ledger.add(box, [within(f"/health {when} names {words}", took, ENGINE_BACK_S, limit_s)])


async def _ask(two: Two, when: str, provider: str | None, limit_s: float = FALLBACK_BOUND_S) -> None:
    """Ask both services for the model's words: answered in time, by the other engine or by code."""
    for service, route, body, facts in _REQUESTS:
        url = f"{two.side.url(service)}{route}"
        answer = await two.side.client.post_json(url, body, timeout_s=_patience(two, limit_s))
        what = f"{when}: {service}"
        found = [_within(what, answer, limit_s), *_good(what, answer, facts)]
        found += _other(what, answer, provider) if provider is not None else _alone(what, answer)
        two.side.ledger.exchange(FALLBACK, answer.exchange)
        two.side.ledger.add(FALLBACK, found)


def _patience(two: Two, bound_s: float) -> float:
    """Seconds to wait for an answer, longer than it may take, so that it is known how long it took."""
    return min(bound_s + 30, two.side.config.deadlines.answer_s)


def _within(what: str, answer: Answer, limit_s: float) -> Finding:
    seconds = (answer.exchange.ms or 0.0) / 1000
    held = answer.status is not None and seconds <= limit_s
    seen = f"{seconds:.2f} s" if answer.status is not None else answer.said
    return finding(f"{what} answers in time", f"within {limit_s:g} s", seen, held)


def _good(what: str, answer: Answer, facts: tuple[str, ...]) -> list[Finding]:
    """200 with the facts in it, whoever wrote the words."""
    status = finding(f"{what}: status", "200", answer.said, answer.status == 200)
    if answer.status != 200:
        return [status]
    text = mapping(answer.json).get("answer") or mapping(answer.json).get("full_text")
    return [status, *facts_present(what, facts, str(text))]


def _other(what: str, answer: Answer, provider: str) -> list[Finding]:
    """The other engine answered, and the body and the headers say so alike."""
    body = mapping(answer.json)
    attempts = [mapping(each) for each in body.get("attempts") or []]
    outcomes = [(each.get("provider"), each.get("outcome") == "ok") for each in attempts]
    header = answer.headers.get("x-casewright-provider")
    flag = answer.headers.get("x-casewright-fallback")
    told = ", ".join(f"{each.get('provider')} {each.get('outcome')}" for each in attempts)
    tried = (FIRST, False) in outcomes and outcomes[-1:] == [(provider, True)]
    return [
        finding(f"{what}: provider", provider, body.get("provider"), body.get("provider") == provider),
        finding(f"{what}: X-Casewright-Provider", provider, header, header == provider),
        finding(f"{what}: fallback", "true", f"{body.get('fallback')}, header {flag}", _is_true(body, flag)),
        finding(f"{what}: attempts", f"{FIRST} failed, {provider} ok", told, tried),
    ]


def _is_true(body: Mapping[str, Any], flag: str | None) -> bool:
    return body.get("fallback") is True and flag == "true"


def _alone(what: str, answer: Answer) -> list[Finding]:
    """Code's own words, said to be code's, and a warning about the model's."""
    body = mapping(answer.json)
    warnings = "; ".join(str(each) for each in body.get("warnings") or [])
    by_code = body.get("answered_by") == "code"
    return [
        finding(f"{what}: answered_by", "code", body.get("answered_by"), by_code),
        finding(f"{what}: a warning", "why the model's words are missing", warnings, bool(warnings)),
    ]


async def _slow(two: Two, plan: FaultPlan) -> None:
    """Both engines have the fault: answers in time from the documents, or typed errors; then all is well."""
    name, side = plan.fault.value, two.side
    side.tell(f"both engines: {name}; every request within {SLOW_BOUND_S:g} s")
    for engine in (two.first, two.second):
        await engine.fault(plan)
    try:
        for service, route, body, facts in _REQUESTS:
            before = await two.first.met(plan)
            answer = await side.client.post_json(
                f"{side.url(service)}{route}", body, timeout_s=_patience(two, SLOW_BOUND_S)
            )
            what = f"{name}: {service}"
            found = [_within(what, answer, SLOW_BOUND_S)]
            found.append(_met(what, answer, await two.first.met(plan) - before))
            good = answer.status is None or answer.status == 200
            found += _good(what, answer, facts) if good else refused(what, answer, {429, 502, 503, 504})
            side.ledger.exchange(SLOW, answer.exchange)
            side.ledger.add(SLOW, found)
    finally:
        for engine in (two.first, two.second):
            await engine.fault(None)
    await _until_named(two, SLOW, f"after {name}", FIRST)
    side.tell(f"both services ask {FIRST} again after {name} (at most {ENGINE_BACK_S:g} s)")
    for service, route, body, _ in _REQUESTS:
        await _until_asked(two, f"after {name}: {service}", f"{side.url(service)}{route}", body)


def _met(what: str, answer: Answer, hits: int) -> Finding:
    """The fault was met: the engine in charge was asked and failed, by the answer and by its own count."""
    attempts = [mapping(each) for each in mapping(answer.json).get("attempts") or []]
    tried = [each for each in attempts if each.get("provider") == FIRST]
    failed = any(each.get("outcome") not in UNASKED for each in tried) or answer.status not in (None, 200)
    words = ", ".join(f"{each.get('provider')} {each.get('outcome')}" for each in attempts) or "no attempt"
    seen = f"{words}; {hits} requests of {FIRST} hit"
    return finding(f"{what} meets it", f"{FIRST} asked and failed, and hit", seen, failed and hits > 0)


async def _until_asked(two: Two, what: str, url: str, body: Mapping[str, Any]) -> None:
    """Ask until the engine in charge has answered: one that failed is left alone for a while, and the next
    fault would be tried on engines that nobody asks.
    """
    side, last = two.side, list[Answer]()

    async def answered() -> bool:
        last[:] = [await side.client.post_json(url, body, timeout_s=_patience(two, SLOW_BOUND_S))]
        attempts = mapping(last[0].json).get("attempts") or [{}]
        final = mapping(attempts[-1])
        return final.get("provider") == FIRST and final.get("outcome") == "ok"

    limit_s = min(ENGINE_BACK_S, side.config.deadlines.answer_s)
    took = await side.until(answered, limit_s)
    side.ledger.exchange(SLOW, *(answer.exchange for answer in last))
    side.ledger.add(SLOW, [within(f"{what}: {FIRST} answers again", took, ENGINE_BACK_S, limit_s)])
