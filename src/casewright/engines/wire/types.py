"""The values both wire formats are encoded from and decoded to; the package's docstring has the formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from casewright.values import Usage


class Api(StrEnum):
    """Which of the two wire formats an engine speaks."""

    OPENAI = "openai"
    OLLAMA = "ollama"


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; ``images`` are encoded picture files (PNG or JPEG bytes).

    ``tool_calls`` are an assistant's, as ``merge_tool_calls`` makes them: ``{"id", "name", "arguments"}``
    with the arguments as JSON text. A message of role ``tool`` answers one of them: OpenAI knows it by
    ``tool_call_id``, Ollama by ``tool_name``.
    """

    role: str
    content: str
    images: tuple[bytes, ...] = ()
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str | None = None
    tool_name: str | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling, always sent explicitly: the engines' defaults differ (Ollama: temperature 0.8, top_k 40).

    ``top_k`` 0 means "no limit" (encoded as each engine spells it).
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    repeat_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One chat call. ``context_length`` pins Ollama's num_ctx; the OpenAI format has no such field.

    ``ignore_eos`` asks for exactly ``max_tokens`` tokens (vLLM, llama.cpp); Ollama has no such option and
    ``encode_chat`` leaves it out there. ``extra`` is merged into the body last.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    json_schema: Mapping[str, Any] | None = None
    ignore_eos: bool = False
    context_length: int | None = None
    stream: bool = True
    tools: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


class DeltaKind(StrEnum):
    """What a generated piece is."""

    CONTENT = "content"
    REASONING = "reasoning"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Delta:
    """A non-empty generated piece. ``at_ns`` is when the socket handed over the bytes that completed it."""

    kind: DeltaKind
    text: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The terminal event of a good stream.

    ``server_ns`` holds the durations the server reported, in nanoseconds, by its own names without a unit:
    Ollama ``total_duration``, ``load_duration``, ``prompt_eval_duration``, ``eval_duration``; llama.cpp
    ``prompt`` and ``predicted`` (its ``timings.prompt_ms`` and ``timings.predicted_ms``). A duration the
    server left out is absent here, never 0.
    """

    reason: str | None
    usage: Usage | None
    at_ns: int
    model: str | None = None
    server_ns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The terminal event of a bad stream; ``kind`` is a kind of the error tree (``errors.every_error``)."""

    kind: str
    message: str
    at_ns: int
    status: int | None = None
    retry_after_s: float | None = None


Event = Delta | Finished | Failed
