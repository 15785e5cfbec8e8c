"""The behavioural suite on real engines: llama.cpp, its two faces, and vLLM where one runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from casewright.engines.base import Deadlines
from casewright.engines.connect import open_engine
from casewright.engines.embedded import EmbeddedEngine
from casewright.engines.http import Access
from casewright.values import EngineKind, EngineSpec
from conformance.behaviour import EVERY_ENGINE, REAL_MODELS, SERVERS_WITH_MODEL_NAMES, Behaviour

pytestmark = [pytest.mark.live, pytest.mark.slow]

KINDS: dict[str, EngineKind] = {
    "embedded": "embedded",
    "ollama-face": "ollama",
    "openai-face": "openai",
    "vllm": "vllm",
}
PATIENT = Deadlines(connect_s=10, first_token_s=60, idle_s=30, total_s=90, control_s=30)
CASES = [
    pytest.param(engine, behaviour, id=f"{engine}-{name}")
    for engine in KINDS
    for name, behaviour in {**EVERY_ENGINE, **SERVERS_WITH_MODEL_NAMES, **REAL_MODELS}.items()
    # A bare llama.cpp answers for its one model under any name.
    if not (engine == "embedded" and name in SERVERS_WITH_MODEL_NAMES)
]


@pytest.mark.parametrize(("name", "behaviour"), CASES)
async def test_a_real_engine(
    name: str, behaviour: Behaviour, live_engine_urls: Mapping[str, Callable[[], str]]
) -> None:
    spec = EngineSpec(text=name, kind=KINDS[name], url=live_engine_urls[name]())
    async with open_engine(spec, deadlines=PATIENT) as engine:
        await behaviour(engine)


@pytest.mark.parametrize("name", ["ollama-face", "openai-face"])
async def test_the_faces_keep_llama_cpps_own_name(
    name: str, live_engine_urls: Mapping[str, Callable[[], str]]
) -> None:
    spec = EngineSpec(text=name, kind=KINDS[name], url=live_engine_urls[name]())
    async with open_engine(spec, deadlines=PATIENT) as engine:
        identity = await engine.identity()
    assert (identity.kind, identity.name) == ("embedded", "llama.cpp (Casewright embedded)")
    assert identity.digest is not None
    assert identity.context_length == 512


async def test_a_bare_llama_cpp_says_what_it_is(live_engine_urls: Mapping[str, Callable[[], str]]) -> None:
    async with EmbeddedEngine(live_engine_urls["embedded"](), access=Access(deadlines=PATIENT)) as engine:
        identity = await engine.identity()
    assert (identity.slots, identity.context_length, identity.quantization) == (2, 512, "Q4_1")
    assert identity.template_digest is not None
