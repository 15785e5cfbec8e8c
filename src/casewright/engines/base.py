"""The engine protocol: what every adapter offers, and nothing any one provider is peculiar about.

A chat is a stream of ``Delta`` and one ``Finished``; whatever goes wrong is raised as an ``EngineError``.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from casewright.engines.wire import (
    Api,
    ChatRequest,
    Delta,
    DeltaKind,
    Finished,
    Message,
    merge_tool_calls,
)
from casewright.errors import EngineError, EngineUnreachable, UsageError
from casewright.values import EngineIdentity, EngineKind, Usage


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long to wait, in seconds. A long document may take minutes to its first token on a small machine.

    ``first_token_s`` runs from sending to the first non-empty piece, ``idle_s`` between pieces, ``total_s``
    over the whole call; ``control_s`` over a whole health or identity call.
    """

    connect_s: float = 5.0
    first_token_s: float = 300.0
    idle_s: float = 60.0
    total_s: float = 900.0
    control_s: float = 10.0


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """Whether an engine can be used now.

    ``reachable``: a connection was made and answered. ``ready``: it says it can serve (and serves the model
    that was asked for, if one was). ``latency_ms`` is of the call that decided it; None if nothing answered.
    """

    reachable: bool
    ready: bool
    detail: str
    latency_ms: float | None = None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Times are monotonic nanoseconds; ``first_token_ns`` is None for an empty answer.

    ``chunks`` counts the pieces, which are not tokens. ``tool_calls`` are ``{"id", "name", "arguments"}``.
    """

    text: str
    reasoning: str
    tool_calls: tuple[Mapping[str, Any], ...]
    usage: Usage | None
    finish_reason: str | None
    model: str | None
    chunks: int
    started_ns: int
    first_token_ns: int | None
    last_token_ns: int | None
    finished_ns: int
    server_ns: Mapping[str, int] = field(default_factory=dict)


class Engine(ABC):
    """One engine at one URL, with an optional default model. Use as an async context manager."""

    kind: EngineKind
    api: Api
    url: str
    model: str | None

    @abstractmethod
    def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """Stream one answer: any number of ``Delta``, then exactly one ``Finished``.

        Closing the generator, or cancelling the task that reads it, closes the connection, which makes vLLM,
        llama.cpp and Ollama stop generating.

        Raises:
            EngineError: anything else than a complete answer.
        """

    @abstractmethod
    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """One vector for each text, in order.

        Raises:
            EngineError: the engine cannot, or answers something else.
        """

    @abstractmethod
    async def models(self) -> tuple[str, ...]:
        """The models that are served, as the engine names them.

        Raises:
            EngineError: the engine did not say.
        """

    @abstractmethod
    async def health(self) -> EngineHealth:
        """Ask the engine's own health endpoints; an engine that is down is an answer, not an exception."""

    @abstractmethod
    async def identity(self) -> EngineIdentity:
        """What answers here, under its true name.

        Raises:
            EngineError: the engine did not say.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections; the engine itself goes on."""

    async def chosen_model(self) -> str:
        """The default model, or the only one that is served.

        Raises:
            UsageError: none was named, and the engine serves several or none; the hint lists them.
            EngineError: the engine did not say.
        """
        if self.model is not None:
            return self.model
        served = await self.models()
        if len(served) == 1:
            return served[0]
        if not served:
            raise UsageError(
                f"{self.url} serves no model", hint="load one into it first, or name another engine"
            )
        raise UsageError(
            f"{self.url} serves {len(served)} models and none was named",
            hint=f"add #MODEL to the engine: one of {', '.join(served)}",
        )

    async def probe(self, context_length: int | None = None) -> EngineHealth:
        """A real request for one token: the only proof that an engine answers (vLLM's /health is not).

        ``context_length`` is Ollama's pinned one: without it Ollama would load its model anew, and again for
        the next real request.
        """
        started = time.monotonic_ns()
        try:
            model = await self.chosen_model()
            started = time.monotonic_ns()
            messages = (Message("user", "Hello"),)
            request = ChatRequest(model, messages, max_tokens=1, context_length=context_length)
            answer = await self.complete(request)
        except (EngineError, UsageError) as error:
            return EngineHealth(not isinstance(error, EngineUnreachable), False, str(error))
        latency_ms = (answer.finished_ns - started) / 1e6
        if not answer.chunks and not (answer.usage and answer.usage.output_tokens):
            return EngineHealth(True, False, f"{model} answered without a token", latency_ms, (model,))
        return EngineHealth(True, True, f"{model} answered", latency_ms, (model,))

    async def complete(self, request: ChatRequest) -> Answer:
        """Collect one chat.

        Raises:
            EngineError: anything else than a complete answer.
        """
        started_ns = time.monotonic_ns()
        pieces: dict[DeltaKind, list[str]] = {kind: [] for kind in DeltaKind}
        times: list[int] = []
        async with aclosing(self.chat(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    pieces[event.kind].append(event.text)
                    times.append(event.at_ns)
                else:
                    finished = event
        return Answer(
            text="".join(pieces[DeltaKind.CONTENT]),
            reasoning="".join(pieces[DeltaKind.REASONING]),
            tool_calls=tuple(merge_tool_calls(pieces[DeltaKind.TOOL])),
            usage=finished.usage,
            finish_reason=finished.reason,
            model=finished.model,
            chunks=len(times),
            started_ns=started_ns,
            first_token_ns=times[0] if times else None,
            last_token_ns=times[-1] if times else None,
            finished_ns=finished.at_ns,
            server_ns=finished.server_ns,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
