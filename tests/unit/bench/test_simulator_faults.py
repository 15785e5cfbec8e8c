"""Every fault does what its name says, to clients of both wire formats."""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from casewright.bench.simulator import Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.engines.wire import (
    Api,
    ChatRequest,
    Delta,
    Event,
    Failed,
    Finished,
    Message,
    StreamDecoder,
    chat_path,
    decode_error,
    encode_chat,
)
from casewright.errors import MeasurementError

TOKENS = 6


@dataclass
class Outcome:
    """What one request came to; ``broke`` is how the connection failed, if it did."""

    status: int
    headers: dict[str, str]
    body: bytes
    broke: str | None
    events: list[Event]

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def deltas(self) -> int:
        return sum(isinstance(event, Delta) for event in self.events)


class Client:
    """One keep-alive connection."""

    def __init__(self, url: str, timeout: float = 20) -> None:
        where = urlsplit(url)
        self.http = http.client.HTTPConnection(where.hostname or "", where.port, timeout=timeout)

    def chat(self, api: Api, *, stream: bool = True) -> Outcome:
        self.send(api, stream=stream)
        answer = self.http.getresponse()
        body, broke = b"", None
        try:
            while piece := answer.read1(65536):
                body += piece
            if answer.length:  # announced, and never came; read1 says nothing about it
                raise http.client.IncompleteRead(body, answer.length)
            answer.read()
        except (http.client.HTTPException, OSError) as error:
            broke = type(error).__name__
        events: list[Event] = []
        if answer.status == 200 and stream:
            decoder = StreamDecoder(api, max_line_bytes=100_000)
            events = decoder.feed(body, 1) + decoder.end(1)
        return Outcome(answer.status, {k.lower(): v for k, v in answer.getheaders()}, body, broke, events)

    def send(self, api: Api, *, stream: bool = True) -> None:
        request = ChatRequest(
            model="any", messages=(Message("user", "a b c d"),), max_tokens=TOKENS, stream=stream
        )
        self.http.request("POST", chat_path(api), encode_chat(api, request))

    def close(self) -> None:
        self.http.close()


Connect = Callable[[], Client]


@pytest.fixture(scope="module", params=["at once", "timed"])
def server(request: pytest.FixtureRequest) -> Iterator[SimulatorServer]:
    """With and without delays, because the answers take different paths."""
    config = SimConfig() if request.param == "at once" else SimConfig(ttft_ms=2, itl_ms=0.5)
    with SimulatorServer(config) as running:
        yield running


@pytest.fixture
def connect(server: SimulatorServer) -> Iterator[Connect]:
    server.control(None)
    server.reset_truth()
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(server.url))
        return made[-1]

    yield make
    for client in made:
        client.close()
    server.control(None)


def ask(server: SimulatorServer, connect: Connect, api: Api, fault: Fault, **options: Any) -> Outcome:
    server.control(FaultPlan(fault=fault, **options))
    return connect().chat(api, stream=options.pop("stream", True))


both = pytest.mark.parametrize("api", list(Api))


@both
@pytest.mark.parametrize(
    ("fault", "status", "kind", "retry"),
    [
        (Fault.HTTP_401, 401, "unauthorized", None),
        (Fault.HTTP_404, 404, "model_not_found", None),
        (Fault.HTTP_429, 429, "rate_limited", 7.0),
        (Fault.HTTP_500, 500, "server_failure", None),
        (Fault.HTTP_503, 503, "overloaded", 7.0),
    ],
)
def test_http_errors_have_each_apis_own_shape(
    server: SimulatorServer,
    connect: Connect,
    *,
    api: Api,
    fault: Fault,
    status: int,
    kind: str,
    retry: float | None,
) -> None:
    got = ask(server, connect, api, fault, retry_after_s=7)
    assert got.status == status
    message = json.loads(got.body)["error"]
    assert isinstance(message, str) if api is Api.OLLAMA else {"message", "type", "code"} <= message.keys()
    failed = decode_error(api, status, got.headers, got.body, at_ns=1)
    assert (failed.kind, failed.retry_after_s) == (kind, retry)
    assert server.truth().faulted == {fault.value: 1}


@both
@pytest.mark.parametrize(
    ("fault", "broke", "deltas", "kind"),
    [
        (Fault.CUT, "IncompleteRead", 2, "truncated"),
        (Fault.RESET, "ConnectionResetError", 2, "truncated"),
        (Fault.BAD_FRAMING, "IncompleteRead", 2, "truncated"),
        (Fault.GARBAGE, None, 2, "malformed"),
        (Fault.HUGE_LINE, None, 2, "line_too_long"),
        (Fault.STREAM_ERROR, None, 2, "stream_error"),
    ],
)
def test_streams_break_after_the_tokens_asked_for(
    server: SimulatorServer,
    connect: Connect,
    *,
    api: Api,
    fault: Fault,
    broke: str | None,
    deltas: int,
    kind: str,
) -> None:
    got = ask(server, connect, api, fault, after_tokens=2, size_bytes=300_000)
    assert isinstance(got.last, Failed)
    assert got.last.kind == kind
    assert got.broke == broke or (fault is Fault.BAD_FRAMING and got.broke is not None)
    # A reset may destroy what the client had not read yet; everywhere else the good tokens arrive.
    assert got.deltas == deltas or (fault is Fault.RESET and got.deltas < deltas)


