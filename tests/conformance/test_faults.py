"""Faults outside the transcripts, over all adapters: silence, lost connections, names, TLS, giving up."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable
from contextlib import aclosing

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from casewright.engines.base import Deadlines, Engine
from casewright.engines.embedded import EmbeddedEngine
from casewright.engines.http import Access, HttpEngine
from casewright.engines.ollama import OllamaEngine
from casewright.engines.scripted import Fail, Say, Script, ScriptedEngine, in_turn
from casewright.engines.transport import MAX_BODY_BYTES
from casewright.engines.vllm import VllmEngine
from casewright.engines.wire import Api, ChatRequest, Delta, Message, chat_path
from casewright.errors import (
    ConfigError,
    ConnectionLost,
    ConnectionRefused,
    DnsFailure,
    EngineError,
    FirstTokenTimeout,
    IdleTimeout,
    Malformed,
    ModelNotFound,
    TlsFailure,
    TotalTimeout,
)
from conformance.replay_server import ReplayServer, Reply, json_reply

REQUEST = ChatRequest("m", (Message("user", "Hello"),), max_tokens=8)
PATIENT = Deadlines(5, 20, 20, 20, 20)

Make = Callable[[str, Access], HttpEngine]
ADAPTERS: dict[str, Make] = {
    "ollama": lambda url, access: OllamaEngine(url, access=access),
    "vllm": lambda url, access: VllmEngine(url, access=access),
    "embedded": lambda url, access: EmbeddedEngine(url, access=access),
}
FIRST = {
    Api.OPENAI: b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
    Api.OLLAMA: b'{"message":{"content":"a"},"done":false}\n',
}
EMPTY = {
    Api.OPENAI: b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n: ping\n\n',
    Api.OLLAMA: b'{"message":{"content":""},"done":false}\n',
}
LAST = {Api.OPENAI: b"data: [DONE]\n\n", Api.OLLAMA: b'{"done":true,"done_reason":"stop"}\n'}
over_adapters = pytest.mark.parametrize("make", ADAPTERS.values(), ids=ADAPTERS)


def _api(make: Make) -> Api:
    return make("http://127.0.0.1:1", Access()).api


def _routes(api: Api, *replies: Reply) -> dict[str, list[Reply]]:
    return {chat_path(api): list(replies)}


async def _chat(engine: Engine, request: ChatRequest = REQUEST) -> str:
    async with asyncio.timeout(30):
        return (await engine.complete(request)).text


@over_adapters
@pytest.mark.parametrize("head", [True, False], ids=["after headers", "before headers"])
async def test_silence_before_the_first_token(make: Make, head: bool) -> None:
    api = _api(make)
    reply = Reply(pieces=[EMPTY[api]] if head else [], ending="hang", head=head)
    access = Access(deadlines=Deadlines(5, 0.1, 20, 20))
    async with ReplayServer(_routes(api, reply)) as server, make(server.url, access) as engine:
        with pytest.raises(FirstTokenTimeout, match=r"0\.1 s"):
            await _chat(engine)
        async with asyncio.timeout(5):
            await server.client_left.wait()


@over_adapters
async def test_silence_after_the_first_token(make: Make) -> None:
    api = _api(make)
    access = Access(deadlines=Deadlines(5, 20, 0.1, 20))
    reply = Reply(pieces=[FIRST[api]], ending="hang")
    async with ReplayServer(_routes(api, reply)) as server, make(server.url, access) as engine:
        with pytest.raises(IdleTimeout):
            await _chat(engine)
        async with asyncio.timeout(5):
            await server.client_left.wait()


@over_adapters
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_takes_too_long_altogether(make: Make, stream: bool) -> None:
    api = _api(make)
    access = Access(deadlines=Deadlines(5, 20, 20, 0.1))
    request = ChatRequest("m", (Message("user", "Hello"),), max_tokens=8, stream=stream)
    async with (
        ReplayServer(_routes(api, Reply(pieces=[FIRST[api]], ending="hang"))) as server,
        make(server.url, access) as engine,
    ):
        with pytest.raises(TotalTimeout):
            await _chat(engine, request)


@over_adapters
@pytest.mark.parametrize("ending", ["reset", "cut"])
async def test_a_connection_lost_midway(make: Make, ending: str) -> None:
    api = _api(make)
    reply = Reply(pieces=[FIRST[api]], ending="reset" if ending == "reset" else "cut")
    async with ReplayServer(_routes(api, reply)) as server, make(server.url, Access()) as engine:
        with pytest.raises(ConnectionLost):
            await _chat(engine)
        assert len(server.requests) == 1
        assert engine.reconnects == 0


@over_adapters
async def test_a_new_connection_closed_before_any_answer_is_not_tried_again(make: Make) -> None:
    api = _api(make)
    async with (
        ReplayServer(_routes(api, Reply(head=False, ending="cut"))) as server,
        make(server.url, Access()) as engine,
    ):
        with pytest.raises(ConnectionLost):
            await _chat(engine)
        assert len(server.requests) == 1


@over_adapters
async def test_a_kept_alive_connection_closed_before_any_answer_is_replaced_once_and_counted(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "casewright.engines.transport")
    api = _api(make)
    whole, lost = Reply(pieces=[FIRST[api], LAST[api]]), Reply(head=False, ending="cut")
    async with (
        ReplayServer(_routes(api, whole, lost, whole, lost)) as server,
        make(server.url, Access()) as engine,
    ):
        assert await _chat(engine) == "a"
        assert await _chat(engine) == "a"
        assert engine.reconnects == 1
        assert [request.connection for request in server.requests] == [1, 1, 2]
        assert "sent again" in caplog.text
        with pytest.raises(ConnectionLost):
            await _chat(engine)


async def test_a_get_is_not_sent_again_behind_our_back() -> None:
    routes = {"/api/version": [Reply(head=False, ending="cut")]}
    async with ReplayServer(routes) as server, OllamaEngine(server.url) as engine:
        health = await engine.health()
        assert (health.reachable, health.ready) == (False, False)
        assert len(server.requests) == 1


async def test_a_get_on_a_kept_alive_connection_is_sent_again_once_only() -> None:
    routes = {"/api/tags": [json_reply({"models": []}), Reply(head=False, ending="cut")]}
    async with ReplayServer(routes) as server, OllamaEngine(server.url) as engine:
        await engine.models()
        with pytest.raises(ConnectionLost):
            await engine.models()
        assert len(server.requests) == 3
        assert engine.reconnects == 1


@over_adapters
async def test_nothing_listens_there(make: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://user:secret@127.0.0.1:{taken.getsockname()[1]}"
        async with make(url, Access()) as engine:
            with pytest.raises(ConnectionRefused) as caught:
                await _chat(engine)
            health = await engine.health()
    assert "secret" not in str(caught.value) + caught.value.url + health.detail
    assert "start it" in caught.value.hint
    assert (health.reachable, health.ready, health.latency_ms) == (False, False, None)


class NoSuchName(AbstractResolver):
    """A resolver that knows no name."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(None, "Name or service not known")

    async def close(self) -> None: ...


