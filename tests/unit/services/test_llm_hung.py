"""Engines that hang behind a service: health says so soon, and whoever asks does not wait for them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from casewright.bench.sim_config import MODEL
from casewright.bench.simulator import Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.engines.base import Deadlines
from casewright.engines.ollama import OllamaEngine
from casewright.engines.scripted import RealClock, Say, Script, ScriptedEngine
from casewright.engines.wire import ChatRequest, Message
from casewright.errors import EngineError, TotalTimeout
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LanguageModel, LlmConfig
from casewright.services.llm_source import Source
from casewright.services.notes import NotesConfig
from casewright.services.notes import create_app as notes_app
from casewright.services.rag import RagConfig
from casewright.services.rag import create_app as rag_app
from casewright.settings import Settings
from casewright.values import EngineSpec
from serving import served
from unit.services.notes_served import convert
from unit.services.test_rag_service import NOTE, ask

# Where one place is taken by a request of many tokens, the next one waits, and is answered at once after it.
ONE_PLACE = SimConfig(slots=1, itl_ms=1000.0)
STALLS = FaultPlan(fault=Fault.STALL_BEFORE_FIRST)
QUESTION = ChatRequest("", (Message("user", "one two three"),), 4)
LONG = ChatRequest(MODEL, (Message("user", "one two three"),), 3600)
# An engine that hangs is told by these, and no wait here comes near the probe's own end.
SOON: dict[str, Any] = {"fresh_s": 0.0, "late_s": 1.0, "wait_s": 20.0, "glance_s": 0.05, "probe_s": 60.0}


@pytest.fixture
def engine() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimConfig(tokens=2)) as server:
        yield server


def config(data_dir: Path, *engines: SimulatorServer, **changes: Any) -> LlmConfig:
    """The first is in charge, and asked by Ollama's API; the second stands behind vLLM's."""
    kinds = dict(zip(("ollama", "vllm"), engines, strict=False))
    access: Any = {
        kind: EngineAccess(EngineSpec(text=kind, kind=kind, url=server.url)) for kind, server in kinds.items()
    }
    order: Any = tuple(access)
    return LlmConfig(data_dir, access, from_environment="ollama", order=order, fallback=True, **changes)


@asynccontextmanager
async def model(data_dir: Path, *engines: SimulatorServer, **changes: Any) -> AsyncIterator[LanguageModel]:
    found = LanguageModel(config(data_dir, *engines, **changes))
    await found.start()
    try:
        yield found
    finally:
        await found.aclose()


async def test_a_stopped_engine_is_told_by_the_first_who_asks(
    tmp_path: Path, engine: SimulatorServer
) -> None:
    async with model(tmp_path, engine, **SOON) as llm:
        assert (await llm.status()).llm_available
        os.kill(engine.pid, signal.SIGSTOP)
        try:
            found = await llm.status()
            assert not found.llm_available
            assert found.reason is not None
            assert found.reason.startswith("no word of what it serves within")
        finally:
            os.kill(engine.pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while not (await llm.status()).llm_available:
                pass


async def test_one_that_generates_nothing_is_told_and_asked_once(
    tmp_path: Path, engine: SimulatorServer
) -> None:
    """It says what it serves, so it is taken for a full one first."""
    async with model(tmp_path, engine, **SOON | {"full_s": 2.0}) as llm:
        assert (await llm.status()).llm_available
        engine.control(STALLS)
        engine.reset_truth()
        async with asyncio.timeout(30):
            while (first := await llm.status()).llm_available:
                pass
        found = [first, *[await llm.status() for _ in range(4)]]
        assert [each.llm_available for each in found] == [False] * 5
        assert found[0].reason is not None
        assert found[0].reason.startswith("no token within")
        assert engine.truth().in_service == 1, "probes pile up"


@asynccontextmanager
async def full(engine: SimulatorServer) -> AsyncIterator[None]:
    """Its one place is taken by somebody else's request, of which this service knows nothing."""
    async with OllamaEngine(engine.url) as others, aclosing(others.chat(LONG)) as words:
        await anext(words)
        yield