@both
def test_stall_before_first_sends_nothing(server: SimulatorServer, connect: Connect, api: Api) -> None:
    server.control(FaultPlan(fault=Fault.STALL_BEFORE_FIRST))
    client = connect()
    client.send(api)
    ready, _, _ = select.select([client.http.sock], [], [], 0.2)
    assert ready == []
    truth = server.truth()
    assert (truth.in_service, truth.completed, truth.bytes_written) == (1, 0, 0)


@both
def test_stall_after_first_sends_its_tokens_and_stays_open(
    server: SimulatorServer, connect: Connect, api: Api
) -> None:
    server.control(FaultPlan(fault=Fault.STALL_AFTER_FIRST, after_tokens=3))
    client = connect()
    client.send(api)
    answer = client.http.getresponse()
    decoder = StreamDecoder(api)
    events: list[Event] = []
    while len(events) < 3:
        events += decoder.feed(answer.read1(), 1)
    ready, _, _ = select.select([client.http.sock], [], [], 0.2)
    assert ready == []
    assert all(isinstance(event, Delta) for event in events)
    assert server.truth().in_service == 1


@both
@pytest.mark.parametrize("fault", [Fault.STALL_BEFORE_FIRST, Fault.STALL_AFTER_FIRST])
def test_a_stall_with_an_end_goes_on(
    server: SimulatorServer, connect: Connect, api: Api, fault: Fault
) -> None:
    got = ask(server, connect, api, fault, stall_ms=20, after_tokens=2)
    assert isinstance(got.last, Finished)
    assert got.deltas == TOKENS
    slowest = server.truth().duration_ms.max
    assert slowest is not None
    assert slowest >= 20


@both
@pytest.mark.parametrize("fault", [Fault.TRICKLE, Fault.SLOW_HEADERS, Fault.ROLE_ONLY_FIRST])
def test_odd_but_lawful_answers_decode_as_the_good_one(
    server: SimulatorServer, connect: Connect, api: Api, fault: Fault
) -> None:
    good = connect().chat(api)
    server.reset_truth()
    got = ask(server, connect, api, fault, delay_ms=0.05)
    assert isinstance(got.last, Finished)
    assert [e.text for e in got.events if isinstance(e, Delta)] == [
        e.text for e in good.events if isinstance(e, Delta)
    ]
    truth = server.truth()
    assert (truth.completed, truth.tokens, truth.faulted) == (1, TOKENS, {fault.value: 1})
    assert truth.ttft_ms.n == 1
    # one write more for the role, ten for the head's pieces, one for each byte of a trickle
    extra = {Fault.ROLE_ONLY_FIRST: 1, Fault.SLOW_HEADERS: 10}
    writes = truth.bytes_written if fault is Fault.TRICKLE else TOKENS + extra[fault]
    assert truth.lateness_ms.n == writes


@both
def test_role_only_first_has_an_empty_chunk(server: SimulatorServer, connect: Connect, api: Api) -> None:
    got = ask(server, connect, api, Fault.ROLE_ONLY_FIRST)
    first = got.body.split(b"\n")[0].removeprefix(b"data: ")
    payload = json.loads(first)
    delta = payload["message"] if api is Api.OLLAMA else payload["choices"][0]["delta"]
    assert delta == {"role": "assistant", "content": ""}


@both
def test_wrong_content_type_is_a_page(server: SimulatorServer, connect: Connect, api: Api) -> None:
    got = ask(server, connect, api, Fault.WRONG_CONTENT_TYPE)
    assert got.headers["content-type"].startswith("text/html")
    assert b"<h1>" in got.body
    assert got.deltas == 0


@both
def test_no_usage_leaves_the_counts_out(server: SimulatorServer, connect: Connect, api: Api) -> None:
    got = ask(server, connect, api, Fault.NO_USAGE)
    assert isinstance(got.last, Finished)
    assert got.last.usage is None or got.last.usage.output_tokens is None
    assert got.deltas == TOKENS


@both
def test_truncated_prompt_reports_fewer_prompt_tokens(
    server: SimulatorServer, connect: Connect, api: Api
) -> None:
    counts = []
    for got in (connect().chat(api), ask(server, connect, api, Fault.TRUNCATED_PROMPT, prompt_share=0.25)):
        assert isinstance(got.last, Finished)
        assert got.last.usage is not None
        assert got.last.usage.prompt_tokens is not None
        counts.append(got.last.usage.prompt_tokens)
    assert counts[1] == int(counts[0] * 0.25)