@over_adapters
async def test_a_name_that_does_not_resolve(make: Make) -> None:
    async with make("http://engine.invalid", Access(resolver=NoSuchName())) as engine:
        with pytest.raises(DnsFailure, match="does not resolve"):
            await _chat(engine)


def _tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_tls_with_a_trusted_and_with_an_unknown_authority(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    authority = trustme.CA()
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    routes = _routes(Api.OLLAMA, Reply(pieces=[FIRST[Api.OLLAMA], LAST[Api.OLLAMA]]))
    async with ReplayServer(routes, tls=_tls(authority)) as server:
        async with OllamaEngine(server.url, access=Access(ca_file=ca_file)) as engine:
            assert await _chat(engine) == "a"
        async with OllamaEngine(server.url) as engine:
            with pytest.raises(TlsFailure):
                await _chat(engine)


async def test_https_where_the_server_speaks_plain_http() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, OllamaEngine(url, access=Access(deadlines=PATIENT)) as engine:
        with pytest.raises(TlsFailure):
            await _chat(engine)


async def test_a_ca_file_that_is_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ConfigError, match="CA file"):
        OllamaEngine("https://127.0.0.1:1", access=Access(ca_file=tmp_path_factory.mktemp("ca") / "none.pem"))


@pytest.mark.parametrize("key", ["two\nlines", "clé"])
async def test_a_key_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(ConfigError, match="API key"):
        VllmEngine("http://127.0.0.1:1", access=Access(api_key=key))


