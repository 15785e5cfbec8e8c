"""The simulator as its clients see it: wire formats, HTTP, truth, slots, lifetime."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import aiohttp
import ollama
import openai
import pytest

from casewright.bench.simulator import MODEL, Fault, FaultPlan, SimConfig, SimulatorServer, Truth
from casewright.engines.wire import (
    Api,
    ChatRequest,
    Delta,
    Event,
    Finished,
    Message,
    StreamDecoder,
    chat_path,
    decode_body,
    encode_chat,
)
from casewright.errors import MeasurementError

PROMPT = Message("user", "Which letters must the tenant answer, and by when?")


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimConfig(default_tokens=5)) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    if "server" in request.fixturenames:
        shared: SimulatorServer = request.getfixturevalue("server")
        shared.control(None)
        shared.reset_truth()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        yield http


async def chat(
    http: aiohttp.ClientSession, url: str, api: Api, tokens: int, *, stream: bool = True
) -> list[Event]:
    request = ChatRequest(model=MODEL, messages=(PROMPT,), max_tokens=tokens, stream=stream)
    headers = {"content-type": "application/json"}
    async with http.post(url + chat_path(api), data=encode_chat(api, request), headers=headers) as answer:
        assert answer.status == 200
        if not stream:
            return list(decode_body(api, await answer.read(), at_ns=1))
        decoder = StreamDecoder(api)
        events: list[Event] = []
        async for data in answer.content.iter_any():
            events += decoder.feed(data, at_ns=1)
        return events + decoder.end(at_ns=1)


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("tokens", [1, 2, 40])
async def test_a_stream_decodes_to_as_many_deltas_as_tokens(
    server: SimulatorServer, session: aiohttp.ClientSession, api: Api, tokens: int
) -> None:
    events = await chat(session, server.url, api, tokens)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.reason == "length"
    assert last.usage is not None
    assert last.usage.output_tokens == tokens
    assert len(events) == tokens + 1
    assert len(text_of(events).split(" ")) == tokens


@pytest.mark.parametrize("api", list(Api))
async def test_an_unstreamed_answer_has_the_same_text(
    server: SimulatorServer, session: aiohttp.ClientSession, api: Api
) -> None:
    streamed = await chat(session, server.url, api, 30)
    whole = await chat(session, server.url, api, 30, stream=False)
    assert text_of(whole) == text_of(streamed)
    last = whole[-1]
    assert isinstance(last, Finished)
    assert last.usage is not None
    assert last.usage.output_tokens == 30


async def test_the_official_openai_client_streams(server: SimulatorServer) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        assert [model.id async for model in client.models.list()] == [MODEL]
        stream = await client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "one two three"}],
            max_tokens=6,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
    assert sum(1 for c in chunks if c.choices and c.choices[0].delta.content) == 6
    assert len({c.id for c in chunks}) == 1
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.completion_tokens == 6
    assert usage.prompt_tokens > 0


async def test_openai_ids_differ_and_usage_comes_only_when_asked(server: SimulatorServer) -> None:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        seen = []
        for _ in range(2):
            stream = await client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "x"}], max_tokens=2, stream=True
            )
            seen.append([chunk async for chunk in stream])
    assert seen[0][0].id != seen[1][0].id
    assert all(chunk.usage is None for chunks in seen for chunk in chunks)


async def test_the_official_ollama_client_streams(server: SimulatorServer) -> None:
    client = ollama.AsyncClient(host=server.url)
    assert [model.model for model in (await client.list()).models] == [MODEL]
    messages = [{"role": "user", "content": "one two three"}]
    stream = await client.chat(MODEL, messages, stream=True, options={"num_predict": 6})
    parts = [part async for part in stream]
    assert sum(1 for part in parts if part.message.content) == 6
    assert parts[-1].done
    assert parts[-1].eval_count == 6
    assert parts[-1].done_reason == "length"


@pytest.mark.parametrize("path", ["/health", "/version", "/api/version", "/"])
async def test_it_says_what_it_is(server: SimulatorServer, session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(server.url + path) as answer:
        assert answer.status == 200
        assert (await answer.json())["engine"] == "Casewright simulator"


async def test_unknown_paths_and_methods(server: SimulatorServer, session: aiohttp.ClientSession) -> None:
    for method, path, status in (
        ("GET", "/props", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/health", 405),
        ("GET", "/v1/chat/completions", 405),
    ):
        async with session.request(method, server.url + path) as answer:
            assert (method, path, answer.status) == (method, path, status)
            assert "error" in await answer.json()


def connect(url: str) -> socket.socket:
    where = urlsplit(url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=20)


def read_until(sock: socket.socket, ending: bytes, times: int = 1) -> bytes:
    """Bytes until ``ending`` was seen ``times`` times or the server closed."""
    data = b""
    while data.count(ending) < times:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def raw_request(body: bytes, extra: bytes = b"", path: bytes = b"/v1/chat/completions") -> bytes:
    head = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%b\r\n" % (path, len(body), extra)
    return head + body


STREAMED = b'{"stream": true, "max_tokens": 3}'
END = b"\r\n0\r\n\r\n"


def test_a_request_may_come_byte_by_byte(server: SimulatorServer) -> None:
    with connect(server.url) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(request := raw_request(STREAMED))):
            sock.sendall(request[i : i + 1])
        assert b"[DONE]" in read_until(sock, END)


@pytest.mark.parametrize("config", [SimConfig(), SimConfig(ttft_ms=1, itl_ms=1)])
def test_pipelined_requests_are_answered_in_order(config: SimConfig) -> None:
    bodies = [b'{"stream": true, "max_tokens": %d}' % n for n in (1, 2, 3)]
    with SimulatorServer(config) as server, connect(server.url) as sock:
        sock.sendall(b"".join(map(raw_request, bodies)))
        answers = read_until(sock, END, times=3).split(END)[:3]
        assert [answer.count(b'"content"') for answer in answers] == [1, 2, 3]
        assert server.truth().completed == 3


def test_thousands_of_pipelined_requests_do_not_exhaust_the_stack(server: SimulatorServer) -> None:
    count = 3000
    with connect(server.url) as sock:
        sock.sendall(raw_request(b'{"max_tokens": 1}') * count)
        assert read_until(sock, b'"total_tokens"', times=count).count(b"HTTP/1.1 200") == count


def test_continue_is_sent_before_the_body(server: SimulatorServer) -> None:
    request = raw_request(STREAMED, extra=b"expect: 100-continue\r\n")
    with connect(server.url) as sock:
        sock.sendall(request[: -len(STREAMED)])
        assert read_until(sock, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(STREAMED)
        assert b"[DONE]" in read_until(sock, END)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 505),
        (b"POST /api/chat HTTP/1.1\r\ncontent-length: ten\r\n\r\n", 400),
        (b"POST /api/chat HTTP/1.1\r\nbad header\r\n\r\n", 400),
        (b"POST /api/chat HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /api/chat HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000, 431),
    ],
)
def test_requests_it_cannot_serve_are_refused_and_the_connection_closed(
    server: SimulatorServer, request_bytes: bytes, status: int
) -> None:
    with connect(server.url) as sock:
        sock.sendall(request_bytes)
        answer = b""
        with contextlib.suppress(ConnectionResetError):  # unread bytes make the kernel reset after the answer
            while piece := sock.recv(65536):
                answer += piece
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert server.truth().rejected == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"stream": true'])
def test_a_body_that_is_no_json_object_is_a_bad_request(server: SimulatorServer, body: bytes) -> None:
    with connect(server.url) as sock:
        sock.sendall(raw_request(body) + raw_request(STREAMED))
        answer = read_until(sock, END)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"[DONE]" in answer


def test_connection_close_is_honoured(server: SimulatorServer) -> None:
    with connect(server.url) as sock:
        sock.sendall(raw_request(STREAMED, extra=b"connection: close\r\n"))
        assert read_until(sock, b"never").endswith(END)


def test_a_large_body_is_read_whole(server: SimulatorServer) -> None:
    words = 400_000
    body = json.dumps({"messages": [{"role": "user", "content": "a " * words}], "max_tokens": 2}).encode()
    with connect(server.url) as sock:
        sock.sendall(raw_request(body))
        answer = read_until(sock, b'"completion_tokens":2}}')
    usage = json.loads(answer.partition(b"\r\n\r\n")[2])["usage"]
    assert usage["prompt_tokens"] == body.count(b" ") + 1


async def test_truth_counts_what_the_client_counts(session: aiohttp.ClientSession) -> None:
    config = SimConfig(ttft_ms=2, itl_ms=1, jitter="lognormal", load_growth=0.1, prompt_tokens=11)
    async with SimulatorServer(config) as server:
        answers = await asyncio.gather(*(chat(session, server.url, api, 7) for api in list(Api) * 10))
        truth = await asyncio.to_thread(server.truth)
    assert truth.requests == truth.completed == len(answers) == 20
    assert truth.tokens == sum(sum(isinstance(e, Delta) for e in events) for events in answers) == 140
    assert truth.ttft_ms.n == truth.duration_ms.n == 20
    assert truth.lateness_ms.n == 140
    assert truth.lateness_ms.p50 is not None
    assert truth.lateness_ms.p50 >= 0
    assert truth.cancelled == truth.in_service == truth.queued == 0
    assert truth.config == config
    finished = [events[-1] for events in answers]
    assert all(isinstance(e, Finished) and e.usage and e.usage.prompt_tokens == 11 for e in finished)


async def test_truth_of_time_is_what_was_configured(session: aiohttp.ClientSession) -> None:
    async with SimulatorServer(SimConfig(ttft_ms=30, itl_ms=5)) as server:
        await chat(session, server.url, Api.OPENAI, 5)
        await chat(session, server.url, Api.OPENAI, 5, stream=False)
        truth = await asyncio.to_thread(server.truth)
    for quantiles, intended in ((truth.ttft_ms, 30), (truth.duration_ms, 50)):
        assert quantiles.p50 is not None
        assert quantiles.p50 >= intended


def test_reset_forgets(server: SimulatorServer) -> None:
    with connect(server.url) as sock:
        sock.sendall(raw_request(STREAMED))
        read_until(sock, END)
    assert server.truth().requests == 1
    server.reset_truth()
    truth = server.truth()
    assert truth.requests == truth.completed == truth.tokens == 0
    assert truth.ttft_ms.p50 is None


@pytest.mark.parametrize("delay_ms", [0.0, 3.0])
async def test_slots_bound_what_is_in_service(session: aiohttp.ClientSession, delay_ms: float) -> None:
    async with SimulatorServer(SimConfig(ttft_ms=delay_ms, itl_ms=0, slots=2)) as server:
        await asyncio.gather(*(chat(session, server.url, Api.OLLAMA, 3) for _ in range(12)))
        truth = await asyncio.to_thread(server.truth)
    assert truth.completed == 12
    assert truth.max_in_service <= 2
    assert truth.queued == truth.in_service == 0


async def wait_for(server: SimulatorServer, **counts: int) -> Truth:
    async with asyncio.timeout(20):
        while True:
            truth = await asyncio.to_thread(server.truth)
            if all(getattr(truth, name) == count for name, count in counts.items()):
                return truth


async def test_a_client_that_leaves_frees_its_slot_and_is_counted(session: aiohttp.ClientSession) -> None:
    stalled = FaultPlan(fault=Fault.STALL_BEFORE_FIRST)
    async with SimulatorServer(SimConfig(slots=1, fault=stalled)) as server:
        with connect(server.url) as first:
            first.sendall(raw_request(STREAMED))
            await wait_for(server, in_service=1)
            await asyncio.to_thread(server.control, None)
            with connect(server.url) as gone:
                gone.sendall(raw_request(STREAMED))
                await wait_for(server, queued=1)
            await wait_for(server, cancelled=1, queued=0)
            waiting = asyncio.create_task(chat(session, server.url, Api.OPENAI, 3))
            await wait_for(server, queued=1)
        assert isinstance((await waiting)[-1], Finished)
        truth = await wait_for(server, in_service=0)
    assert (truth.cancelled, truth.completed) == (2, 1)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_dies_with_its_parent(end: signal.Signals) -> None:
    program = (
        "import signal\nfrom casewright.bench.simulator import SimulatorServer\n"
        "with SimulatorServer() as server:\n    print(server.pid, flush=True)\n    signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.send_signal(end)
        parent.wait(20)
    try:
        ready, _, _ = select.select([child], [], [], 20)
    finally:
        os.close(child)
    assert ready == [child]


def test_stopping_ends_the_child_and_calls_then_say_so() -> None:
    server = SimulatorServer()
    with server:
        child = os.pidfd_open(server.pid)
    try:
        ready, _, _ = select.select([child], [], [], 20)
    finally:
        os.close(child)
    assert ready == [child]
    with pytest.raises(MeasurementError, match="not running"):
        server.truth()


def test_a_port_that_is_taken_is_a_measurement_error(server: SimulatorServer) -> None:
    taken = urlsplit(server.url).port
    assert taken is not None
    with pytest.raises(MeasurementError, match="did not start"):
        SimulatorServer(port=taken).start()


def test_a_wrong_configuration_is_a_usage_error() -> None:
    words = [sys.executable, "-m", "casewright.bench.simulator"]
    run = subprocess.run([*words, "--config", '{"ttft": 5}'], capture_output=True, text=True, check=False)
    assert run.returncode == 64
    assert "ttft" in run.stderr
