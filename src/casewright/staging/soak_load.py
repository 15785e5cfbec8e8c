"""The light load of a soak: the golden cases, one after the other, each request and answer on record."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from casewright.staging.ask import Answer, Client, Upload
from casewright.staging.config import StageConfig
from casewright.staging.context import mapping
from casewright.staging.golden import FILES, MODEL_NOTES, MODEL_QUERY, NOTES, QUERIES
from casewright.staging.samples import Ask, Recorder, Recording, Sent
from casewright.staging.soak_look import digest_of, said

MODEL_SHARE = 6


@dataclass(frozen=True, slots=True)
class Case:
    """One request whose answer is known to be the same every time."""

    service: str
    route: str
    name: str
    body: dict[str, Any] | Upload


def cases() -> tuple[Case, ...]:
    """The golden cases, those for the services in turn."""
    queries = [Case("rag", "/query", case.name, case.body) for case in (*QUERIES, MODEL_QUERY)]
    notes = [Case("notes", "/convert", case.name, case.body) for case in (*NOTES, MODEL_NOTES)]
    files = [Case("documents", "/process", case.name, case.upload) for case in FILES]
    rows = itertools.zip_longest(queries, notes, files)
    return tuple(case for row in rows for case in row if case is not None)


class Load:
    """Users who ask, wait and ask again until told to stop; what is under way then is waited for."""

    def __init__(
        self, config: StageConfig, client: Client, recorder: Recorder, clock: Callable[[], float]
    ) -> None:
        self._config, self._client, self._recorder, self._clock = config, client, recorder, clock
        self._cases = itertools.cycle(cases())
        self._run = len(recorder.recording.begins)
        self._numbers = itertools.count(1)

    async def go(self, users: int, pause_s: float, stop: asyncio.Event) -> None:
        """Ask until ``stop``; the users begin evenly over the first pause."""
        await asyncio.gather(
            *(self._user(number * pause_s / users, pause_s, stop) for number in range(users))
        )

    async def warm(self, rounds: int, users: int, stop: asyncio.Event) -> None:
        """Ask every question so often without a pause: the first hundred answers of a process make it larger.

        Of those for a model, which take long, a sixth.
        """
        slow = {MODEL_QUERY.name, MODEL_NOTES.name}
        turns = itertools.product(range(rounds), cases())
        waiting = [case for turn, case in turns if case.name not in slow or turn % MODEL_SHARE == 0]

        async def user() -> None:
            while waiting and not stop.is_set():
                await self._ask(waiting.pop())

        await asyncio.gather(*(user() for _ in range(users)))

    async def _user(self, after_s: float, pause_s: float, stop: asyncio.Event) -> None:
        wait = after_s
        while not await stopped_within(stop, wait):
            await self._ask(next(self._cases))
            wait = pause_s

    async def _ask(self, case: Case) -> None:
        name = f"{self._run}-{next(self._numbers)}"
        url = f"{self._config.services[case.service]}{case.route}"
        limit = self._config.deadlines.answer_s
        self._recorder.write(Sent(t=self._clock(), id=name, service=case.service, case=case.name))
        if isinstance(case.body, Upload):
            answer = await self._client.post_file(url, case.body, timeout_s=limit)
        else:
            answer = await self._client.post_json(url, case.body, timeout_s=limit)
        self._recorder.write(self._told(name, case, answer))

    def _told(self, name: str, case: Case, answer: Answer) -> Ask:
        body = answer.json
        by, document = mapping(body).get("answered_by"), mapping(body).get("document_id")
        return Ask(
            t=self._clock(),
            id=name,
            service=case.service,
            route=case.route,
            case=case.name,
            status=answer.status,
            ms=answer.exchange.ms or 0.0,
            digest=digest_of(said(body)) if answer.status == 200 and body is not None else None,
            by=by if isinstance(by, str) else None,
            problem=None if answer.status == 200 else answer.said[:200],
            document=document if isinstance(document, str) else None,
        )


async def erase(client: Client, url: str, recording: Recording, limit_s: float) -> tuple[int, int]:
    """Erase the files that the soak sent and the document service keeps: how many are gone, how many are not.

    Those of earlier runs too, but for what they erased themselves. None is begun after ``limit_s`` seconds.
    """
    done = max((end.t for end in recording.ends if not end.left), default=-1.0)
    documents = [ask.document for ask in recording.asks if ask.document is not None and ask.t > done]
    gone, until = 0, time.monotonic() + limit_s
    for document in documents:
        if time.monotonic() >= until:
            break
        answer = await client.delete(f"{url}/documents/{document}")
        gone += answer.status in (200, 204, 404)
    return gone, len(documents) - gone


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for ``stop``, at most so long; whether it came."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await stop.wait()
    except TimeoutError:
        return False
    return True
