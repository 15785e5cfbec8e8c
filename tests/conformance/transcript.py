"""The recorded transcripts as values, and how each is replayed and expected to end."""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from casewright.engines.scripted import Fail, Say, Script
from casewright.engines.wire import Api, DeltaKind
from casewright.values import Usage
from conformance.replay_server import Ending, Framing, Reply

FOLDER = Path(__file__).parent / "transcripts"
_CONTENT_TYPES = {Api.OPENAI: "text/event-stream", Api.OLLAMA: "application/x-ndjson"}


@dataclass(frozen=True)
class Expect:
    """How an answer must be understood; ``error`` is a kind of the error tree.

    ``decoder_error`` is where the decoder alone, which sees neither headers nor the connection, differs.
    """

    text: str = ""
    reasoning: str = ""
    deltas: int = 0
    tools: tuple[Mapping[str, Any], ...] = ()
    reason: str | None = None
    usage: Usage | None = None
    error: str | None = None
    decoder_error: str | None = None
    says: str = ""
    hint: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Transcript:
    """One recorded answer; ``cuts`` are byte offsets in ``body``."""

    name: str
    source: str
    api: Api
    body: bytes
    status: int
    headers: Mapping[str, str]
    framing: Framing
    ending: Ending
    cuts: tuple[int, ...] | None
    expect: Expect = field(default_factory=Expect)

    def pieces(self) -> list[bytes]:
        """The body cut at ``cuts``; without cuts, behind every line."""
        if self.cuts is None:
            return self.body.splitlines(keepends=True)
        edges = [0, *self.cuts, len(self.body)]
        return [self.body[start:end] for start, end in itertools.pairwise(edges)]

    def reply(self) -> Reply:
        """The answer a server gives."""
        return Reply(self.status, self.headers, self.pieces(), self.framing, self.ending)

    def script(self) -> Script:
        """The same behaviour of the scripted engine."""
        expect = self.expect
        steps: list[Say | Fail] = []
        if expect.reasoning:
            steps.append(Say(expect.reasoning, DeltaKind.REASONING))
        if expect.text:
            steps.append(Say(expect.text))
        steps += [
            Say(json.dumps({"id": tool.get("id"), "function": tool}), DeltaKind.TOOL) for tool in expect.tools
        ]
        if expect.error:
            steps.append(
                Fail(expect.error, expect.says, status=self.status, retry_after_s=expect.retry_after_s)
            )
        return Script(tuple(steps), expect.usage, expect.reason)


@cache
def transcripts() -> tuple[Transcript, ...]:
    """Every transcript, in the files' order."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        found += [_read(entry) for entry in tomllib.loads(path.read_text())["transcript"]]
    return tuple(found)


def _read(entry: dict[str, Any]) -> Transcript:
    expect = dict(entry.pop("expect"))
    expect["usage"] = Usage(**expect["usage"]) if "usage" in expect else None
    expect["tools"] = tuple(expect.get("tools", ()))
    api = Api(entry["api"])
    headers = dict(entry.get("headers", {}))
    headers["Content-Type"] = entry.get("content_type", _CONTENT_TYPES[api])
    cuts = entry.get("cuts")
    return Transcript(
        name=entry["name"],
        source=entry["source"],
        api=api,
        body=entry["body"].encode(),
        status=entry.get("status", 200),
        headers=headers,
        framing=entry.get("framing", "chunked"),
        ending=entry.get("ending", "complete"),
        cuts=None if cuts is None else tuple(cuts),
        expect=Expect(**expect),
    )