def use_again(client: Client, api: Api) -> None:
    """Use a kept-alive connection once more, to the answer's first byte."""
    client.send(api)
    client.http.getresponse()


@both
@pytest.mark.parametrize("on_reuse", [False, True])
def test_keepalive_drop_closes_after_its_answers(
    server: SimulatorServer, connect: Connect, api: Api, on_reuse: bool
) -> None:
    server.control(FaultPlan(fault=Fault.KEEPALIVE_DROP, after_requests=2, on_reuse=on_reuse))
    client = connect()
    outcomes = [client.chat(api), client.chat(api)]
    assert all(isinstance(outcome.last, Finished) for outcome in outcomes)
    sock = client.http.sock
    if on_reuse:
        # The request's later bytes meet a closed socket, so the client sees either its end or a reset.
        with pytest.raises(ConnectionError):
            use_again(client, api)
    else:
        ready, _, _ = select.select([sock], [], [], 20)
        assert ready == [sock]
        assert sock.recv(1) == b""
    truth = server.truth()
    assert (truth.completed, truth.faulted) == (2, {"keepalive_drop": 1})


def test_refuse_closes_the_listener_and_the_connections_and_ends_when_told(
    server: SimulatorServer, connect: Connect
) -> None:
    client = connect()
    assert isinstance(client.chat(Api.OPENAI).last, Finished)
    server.control(FaultPlan(fault=Fault.REFUSE))
    with pytest.raises(ConnectionError):
        client.chat(Api.OPENAI)
    with pytest.raises(ConnectionRefusedError):
        connect().chat(Api.OPENAI)
    server.control(FaultPlan(fault=Fault.REFUSE))
    server.control(None)
    assert isinstance(connect().chat(Api.OPENAI).last, Finished)


@both
@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (Fault.CUT, lambda got: got.broke == "IncompleteRead"),
        (Fault.RESET, lambda got: got.broke is not None),
        (Fault.GARBAGE, lambda got: got.broke is None and not got.body.endswith(b"}")),
        (Fault.STREAM_ERROR, lambda got: got.status == 500),
        (Fault.HUGE_LINE, lambda got: len(json.loads(got.body)) > 0 and len(got.body) > 300_000),
        (Fault.NO_USAGE, lambda got: b"usage" not in got.body and b"eval_count" not in got.body),
        (Fault.TRICKLE, lambda got: json.loads(got.body) is not None),
        (Fault.SLOW_HEADERS, lambda got: json.loads(got.body) is not None),
        (Fault.ROLE_ONLY_FIRST, lambda got: json.loads(got.body) is not None),
        (Fault.WRONG_CONTENT_TYPE, lambda got: b"<h1>" in got.body),
    ],
)
def test_unstreamed_answers_break_too(
    server: SimulatorServer, connect: Connect, api: Api, fault: Fault, check: Callable[[Outcome], bool]
) -> None:
    server.control(FaultPlan(fault=fault, size_bytes=300_000, delay_ms=0.05))
    assert check(connect().chat(api, stream=False))


@both
def test_an_unstreamed_answer_may_have_unreadable_framing(
    server: SimulatorServer, connect: Connect, api: Api
) -> None:
    server.control(FaultPlan(fault=Fault.BAD_FRAMING))
    client = connect()
    client.send(api, stream=False)
    sock = client.http.sock
    data = b""
    while piece := sock.recv(65536):
        data += piece
    assert b"content-length: many\r\n" in data


def test_the_rate_is_a_seeded_share_of_the_requests(server: SimulatorServer, connect: Connect) -> None:
    plan = FaultPlan(fault=Fault.HTTP_503, rate=0.3, seed=4)
    runs = []
    for _ in range(2):
        server.control(plan)
        client = connect()
        runs.append([client.chat(Api.OPENAI).status for _ in range(100)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 503}
    assert 15 <= runs[0].count(503) <= 45


def test_a_wrong_control_message_is_refused_and_changes_nothing(server: SimulatorServer) -> None:
    client = Client(server.control_url)
    for body in (b"{", b"{}", b'{"fault": "nonsense"}', b'{"fault": "cut", "rate": 2}', b"[1]"):
        client.http.request("POST", "/control", body)
        answer = client.http.getresponse()
        assert (body, answer.status) == (body, 400)
        assert "error" in json.loads(answer.read())
    client.close()
    assert server.truth().config.fault is None


def test_control_of_a_simulator_that_is_gone() -> None:
    server = SimulatorServer()
    server.start()
    server.stop()
    with pytest.raises(MeasurementError):
        server.control(None)
