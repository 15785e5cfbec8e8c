"""Traffic while something is done to a stack: a few requests a second, every one kept, none repeated."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from casewright.api.staging import Finding
from casewright.staging.ask import Answer, Client, Upload
from casewright.staging.checks_errors import refused
from casewright.staging.config import StageConfig
from casewright.staging.context import mapping
from casewright.staging.golden import MODEL_NOTES, MODEL_QUERY, QUERIES
from casewright.staging.judge import finding

DEADLINE_S = 15.0
# What may come on top of a deadline before it is called a hang: connecting, reading, our own delay.
GRACE_S = 1.0
OUTSTANDING = 4
KEPT = 20


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of request, sent every ``pause_s`` seconds; ``send`` makes one."""

    service: str
    name: str
    send: Callable[[Client], Awaitable[Answer]]
    pause_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. ``sent`` and ``ended`` are monotonic seconds."""

    service: str
    name: str
    sent: float
    ended: float
    answer: Answer

    @property
    def ok(self) -> bool:
        """Answered with 2xx."""
        return self.answer.status is not None and 200 <= self.answer.status < 300

    @property
    def provider(self) -> str | None:
        """The provider that its body names."""
        told = mapping(self.answer.json).get("provider")
        return told if isinstance(told, str) else None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.sent


class Traffic:
    """Sends while it is entered; ``samples`` are complete once it is left, in the order they ended."""

    def __init__(self, client: Client, asks: Sequence[Ask]) -> None:
        self.samples: list[Sample] = []
        self._client = client
        self._asks = asks
        self._senders: list[asyncio.Task[None]] = []
        self._requests: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Traffic:
        self._senders = [asyncio.create_task(self._send_all(each)) for each in self._asks]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._senders:
            task.cancel()
        if kind is not None:
            for task in self._requests:
                task.cancel()
        ended = await asyncio.gather(*self._senders, *self._requests, return_exceptions=True)
        for found in ended:
            if isinstance(found, Exception) and kind is None:
                raise found

    async def _send_all(self, ask: Ask) -> None:
        mine: set[asyncio.Task[None]] = set()
        while True:
            if len(mine) < OUTSTANDING:
                task = asyncio.create_task(self._one(ask))
                for kept in (mine, self._requests):
                    kept.add(task)
                    task.add_done_callback(kept.discard)
            await asyncio.sleep(ask.pause_s)

    async def _one(self, ask: Ask) -> None:
        sent = time.monotonic()
        answer = await ask.send(self._client)
        self.samples.append(Sample(ask.service, ask.name, sent, time.monotonic(), answer))


def usual(config: StageConfig, *, asked: bool = False) -> list[Ask]:
    """Questions, notes, a file and the page; ``asked``: questions, notes, and now and then the model."""
    services, pause_s = config.services, config.deadlines.traffic_s
    limit_s = config.deadlines.request_s if asked else min(DEADLINE_S, config.deadlines.request_s)
    question = {**QUERIES[1].body}
    notes = {**MODEL_NOTES.body, "strategy": "auto"}
    file = Upload("traffic.txt", b"Arrears of 1,691.00 pounds are due.\n", "text/plain")

    def json_to(service: str, route: str, body: dict[str, Any]) -> Callable[[Client], Awaitable[Answer]]:
        return lambda client: client.post_json(f"{services[service]}{route}", body, timeout_s=limit_s)

    asks = [
        Ask("rag", "a question", json_to("rag", "/query", question), pause_s),
        Ask("notes", "notes", json_to("notes", "/convert", notes), pause_s),
    ]
    if asked:
        asks.append(Ask("rag", "the model asked", json_to("rag", "/query", MODEL_QUERY.body), 5 * pause_s))
        return asks
    unkept = {"keep": "no"}
    to_file = f"{services['documents']}/process"
    asks.append(
        Ask(
            "documents",
            "a file",
            lambda client: client.post_file(to_file, file, fields=unkept, timeout_s=limit_s),
            2 * pause_s,
        )
    )
    page = f"{services['web']}/live"
    asks.append(Ask("web", "the page", lambda client: client.get(page, timeout_s=limit_s), 2 * pause_s))
    return asks


def failed(samples: Iterable[Sample]) -> list[Sample]:
    """Those that were not answered with 2xx."""
    return [sample for sample in samples if not sample.ok]


def told(samples: Sequence[Sample]) -> str:
    """How many, and the first few, in words."""
    first = "; ".join(f"{each.name}: {each.answer.said[:80]}" for each in samples[:2])
    return f"{len(samples)}: {first}" if samples else "0"


def none_failed(what: str, samples: Sequence[Sample]) -> Finding:
    """No request failed; without any request it is not known."""
    wrong = failed(samples)
    if not samples:
        return finding(what, "0 failed", "no request was sent", None)
    return finding(what, "0 failed", f"{told(wrong)} of {len(samples)}", not wrong)


def in_time(what: str, samples: Sequence[Sample], limit_s: float = DEADLINE_S) -> Finding:
    """Every request ended by itself, not by its client's patience."""
    late = [
        each
        for each in samples
        if each.seconds > limit_s + GRACE_S or "no answer within" in (each.answer.exchange.problem or "")
    ]
    seen = f"{told(late)} of {len(samples)}"
    return finding(what, f"every request within {limit_s:g} s", seen, not late if samples else None)


def graceful(what: str, samples: Sequence[Sample]) -> Finding:
    """Each refusal has the one shape and shows nothing of the inside; no connection at all is no refusal."""
    wrong = []
    for each in failed(samples):
        if each.answer.status is not None:
            checks = refused(each.name, each.answer, {each.answer.status})
            wrong += [check for check in checks if check.ok is False]
    seen = f"{len(wrong)}: {wrong[0].what}: {wrong[0].seen}" if wrong else "0"
    return finding(what, "0 refusals without the error shape or with a trace", seen, not wrong)


def summary(samples: Sequence[Sample]) -> dict[str, Any]:
    """Counts by service and the failures, as evidence."""
    services = sorted({each.service for each in samples})
    return {
        "requests": {name: sum(each.service == name for each in samples) for name in services},
        "failed": {name: sum(each.service == name for each in failed(samples)) for name in services},
        "slowest_s": round(max((each.seconds for each in samples), default=0.0), 2) if samples else None,
        "failures": [
            {
                "service": each.service,
                "name": each.name,
                "seconds": round(each.seconds, 2),
                "said": each.answer.said,
            }
            for each in failed(samples)[:KEPT]
        ],
    }
