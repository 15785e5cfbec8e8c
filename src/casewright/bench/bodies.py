"""Request bodies, encoded ahead of their sending where possible, so that encoding is not in the hot path."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from casewright.bench.clock import now_ns
from casewright.bench.http1 import RequestTemplate, parse_url
from casewright.bench.target import Target
from casewright.bench.workload import Workload
from casewright.engines.wire import ChatRequest, Sampling, chat_path, encode_chat

SAMPLING = Sampling()
"""What every measured request asks for: greedy, nothing left to the engines' differing defaults."""

_AHEAD_BYTES = 32 * 1024 * 1024
_AHEAD_COUNT = 20_000


class BodySource:
    """Whole requests by index; indices are taken in the ascending order of ``indices``.

    At most 32 MB and 20,000 requests are kept ready; ``late`` counts those that had to be encoded when they
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
        request = ChatRequest(
            model=self._target.model,
            messages=prompt.messages,
            max_tokens=prompt.max_tokens,
            sampling=SAMPLING,
            json_schema=prompt.json_schema,
            ignore_eos=prompt.ignore_eos,
            context_length=self._target.context_length,
        )
        return self._template.render(encode_chat(self._target.api, request))