async def slow_to_answer(llm: LanguageModel) -> Source:
    """Ask after the engine until its token is late; it is told as there all the while."""
    async with llm.lease() as lease:
        source = lease.sources["ollama"]
    async with asyncio.timeout(30):
        while not source.slow:
            found = await llm.status()
            assert (found.llm_available, found.reason) == (True, None)
    return source


async def test_one_that_is_full_of_requests_of_others_is_told_as_there(tmp_path: Path) -> None:
    patient = SOON | {"late_s": 0.2, "again_s": 10.0, "full_s": 60.0}
    with SimulatorServer(ONE_PLACE) as engine:
        async with model(tmp_path, engine, **patient) as llm:
            assert (await llm.status()).llm_available
            async with full(engine):
                source = await slow_to_answer(llm)
                assert [(await llm.status()).llm_available for _ in range(3)] == [True] * 3
            async with asyncio.timeout(30):
                while source.slow:
                    assert (await llm.status()).llm_available
            assert source.problem is None


async def test_a_finding_of_long_ago_does_not_speak_for_one_whose_token_is_late(tmp_path: Path) -> None:
    patient = SOON | {"late_s": 0.2, "again_s": 10.0, "full_s": 60.0}
    with SimulatorServer(ONE_PLACE) as engine:
        async with model(tmp_path, engine, **patient) as llm:
            async with llm.lease() as lease:
                source = lease.sources["ollama"]
            async with full(engine):
                assert source.checked is not None
                source.checked -= 3600.0
                found = await llm.status()
            assert not found.llm_available
            assert found.reason is not None
            assert found.reason.startswith("no token within")


async def test_one_that_is_stopped_while_it_is_full_is_told_without_waiting_for_the_token(
    tmp_path: Path,
) -> None:
    never = SOON | {"late_s": 0.2, "full_s": 3600.0, "probe_s": 3600.0}
    with SimulatorServer(ONE_PLACE) as engine:
        async with model(tmp_path, engine, **never) as llm:
            assert (await llm.status()).llm_available
            async with full(engine):
                await slow_to_answer(llm)
                os.kill(engine.pid, signal.SIGSTOP)
                try:
                    async with asyncio.timeout(30):
                        while (found := await llm.status()).llm_available:
                            pass
                finally:
                    os.kill(engine.pid, signal.SIGCONT)
            assert found.reason is not None
            assert found.reason.startswith("no word of what it serves within")


async def test_the_others_are_looked_at_while_the_first_hangs(tmp_path: Path) -> None:
    quick = SimConfig(tokens=2)
    with SimulatorServer(quick) as first, SimulatorServer(quick) as second:
        first.control(STALLS)
        async with model(tmp_path, first, second, **SOON) as llm:
            found = await llm.status()
            assert (found.provider, found.llm_available) == ("vllm", True)
            async with llm.lease() as lease:
                assert lease.provider == "vllm"


async def test_callers_pass_as_soon_as_health_says_that_it_answers(
    tmp_path: Path, engine: SimulatorServer
) -> None:
    async with model(tmp_path, engine, **SOON) as llm:
        assert (await llm.status()).llm_available
        engine.control(FaultPlan(fault=Fault.HTTP_500))
        async with llm.lease() as lease:
            for _ in range(3):
                with pytest.raises(EngineError):
                    await lease.engine.complete(QUESTION)
        assert llm.router.status()[0].state == "open"
        engine.control(None)
        async with asyncio.timeout(20):
            while not (await llm.status()).llm_available:
                pass
        assert llm.router.status()[0].state == "closed"
        async with llm.lease() as lease:
            assert (await lease.engine.complete(QUESTION)).text


def slow() -> ScriptedEngine:
    """An engine that takes its time."""
    return ScriptedEngine(lambda _request: Script((Say("ok", after_s=0.3),)), clock=RealClock())


