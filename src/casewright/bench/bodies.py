"""Request bodies, encoded ahead of their sending where possible, so that encoding is not in the hot path."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from casewright.bench.clock import now_ns
from casewright.bench.request import RequestTemplate, parse_url
from casewright.bench.target import Target
from casewright.bench.workload import Prompt, Workload
from casewright.engines.wire import ChatRequest, Message, Sampling, chat_path, encode_chat

SAMPLING = Sampling()
"""What every measured request asks for: greedy, nothing left to the engines' differing defaults."""

_AHEAD_BYTES = 32 * 1024 * 1024
_AHEAD_COUNT = 50_000
_SHAPES = 16
_MARK = "~casewright puts the text here~"


class BodySource:
    """Whole requests by index; indices are taken in the ascending order of ``indices``.

    At most 32 MB and 50,000 requests are kept ready; ``late`` counts those that had to be encoded when they
    were due (some tens of microseconds each, seen in send lag).
    """

    def __init__(self, target: Target, workload: Workload, seed: int, indices: Iterator[int]) -> None:
        self._target = target
        self._workload = workload
        self._seed = seed
        self._indices = indices
        self._template = RequestTemplate(parse_url(target.url), chat_path(target.api), target.api_key)
        self._ready: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._exhausted = False
        self._splices: dict[_Shape, _Splice | None] = {}
        self.late = 0

    def take(self, index: int) -> bytes:
        """The request at ``index``."""
        ready = self._ready
        while ready:
            at, wire = ready.popleft()
            self._bytes -= len(wire)
            if at == index:
                return wire
        self.late += 1
        for at in self._indices:
            if at >= index:
                break
        return self.encode(index)

    def refill(self, budget_ns: int) -> bool:
        """Encode ahead for at most ``budget_ns``; False when nothing more is to be done for now."""
        until = now_ns() + budget_ns
        while not self._exhausted and self._bytes < _AHEAD_BYTES and len(self._ready) < _AHEAD_COUNT:
            if now_ns() >= until:
                return True
            index = next(self._indices, None)
            if index is None:
                self._exhausted = True
                break
            wire = self.encode(index)
            self._ready.append((index, wire))
            self._bytes += len(wire)
        return False

    def encode(self, index: int) -> bytes:
        """Render the request at ``index``: head, and the workload's prompt in the target's wire format."""
        prompt = self._workload.prompt(index, self._seed)
        shape = _shape(prompt)
        splice = self._splices.get(shape) if shape is not None else None
        if splice is not None and splice.schema is prompt.json_schema:
            return self._template.render(splice.render(prompt))
        body = encode_chat(self._target.api, self._request(prompt))
        if shape is not None and len(self._splices) < _SHAPES:
            self._splices[shape] = self._learn(prompt, body)
        return self._template.render(body)

    def _request(self, prompt: Prompt) -> ChatRequest:
        return ChatRequest(
            model=self._target.model,
            messages=prompt.messages,
            max_tokens=prompt.max_tokens,
            sampling=SAMPLING,
            json_schema=prompt.json_schema,
            ignore_eos=prompt.ignore_eos,
            context_length=self._target.context_length,
        )

    def _learn(self, prompt: Prompt, body: bytes) -> _Splice | None:
        """The body around the messages' texts, proven on this prompt; None when it cannot be taken apart."""
        marked = tuple(Message(message.role, _MARK) for message in prompt.messages)
        around = encode_chat(self._target.api, self._request(dataclasses.replace(prompt, messages=marked)))
        parts = around.split(b'"' + _MARK.encode() + b'"')
        splice = _Splice(tuple(parts), prompt.json_schema)
        return splice if len(parts) == len(marked) + 1 and splice.render(prompt) == body else None


@dataclass(frozen=True, slots=True)
class _Splice:
    """Everything of a body but the messages' texts, which JSON lets be put in as they are, quoted."""

    parts: tuple[bytes, ...]
    schema: Mapping[str, Any] | None

    def render(self, prompt: Prompt) -> bytes:
        texts = [encode_basestring(message.content).encode() for message in prompt.messages]
        return b"".join([piece for pair in zip(self.parts, (*texts, b""), strict=True) for piece in pair])


_Shape = tuple[tuple[str, ...], int, int, bool]


def _shape(prompt: Prompt) -> _Shape | None:
    """What a body depends on apart from the texts (a schema by identity); None when it is not so simple."""
    if any(message.images for message in prompt.messages):
        return None
    roles = tuple([message.role for message in prompt.messages])
    return roles, prompt.max_tokens, id(prompt.json_schema), prompt.ignore_eos
