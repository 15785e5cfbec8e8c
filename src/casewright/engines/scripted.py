"""An engine that says what it is told to: deterministic, without a network, for tests and documentation.

A real ``Engine``: deadlines, unknown models and faults behave as with the others. Time is its clock's, which
by default is virtual, so that a scripted hour passes in no time.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from casewright.engines.base import Deadlines, Engine, EngineHealth
from casewright.engines.failures import Origin
from casewright.engines.wire import Api, ChatRequest, Delta, DeltaKind, Failed, Finished
from casewright.errors import EngineError
from casewright.values import EngineIdentity, Usage

_DIMENSIONS = 8


class Clock(Protocol):
    """Where a scripted engine's time comes from."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let this much time pass."""
        ...


class VirtualClock:
    """Time that passes only by sleeping, at once; other tasks get their turn."""

    def __init__(self, start_ns: int = 1) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Nanoseconds slept so far, from ``start_ns``."""
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        """Move the time on and yield once."""
        self._now_ns += round(seconds * 1e9)
        await asyncio.sleep(0)


class RealClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        """``time.monotonic_ns``."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Say:
    """One piece, ``after_s`` seconds after the one before; an empty text only lets time pass."""

    text: str
    kind: DeltaKind = DeltaKind.CONTENT
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Fail:
    """The answer ends here with an error of this kind of the error tree."""

    kind: str
    message: str = "scripted"
    after_s: float = 0.0
    status: int | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """One answer. It ends well after its last step, unless that is a ``Fail``; usage None: not reported."""

    steps: tuple[Say | Fail, ...]
    usage: Usage | None = None
    reason: str | None = "stop"


Scripts = Callable[[ChatRequest], Script]


def echo(request: ChatRequest) -> Script:
    """The default script: the last message again, a word a piece, at most ``max_tokens`` of them."""
    words = request.messages[-1].content.split() if request.messages else []
    spoken = words[: request.max_tokens]
    steps = tuple(Say(word if not place else f" {word}") for place, word in enumerate(spoken))
    prompt = sum(len(message.content.split()) for message in request.messages)
    usage = Usage(prompt_tokens=prompt, output_tokens=len(spoken))
    return Script(steps, usage, "stop" if len(spoken) == len(words) else "length")


def in_turn(*scripts: Script) -> Scripts:
    """Each call gets the next script; the last one is repeated.

    Raises:
        ValueError: there is none.
    """
    if not scripts:
        raise ValueError("no script")
    left = list(scripts)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


class ScriptedEngine(Engine):
    """Answers by ``script``; serves ``model`` and ``others``, and refuses any other as real engines do.

    ``requests`` are the requests it was sent, in order; ``cancelled`` counts answers abandoned midway.
    """

    def __init__(
        self,
        script: Scripts = echo,
        *,
        model: str = "scripted",
        others: Sequence[str] = (),
        clock: Clock | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.kind = "scripted"
        self.api = Api.OPENAI
        self.url = "scripted:"
        self.model = model
        self.requests: list[ChatRequest] = []
        self.cancelled = 0
        self._script = script
        self._served = (model, *others)
        self._clock = clock or VirtualClock()
        self._deadlines = deadlines or Deadlines()
        self._origin = Origin(self.kind, self.url)
        self._closed = False

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Delta | Finished]:
        """See ``Engine.chat``; whole answers (``stream`` false) come as pieces too."""
        self._check(request.model)
        self.requests.append(request)
        script = self._script(request)
        started, last, spoken = self._clock.now_ns(), self._clock.now_ns(), False
        done = False
        try:
            for step in script.steps:
                await self._wait(step.after_s, started, last, spoken)
                if isinstance(step, Fail):
                    done = True
                    raise self._failure(step)
                if step.text:
                    last, spoken = self._clock.now_ns(), True
                    yield Delta(step.kind, step.text, last)
            done = True
            yield Finished(script.reason, script.usage, self._clock.now_ns(), request.model)
        except EngineError:
            done = True
            raise
        finally:
            if not done:
                self.cancelled += 1

    async def _wait(self, seconds: float, started: int, last: int, spoken: bool) -> None:
        """Let time pass, up to the deadline that comes first."""
        limits = self._deadlines
        kind, allowed, since = ("idle_timeout", limits.idle_s, last)
        if not spoken:
            kind, allowed, since = ("first_token_timeout", limits.first_token_s, started)
        now = self._clock.now_ns()
        left, left_total = allowed - (now - since) / 1e9, limits.total_s - (now - started) / 1e9
        if left_total <= left:
            kind, allowed, left = "total_timeout", limits.total_s, left_total
        if seconds <= left:
            await self._clock.sleep(seconds)
            return
        await self._clock.sleep(max(left, 0.0))
        raise self._failure(Fail(kind, f"nothing within {allowed:g} s"))

    def _failure(self, step: Fail) -> EngineError:
        failed = Failed(step.kind, step.message, self._clock.now_ns(), step.status, step.retry_after_s)
        return self._origin.error(failed)

    def _check(self, model: str) -> None:
        if self._closed:
            raise self._origin.error(Failed("unreachable", "the engine is closed", self._clock.now_ns()))
        if model not in self._served:
            failed = Failed("model_not_found", f"no model {model}", self._clock.now_ns(), 404)
            raise self._origin.error(failed, f"it serves: {', '.join(self._served)}")

    async def embed(self, texts: Sequence[str], model: str) -> list[list[float]]:
        """Vectors of 8 numbers in [-1, 1) made from each text's SHA-256: equal texts, equal vectors."""
        self._check(model)
        digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        return [[byte / 128 - 1 for byte in digest[:_DIMENSIONS]] for digest in digests]

    async def models(self) -> tuple[str, ...]:
        """The models it was made with."""
        return self._served

    async def health(self) -> EngineHealth:
        """Ready until closed."""
        if self._closed:
            return EngineHealth(False, False, "the engine is closed")
        return EngineHealth(True, True, "ready", None, self._served)

    async def identity(self) -> EngineIdentity:
        """Its own name, never another's."""
        return EngineIdentity(kind="scripted", name="Casewright scripted engine", model=self.model)

    async def aclose(self) -> None:
        """Refuse everything from now on."""
        self._closed = True
