"""One suite for all adapters: every recorded transcript, replayed by a real server, is understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from casewright.engines.base import Deadlines, Engine
from casewright.engines.embedded import EmbeddedEngine
from casewright.engines.http import Access
from casewright.engines.ollama import OllamaEngine
from casewright.engines.scripted import ScriptedEngine
from casewright.engines.vllm import OpenAIEngine, VllmEngine
from casewright.engines.wire import (
    Api,
    ChatRequest,
    Delta,
    DeltaKind,
    Finished,
    Message,
    chat_path,
    merge_tool_calls,
)
from casewright.errors import EngineBusy, EngineError
from conformance.replay_server import ReplayServer, json_reply
from conformance.transcript import Transcript, transcripts

REQUEST = ChatRequest("served-one", (Message("user", "Hello"),), max_tokens=64)
SERVED = ("served-one", "served-two")
ROUTES = {
    "/v1/models": [json_reply({"data": [{"id": name, "owned_by": "vllm"} for name in SERVED]})],
    "/api/tags": [json_reply({"models": [{"model": name} for name in SERVED]})],
}
ACCESS = Access(deadlines=Deadlines(5, 20, 20, 20, 20))

Opener = Callable[[str], Engine]
OPENAI_ADAPTERS: dict[str, Opener] = {
    "vllm": lambda url: VllmEngine(url, access=ACCESS),
    "embedded": lambda url: EmbeddedEngine(url, access=ACCESS),
    "openai": lambda url: OpenAIEngine(url, access=ACCESS),
}
OLLAMA_ADAPTERS: dict[str, Opener] = {"ollama": lambda url: OllamaEngine(url, access=ACCESS)}


def _cases() -> list[tuple[str, Transcript]]:
    found = []
    for transcript in transcripts():
        adapters = OPENAI_ADAPTERS if transcript.api is Api.OPENAI else OLLAMA_ADAPTERS
        found += [(name, transcript) for name in (*adapters, "scripted")]
    return found


@asynccontextmanager
async def _engine(adapter: str, transcript: Transcript) -> AsyncIterator[Engine]:
    if adapter == "scripted":
        script = transcript.script()
        async with ScriptedEngine(
            lambda _request: script, model="served-one", others=("served-two",)
        ) as engine:
            yield engine
        return
    opener = (OPENAI_ADAPTERS | OLLAMA_ADAPTERS)[adapter]
    routes = ROUTES | {chat_path(transcript.api): [transcript.reply()]}
    async with ReplayServer(routes) as server, opener(server.url) as engine:
        yield engine


async def _play(engine: Engine) -> tuple[list[Delta], Finished | None, EngineError | None]:
    deltas: list[Delta] = []
    finished: Finished | None = None
    try:
        async with asyncio.timeout(30), aclosing(engine.chat(REQUEST)) as events:
            async for event in events:
                assert finished is None, "an event after the terminal one"
                if isinstance(event, Delta):
                    deltas.append(event)
                else:
                    finished = event
    except EngineError as error:
        return deltas, finished, error
    return deltas, finished, None


def _text(deltas: list[Delta], kind: DeltaKind) -> str:
    return "".join(delta.text for delta in deltas if delta.kind is kind)


@pytest.mark.parametrize(
    ("adapter", "transcript"), [pytest.param(*case, id=f"{case[0]}-{case[1].name}") for case in _cases()]
)
async def test_a_transcript_is_understood(adapter: str, transcript: Transcript) -> None:
    expect = transcript.expect
    async with _engine(adapter, transcript) as engine:
        deltas, finished, error = await _play(engine)
    assert _text(deltas, DeltaKind.CONTENT) == expect.text
    assert _text(deltas, DeltaKind.REASONING) == expect.reasoning
    calls = merge_tool_calls(delta.text for delta in deltas if delta.kind is DeltaKind.TOOL)
    assert [(call["name"], call["arguments"]) for call in calls] == [
        (tool["name"], tool["arguments"]) for tool in expect.tools
    ]
    assert all(delta.text for delta in deltas)
    times = [delta.at_ns for delta in deltas]
    assert times == sorted(times)
    if adapter != "scripted":
        assert len(deltas) == expect.deltas
    if expect.error is None:
        assert error is None
        assert finished is not None
        assert (finished.reason, finished.usage) == (expect.reason, expect.usage)
        return
    assert finished is None
    assert error is not None
    _check_error(error, transcript, engine)


def _check_error(error: EngineError, transcript: Transcript, engine: Engine) -> None:
    expect = transcript.expect
    assert error.kind == expect.error
    assert expect.says in error.message
    assert error.hint
    assert error.url == engine.url
    if engine.kind != "scripted":
        assert expect.hint in error.hint
    if transcript.status != 200:
        assert error.status == transcript.status
    if isinstance(error, EngineBusy):
        assert error.retry_after_s == expect.retry_after_s


def test_every_transcript_names_its_source() -> None:
    names = [transcript.name for transcript in transcripts()]
    assert len(names) == len(set(names))
    assert all(len(transcript.source) > 20 for transcript in transcripts())


@pytest.mark.parametrize("adapter", ["vllm", "ollama"])
async def test_the_connection_is_used_again_after_a_whole_answer(adapter: str) -> None:
    name = {"vllm": "openai plain answer", "ollama": "ollama plain answer"}[adapter]
    transcript = next(transcript for transcript in transcripts() if transcript.name == name)
    opener = (OPENAI_ADAPTERS | OLLAMA_ADAPTERS)[adapter]
    routes = ROUTES | {chat_path(transcript.api): [transcript.reply()]}
    async with ReplayServer(routes) as server, opener(server.url) as engine:
        for _ in range(3):
            _, finished, _ = await _play(engine)
            assert finished is not None
        assert (server.connections, len(server.requests)) == (1, 3)
