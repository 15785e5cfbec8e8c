"""The engine in charge: switched while requests are under way, proven by a token, found again."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from casewright.engines.base import Deadlines
from casewright.engines.scripted import ScriptedEngine
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import EngineError
from casewright.services.llm import EngineAccess, LanguageModel, LlmConfig
from casewright.services.llm_source import Source
from casewright.services.provider import FILE, ProviderFile
from casewright.values import EngineKind, EngineSpec
from contract.scripted_upstream import ABOUT, Face, served_face
from ports import nobody


def access(kind: EngineKind, url: str) -> EngineAccess:
    return EngineAccess(EngineSpec(text=kind, kind=kind, url=url), context=ABOUT.context)


@asynccontextmanager
async def model(
    data_dir: Path, *, embedded: str, ollama: str, **changes: Any
) -> AsyncIterator[LanguageModel]:
    config = LlmConfig(
        data_dir,
        {
            "embedded": access("embedded", embedded),
            "ollama": access("ollama", ollama),
            "vllm": access("vllm", nobody()),
        },
        deadlines=Deadlines(connect_s=2, first_token_s=5, idle_s=5, total_s=10),
        **({"fresh_s": 0.0} | changes),
    )
    found = LanguageModel(config)
    await found.start()
    try:
        yield found
    finally:
        await found.aclose()


def question(text: str = "Hello") -> ChatRequest:
    return ChatRequest(model="", messages=(Message("user", text),), max_tokens=8)


async def test_what_answers_is_told_under_its_true_name(tmp_path: Path) -> None:
    with served_face() as face:
        async with model(tmp_path, embedded=face.url, ollama=face.url) as llm:
            ours = await llm.status()
            ProviderFile(tmp_path).write("ollama")
            theirs = await llm.status()
    assert (ours.provider, ours.source, ours.llm_available) == ("embedded", "default", True)
    assert (theirs.provider, theirs.source, theirs.llm_available) == ("ollama", "file", True)
    assert ours.model == theirs.model == ABOUT.model
    assert ours.engine is not None
    assert theirs.engine is not None
    assert "Casewright embedded" in ours.engine
    assert "Casewright embedded" in theirs.engine, "a stand-in keeps its own name behind Ollama's API"
    assert ours.strategies == {"answer": "extractive", "letter": "extractive"}


async def test_a_stream_under_way_ends_where_it_began(tmp_path: Path) -> None:
    with served_face() as before, served_face() as after:
        async with model(tmp_path, embedded=before.url, ollama=after.url) as llm:
            async with llm.lease() as old:
                stream = old.engine.chat(question())
                first = await anext(stream)
                ProviderFile(tmp_path).write("ollama")
                async with llm.lease() as new:
                    assert (old.provider, new.provider) == ("embedded", "ollama")
                    assert (await new.engine.complete(question())).text == "Hello wörld"
                rest = [event async for event in stream]
            assert len([first, *rest]) == 4, (
                "three pieces and the end, though the provider changed in between"
            )


async def test_an_engine_that_is_not_there_is_told_and_found_when_it_comes(tmp_path: Path) -> None:
    with served_face() as face:
        async with model(tmp_path, embedded=nobody(), ollama=face.url) as llm:
            gone = await llm.status()
            assert not gone.llm_available
            assert gone.reason is not None
            assert "refused" in gone.reason.lower() or "listens" in gone.reason.lower(), gone.reason
            async with llm.lease() as lease:
                assert not lease.available
                assert lease.strategy("answer") == "extractive"
            ProviderFile(tmp_path).write("ollama")
            assert (await llm.status()).llm_available


async def test_an_engine_that_fails_in_a_lease_is_asked_anew(tmp_path: Path) -> None:
    with served_face() as face:
        async with model(tmp_path, embedded=face.url, ollama=face.url) as llm:
            assert (await llm.status()).llm_available
            asked = len(face.upstream.bodies)
            with pytest.raises(EngineError):
                async with llm.lease() as lease:
                    await lease.engine.complete(question("REFUSE"))
            async with llm.lease() as lease:
                assert lease.available
            assert len(face.upstream.bodies) == asked + 2, "the refused request, and a probe after it"


async def test_health_answers_while_a_probe_hangs(tmp_path: Path) -> None:
    with served_face() as face:
        await _hanging(tmp_path, face)


async def _hanging(tmp_path: Path, face: Face) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = LlmConfig(
            tmp_path,
            {name: access("embedded", url) for name in ("embedded", "ollama", "vllm")},
            probe_s=0.3,
            wait_s=0.05,
            glance_s=0.05,
            fresh_s=0.0,
        )
        llm = LanguageModel(config)
        first = await llm.status()
        assert not first.llm_available
        assert first.checked_s_ago is None
        found = first
        while found.checked_s_ago is None:
            found = await llm.status()
        assert found.reason == "no token within 0.3 s"
        await llm.aclose()


async def test_a_provider_file_nobody_can_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir()
    path.write_text("{")
    async with model(tmp_path, embedded=nobody(), ollama=nobody()) as llm:
        found = await llm.status()
    assert not found.llm_available
    assert found.reason is not None
    assert "does not name a provider" in found.reason


async def test_another_engine_takes_over_and_both_health_and_answer_say_so(tmp_path: Path) -> None:
    with served_face() as face:
        async with model(tmp_path, embedded=nobody(), ollama=face.url, fallback=True) as llm:
            found = await llm.status()
            assert (found.provider, found.requested, found.llm_available) == ("ollama", "embedded", True)
            assert found.reason is not None
            assert "embedded was asked for and ollama answers" in found.reason
            async with llm.lease() as lease:
                answer = await lease.engine.complete(question(""))
                origin = lease.origin()
    assert answer.text == "Hello wörld"
    assert (origin.provider, origin.model, origin.fallback) == ("ollama", ABOUT.model, True)
    assert origin.attempts[-1].outcome == "ok"


async def test_auto_takes_the_first_of_the_order_that_answers(tmp_path: Path) -> None:
    ProviderFile(tmp_path).write("auto")
    with served_face() as face:
        async with model(tmp_path, embedded=face.url, ollama=nobody()) as llm:
            found = await llm.status()
    assert (found.provider, found.requested, found.source) == ("embedded", "auto", "file")
    assert found.reason is None
    assert {row.name for row in found.engines} == {"embedded", "ollama", "vllm"}


async def test_a_model_that_may_less_does_not_take_over(tmp_path: Path) -> None:
    """The one asked for may phrase, the other has shown nothing: it is not asked when the exam decides."""
    with served_face() as face:
        urls = {"embedded": face.url, "ollama": face.url}
        async with model(tmp_path, fallback=True, **urls) as llm, llm.lease() as lease:
            lease.sources["embedded"].strategies = {"answer": "plain"}
            lease.keep_to_qualified("answer")
            assert lease.engine.only == {"embedded"}


async def test_a_look_at_health_names_the_context_of_real_requests(tmp_path: Path) -> None:
    """With another one Ollama would load its model anew for every look, and again for the next request."""
    engine = ScriptedEngine()
    source = Source("ollama", engine, LlmConfig(tmp_path, {}), 512)
    await source.fresh(time.monotonic() + 10)
    assert source.problem is None
    assert [request.context_length for request in engine.requests] == [512]


async def test_health_knows_at_once_of_what_requests_have_met(tmp_path: Path) -> None:
    """An older finding that the engine answers does not outlive the request that found it gone."""
    with served_face() as other, ExitStack() as first:
        face = first.enter_context(served_face())
        async with model(tmp_path, embedded=face.url, ollama=other.url, fallback=True, fresh_s=3600.0) as llm:
            assert (await llm.status()).provider == "embedded"
            first.close()
            async with llm.lease() as lease:
                assert (await lease.engine.complete(question(""))).text == "Hello wörld"
                assert lease.origin().fallback
            found = await llm.status()
    assert (found.provider, found.requested) == ("ollama", "embedded")