@over_adapters
@pytest.mark.parametrize("how", ["cancel", "leave"])
async def test_giving_up_closes_the_connection(make: Make, how: str) -> None:
    api = _api(make)
    reply = Reply(pieces=[FIRST[api]], ending="hang")
    async with ReplayServer(_routes(api, reply)) as server, make(server.url, Access()) as engine:
        seen = asyncio.Event()

        async def read() -> None:
            async with aclosing(engine.chat(REQUEST)) as events:
                async for event in events:
                    assert isinstance(event, Delta)
                    seen.set()
                    if how == "leave":
                        return

        task = asyncio.create_task(read())
        async with asyncio.timeout(10):
            await seen.wait()
            if how == "cancel":
                task.cancel()
            await asyncio.wait([task])
            await server.client_left.wait()
        assert task.cancelled() == (how == "cancel")


@over_adapters
async def test_a_line_without_end(make: Make) -> None:
    api = _api(make)
    reply = Reply(pieces=[FIRST[api], *[b"data: x" * 10_000] * 40], ending="hang")
    async with ReplayServer(_routes(api, reply)) as server, make(server.url, Access()) as engine:
        with pytest.raises(EngineError) as caught:
            await _chat(engine)
    assert caught.value.kind == "line_too_long"


async def test_a_whole_answer_without_end() -> None:
    piece = b" " * (8 << 20)
    reply = Reply(
        headers={"Content-Type": "application/json"}, pieces=[piece] * (MAX_BODY_BYTES // len(piece) + 1)
    )
    async with ReplayServer({"/api/tags": [reply]}) as server, OllamaEngine(server.url) as engine:
        with pytest.raises(Malformed, match="more than"):
            await engine.models()


async def test_an_answer_that_is_not_http() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server, VllmEngine(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as engine:
        with pytest.raises(Malformed):
            await _chat(engine)


@over_adapters
async def test_a_whole_answer_is_decoded(make: Make) -> None:
    api = _api(make)
    body = {
        Api.OPENAI: {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]},
        Api.OLLAMA: {"message": {"content": "hi"}, "done": True, "done_reason": "stop"},
    }[api]
    request = ChatRequest("m", (Message("user", "Hello"),), max_tokens=8, stream=False)
    async with ReplayServer(_routes(api, json_reply(body))) as server, make(server.url, Access()) as engine:
        assert await _chat(engine, request) == "hi"
        assert json.loads(server.requests[0].body)["stream"] is False


async def test_the_key_and_no_proxy_header_is_sent() -> None:
    routes = _routes(Api.OPENAI, Reply(pieces=[LAST[Api.OPENAI]], headers={"Set-Cookie": "a=b"}))
    async with (
        ReplayServer(routes) as server,
        VllmEngine(server.url, access=Access(api_key="sk-test")) as engine,
    ):
        await _chat(engine)
        await _chat(engine)
        headers = server.requests[1].headers
    assert headers["authorization"] == "Bearer sk-test"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert "cookie" not in headers


async def test_the_scripted_engine_keeps_the_same_deadlines() -> None:
    deadlines = Deadlines(5, 10, 5, 30)
    cases: list[tuple[tuple[Say | Fail, ...], type[EngineError]]] = [
        ((Say("a", after_s=11),), FirstTokenTimeout),
        ((Say("", after_s=6), Say("a", after_s=6)), FirstTokenTimeout),
        ((Say("a"), Say("b", after_s=6)), IdleTimeout),
        (tuple(Say("a", after_s=4) for _ in range(9)), TotalTimeout),
        ((Say("a"), Fail("connection_lost")), ConnectionLost),
    ]
    for steps, error in cases:
        async with ScriptedEngine(in_turn(Script(steps)), model="m", deadlines=deadlines) as engine:
            with pytest.raises(error):
                await _chat(engine)
            assert engine.cancelled == 0
    async with ScriptedEngine(model="m") as engine:
        with pytest.raises(ModelNotFound) as caught:
            await _chat(engine, ChatRequest("other", (Message("user", "x"),), 1))
        assert "it serves: m" in caught.value.hint


async def test_aiohttp_still_has_the_switch_that_keeps_it_from_resending() -> None:
    async with aiohttp.ClientSession() as session:
        assert session._retry_connection is True
