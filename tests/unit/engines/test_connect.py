"""Opening and identifying engines, against small servers that say different things about themselves."""

from __future__ import annotations

import json

import pytest

from casewright.engines.base import Deadlines
from casewright.engines.connect import identify, open_engine
from casewright.engines.wire import digest_text
from casewright.errors import BadRequest, ConnectionRefused, EngineError, ModelNotFound, UsageError
from casewright.values import EngineKind, EngineSpec
from conformance.replay_server import ReplayServer, Reply, json_reply

EMBEDDED_NAME = "llama.cpp (Casewright embedded)"
DETAILS = {"parameter_size": "3.2B", "quantization_level": "Q4_K_M"}
OLLAMA = {
    "/api/version": [json_reply({"version": "0.12.1"})],
    "/api/tags": [json_reply({"models": [{"name": "a:latest", "digest": "ab", "details": DETAILS}]})],
    "/api/show": [json_reply({"template": "T", "details": DETAILS, "model_info": {}})],
    "/api/ps": [json_reply({"models": []})],
}
VLLM_MODEL = {"id": "m", "owned_by": "vllm", "root": "/secret/place/weights", "max_model_len": 512}
VLLM = {
    "/health": [Reply(framing="length")],
    "/version": [json_reply({"version": "0.32.0"})],
    "/v1/models": [json_reply({"data": [VLLM_MODEL]})],
}
LLAMA = {
    "/health": [json_reply({"status": "ok"})],
    "/v1/models": [json_reply({"data": [{"id": "s", "owned_by": "llamacpp", "meta": {"ftype": "Q4_1"}}]})],
    "/props": [
        json_reply(
            {
                "total_slots": 2,
                "default_generation_settings": {"n_ctx": 512},
                "chat_template": "T",
                "model_path": "/secret/place/s.gguf",
                "build_info": "b1",
            }
        )
    ],
}


def _spec(kind: EngineKind, url: str | None, model: str | None = None) -> EngineSpec:
    return EngineSpec(text=kind, kind=kind, url=url, model=model)


async def test_ollama() -> None:
    async with ReplayServer(OLLAMA) as server:
        identity = await identify(_spec("ollama", server.url))
    assert (identity.kind, identity.name, identity.version) == ("ollama", "Ollama", "0.12.1")
    assert (identity.model, identity.digest) == ("a:latest", "sha256:ab")
    assert (identity.quantization, identity.parameters) == ("Q4_K_M", "3.2B")
    assert identity.template_digest == digest_text("T")
    assert identity.context_length is None
    assert "not stated until the model is loaded" in identity.notes[0]


async def test_ollamas_context_is_that_of_the_loaded_model() -> None:
    loaded = {"/api/ps": [json_reply({"models": [{"model": "a:latest", "context_length": 4096}]})]}
    async with ReplayServer(OLLAMA | loaded) as server:
        identity = await identify(_spec("ollama", server.url, "a"))
        assert json.loads(server.requests[1].body) == {"model": "a"}
    assert (identity.model, identity.context_length, identity.digest) == ("a", 4096, "sha256:ab")


@pytest.mark.parametrize("where", ["version", "header"])
async def test_a_stand_in_behind_ollamas_api_keeps_its_own_name(where: str) -> None:
    said = {"version": "1", "engine": EMBEDDED_NAME} if where == "version" else {"version": "1"}
    headers = {"Server": EMBEDDED_NAME} if where == "header" else {}
    routes = OLLAMA | {"/api/version": [json_reply(said, headers=headers)]}
    async with ReplayServer(routes) as server:
        identity = await identify(_spec("ollama", server.url))
    assert (identity.kind, identity.name) == ("embedded", EMBEDDED_NAME)


async def test_vllm() -> None:
    async with ReplayServer(VLLM) as server:
        identity = await identify(_spec("vllm", server.url))
    assert (identity.kind, identity.name, identity.version) == ("vllm", "vLLM", "0.32.0")
    assert (identity.model, identity.context_length) == ("m", 512)
    assert identity.notes == ("weights from weights",)
    assert (identity.digest, identity.quantization, identity.slots) == (None, None, None)


@pytest.mark.parametrize("kind", ["vllm", "openai", "embedded"])
async def test_the_embedded_engine_behind_the_openai_api_keeps_its_own_name(kind: EngineKind) -> None:
    entry = {"id": "s", "owned_by": "casewright-embedded", "digest": "sha256:ab", "max_model_len": 512}
    async with ReplayServer({"/v1/models": [json_reply({"data": [entry]})]}) as server:
        identity = await identify(_spec(kind, server.url))
    assert (identity.kind, identity.name, identity.digest) == ("embedded", EMBEDDED_NAME, "sha256:ab")


async def test_a_bare_llama_cpp() -> None:
    async with ReplayServer(LLAMA) as server:
        identity = await identify(_spec("embedded", server.url))
    assert (identity.name, identity.version, identity.model) == ("llama.cpp server", "b1", "s")
    assert (identity.slots, identity.context_length, identity.quantization) == (2, 512, "Q4_1")
    assert identity.template_digest == digest_text("T")
    assert identity.notes == ("weights from s.gguf",)


