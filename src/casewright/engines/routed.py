"""One answer on its way from whichever engine gives it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from casewright.engines.base import Answer
from casewright.engines.lane import Lane
from casewright.engines.trail import Provenance, Trail
from casewright.engines.wire import ChatRequest, Delta, DeltaKind, Finished, merge_tool_calls
from casewright.errors import EngineError


@dataclass(frozen=True, slots=True)
class Restarted:
    """What was shown so far is void: the answer begins anew on another route.

    ``at_ns`` monotonic nanoseconds; ``cause`` is the kind of the error that ended the first one.
    """

    at_ns: int
    from_route: str
    to_route: str
    cause: str


RoutedEvent = Delta | Finished | Restarted


class Routed:
    """An answer under way: ``async with``, then ``async for`` over its events, or ``collect`` it whole.

    Iterating raises ``EngineError`` for anything else than a complete answer of exactly one engine (with
    ``Restarted``, of the last one). ``provenance`` can be read at any time, also after an error. Leaving the
    block frees the place and closes the connection.

    Engines are asked for a stream whatever the request says: of a whole answer nothing is heard before its
    end, so that one that hangs could not be told from one that writes.
    """

    def __init__(self, request: ChatRequest, trail: Trail, *, restart: bool) -> None:
        self._request = replace(request, stream=True)
        self._trail = trail
        self._restart = restart
        self._events = self._run()

    @property
    def provenance(self) -> Provenance:
        """Who answers, and what was tried before."""
        return self._trail.provenance

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._events.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RoutedEvent:
        return await anext(self._events)

    async def collect(self) -> Answer:
        """The whole answer; nothing is shown before it is complete, so a broken one may begin anew unseen.

        Raises:
            EngineError: anything else than a complete answer.
        """
        self._restart = True
        started_ns = time.monotonic_ns()
        pieces: list[Delta] = []
        async for event in self:
            if isinstance(event, Delta):
                pieces.append(event)
            elif isinstance(event, Restarted):
                pieces.clear()
            else:
                finished = event
        return _answer(pieces, finished, started_ns)

    async def _run(self) -> AsyncGenerator[RoutedEvent]:
        trail = self._trail
        for lane in trail.lanes():
            try:
                async with trail.attempt(lane), aclosing(self._chat(lane)) as events:
                    restarted = trail.broken
                    while (event := await trail.bounded(anext(events, None), first=True)) is not None:
                        if restarted is not None:
                            before, error = restarted
                            restarted = None
                            yield Restarted(time.monotonic_ns(), before.name, lane.name, error.kind)
                        if isinstance(event, Delta):
                            trail.first_token()
                        else:
                            trail.done(event.usage)
                        yield event
                    trail.ended()
                return
            except EngineError as error:
                trail.failed(lane, error, restart=self._restart)
        raise trail.failure()

    async def _chat(self, lane: Lane) -> AsyncGenerator[Delta | Finished]:
        request, warnings = await lane.adapted(self._request)
        self._trail.using(request.model, warnings)
        async with aclosing(lane.engine.chat(request)) as events:
            async for event in events:
                yield event


def _answer(pieces: list[Delta], finished: Finished, started_ns: int) -> Answer:
    text = {kind: [piece.text for piece in pieces if piece.kind is kind] for kind in DeltaKind}
    return Answer(
        text="".join(text[DeltaKind.CONTENT]),
        reasoning="".join(text[DeltaKind.REASONING]),
        tool_calls=tuple(merge_tool_calls(text[DeltaKind.TOOL])),
        usage=finished.usage,
        finish_reason=finished.reason,
        model=finished.model,
        chunks=len(pieces),
        started_ns=started_ns,
        first_token_ns=pieces[0].at_ns if pieces else None,
        last_token_ns=pieces[-1].at_ns if pieces else None,
        finished_ns=finished.at_ns,
        server_ns=finished.server_ns,
    )