async def found(source: Source) -> str | None:
    """What is wrong with it now."""
    await source.fresh(time.monotonic() + 20)
    return source.problem


@pytest.mark.parametrize("shut", [False, True])
async def test_one_whose_callers_are_kept_away_is_not_given_more_time(tmp_path: Path, shut: bool) -> None:
    times = iter((0.0, 3600.0))
    engine = ScriptedEngine(lambda _: Script((Say("ok", after_s=next(times)),)), clock=RealClock())
    source = Source("ollama", engine, LlmConfig(tmp_path, {}, fresh_s=0.0, late_s=0.05), shut=lambda: shut)
    assert await found(source) is None
    said = await found(source)
    assert source.slow is not shut
    assert said is None if not shut else (said or "").startswith("no token within")
    await source.aclose()


async def test_one_that_is_slow_is_told_once_and_then_given_time(tmp_path: Path) -> None:
    engine = slow()
    source = Source("ollama", engine, LlmConfig(tmp_path, {}, fresh_s=0.0, late_s=0.05))
    assert (await found(source) or "").startswith("no token within")
    while await found(source):
        pass
    assert [await found(source) for _ in range(2)] == [None, None]
    assert len(engine.requests) <= 4, "late probes are waited for, not repeated"


async def test_the_whole_time_is_over_all_engines(tmp_path: Path) -> None:
    with SimulatorServer(SimConfig()) as first, SimulatorServer(SimConfig()) as second:
        for server in (first, second):
            server.control(STALLS)
        limits = Deadlines(first_token_s=30.0, total_s=0.5)
        async with model(tmp_path, first, second, deadlines=limits) as llm, llm.lease() as lease:
            lease.engine.only = frozenset({"ollama", "vllm"})
            with pytest.raises(TotalTimeout, match="over all engines"):
                await lease.engine.complete(QUESTION)
            assert [tried.provider for tried in lease.origin().attempts] == ["ollama"]


def short(data_dir: Path, engine: SimulatorServer) -> LlmConfig:
    return config(data_dir, engine, deadlines=Deadlines(first_token_s=0.5), **SOON)


def test_a_question_is_answered_from_the_documents_and_the_next_one_does_not_wait(
    tmp_path: Path, engine: SimulatorServer
) -> None:
    engine.control(STALLS)
    app = rag_app(RagConfig(KitConfig("rag", tmp_path), short(tmp_path, engine)))
    with served(app) as url:
        answers = [ask(url, "How much is the rent?", NOTE, strategy="plain") for _ in range(2)]
    assert [answer.answered_by for answer in answers] == ["code", "code"]
    assert all("450" in answer.answer for answer in answers)
    assert "nothing generated within 0.5 s" in answers[0].warnings[0]
    assert [answer.attempts[0].outcome for answer in answers] == ["first_token_timeout", "circuit_open"]


def test_a_letter_is_written_by_code_when_the_model_hangs(tmp_path: Path, engine: SimulatorServer) -> None:
    engine.control(STALLS)
    app = notes_app(NotesConfig(KitConfig("notes", tmp_path), short(tmp_path, engine)))
    with served(app) as url:
        answer = convert(url, notes="cl to send payslips by 14 March", strategy="structured")
    assert (answer.mode, answer.answered_by) == ("extractive", "code")
    assert answer.attempts[0].outcome == "first_token_timeout"
    assert "nothing generated within 0.5 s" in answer.warnings[0]


def test_an_engine_is_found_to_hang_before_the_service_or_its_client_gives_up(tmp_path: Path) -> None:
    first_token_s = Settings(data=tmp_path).first_token_s
    kit, llm = KitConfig("x", tmp_path), LlmConfig(tmp_path, {})
    assert llm.deadlines.first_token_s == first_token_s
    assert first_token_s < RagConfig(kit, llm).model_s < 60, "many clients wait a minute"
    notes = NotesConfig(kit, llm)
    assert first_token_s < min(notes.call_s, notes.model_s, notes.draft_call_s)