async def test_a_server_nobody_knows_is_not_called_vllm() -> None:
    async with ReplayServer({"/v1/models": [json_reply({"data": [{"id": "m"}]})]}) as server:
        identity = await identify(_spec("vllm", server.url))
    assert (identity.kind, identity.name) == ("openai", "OpenAI-compatible server")


async def test_without_a_model_several_or_none_are_a_usage_error_that_lists_them() -> None:
    two = {"/v1/models": [json_reply({"data": [{"id": "m"}, {"id": "n"}]})]}
    async with ReplayServer(two) as server:
        with pytest.raises(UsageError) as caught:
            await identify(_spec("vllm", server.url))
        assert "m, n" in caught.value.hint
        assert (await identify(_spec("vllm", server.url, "n"))).model == "n"
        with pytest.raises(ModelNotFound) as refused:
            await identify(_spec("vllm", server.url, "x"))
        assert "m, n" in refused.value.hint
    async with ReplayServer({"/api/tags": [json_reply({"models": []})]}) as server:
        with pytest.raises(UsageError, match="serves no model"):
            await identify(_spec("ollama", server.url))


async def test_an_ollama_model_that_is_not_there_lists_those_that_are() -> None:
    missing = {"/api/show": [json_reply({"error": "model 'x' not found"}, 404)]}
    async with ReplayServer(OLLAMA | missing) as server:
        with pytest.raises(ModelNotFound) as caught:
            await identify(_spec("ollama", server.url, "x"))
    assert "a:latest" in caught.value.hint


async def test_another_kind_of_server_is_told_apart_from_a_missing_model() -> None:
    async with ReplayServer(VLLM) as server:
        with pytest.raises(BadRequest, match="not an Ollama server"):
            await identify(_spec("ollama", server.url))


async def test_an_engine_without_a_url_must_be_started_first() -> None:
    with pytest.raises(UsageError, match="has no URL"):
        open_engine(_spec("embedded", None))


async def test_the_scripted_engine_opens_by_name() -> None:
    identity = await identify(_spec("scripted", None))
    assert identity.name == "Casewright scripted engine"


async def test_nothing_listens() -> None:
    async with ReplayServer({}) as server:
        url = server.url
    with pytest.raises(ConnectionRefused):
        await identify(_spec("vllm", url), deadlines=Deadlines(connect_s=5))


@pytest.mark.parametrize(
    ("kind", "routes"),
    [("ollama", OLLAMA), ("vllm", VLLM), ("embedded", LLAMA)],
    ids=lambda value: str(value)[:8],
)
async def test_health_when_all_is_well(kind: EngineKind, routes: dict[str, list[Reply]]) -> None:
    async with ReplayServer(routes) as server, open_engine(_spec(kind, server.url)) as engine:
        health = await engine.health()
    assert (health.reachable, health.ready) == (True, True)
    assert health.latency_ms is not None
    assert len(health.models) == 1


@pytest.mark.parametrize(
    ("changes", "model", "says"),
    [
        ({"/health": [Reply(503, framing="length")]}, None, "HTTP 503"),
        ({"/v1/models": [json_reply({"error": "Unauthorized"}, 401)]}, None, "Unauthorized"),
        ({"/v1/models": [json_reply({"data": []})]}, None, "no model"),
        ({}, "other", "other is not among the models served: m"),
    ],
)
async def test_health_when_it_cannot_serve(
    changes: dict[str, list[Reply]], model: str | None, says: str
) -> None:
    async with (
        ReplayServer(VLLM | changes) as server,
        open_engine(_spec("vllm", server.url, model), deadlines=Deadlines()) as engine,
    ):
        health = await engine.health()
    assert (health.reachable, health.ready) == (True, False)
    assert says in health.detail


async def test_a_probe_is_a_real_request() -> None:
    body = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n'
    chat = {"/v1/chat/completions": [Reply(pieces=[body]), json_reply({"error": {"message": "dead"}}, 500)]}
    async with (
        ReplayServer(VLLM | chat) as server,
        open_engine(_spec("vllm", server.url)) as engine,
    ):
        good, bad = await engine.probe(), await engine.probe()
        assert json.loads(server.requests[1].body)["max_tokens"] == 1
    assert (good.ready, good.models) == (True, ("m",))
    assert (bad.reachable, bad.ready) == (True, False)
    assert "dead" in bad.detail


async def test_embeddings() -> None:
    routes = {
        "/v1/embeddings": [json_reply({"data": [{"index": 0, "embedding": [1, 2]}]})],
        "/api/embed": [json_reply({"embeddings": [[1, 2]]}), json_reply({"embeddings": []})],
    }
    kinds: tuple[EngineKind, ...] = ("vllm", "ollama")
    async with ReplayServer(routes) as server:
        for kind in kinds:
            async with open_engine(_spec(kind, server.url)) as engine:
                assert await engine.embed(["a"], "m") == [[1.0, 2.0]]
                assert await engine.embed([], "m") == []
        async with open_engine(_spec("ollama", server.url)) as engine:
            with pytest.raises(EngineError, match="not 1 embeddings"):
                await engine.embed(["a"], "m")
