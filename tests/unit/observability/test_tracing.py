"""Spans as the conventions name them; no content, nothing sent and nothing needed unless asked for."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, server_attributes
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id

from casewright.observability.observer import EngineObserver
from casewright.observability.tracing import Asked, Place, Tracing, TracingConfig, start_tracing
from casewright.values import Usage

CANARY = "Mrs Ashworth's rent arrears"
ASKED = Asked(
    model="llama3.2", stream=True, max_tokens=64, temperature=0.0, seed=7, messages=(("user", CANARY),)
)
PLACES = {
    "vllm": Place("vllm", "127.0.0.1", 8000, "meta-llama/Llama-3.2-3B-Instruct"),
    "ollama": Place("ollama", "127.0.0.1", 11434, "llama3.2"),
}


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def start(kept: InMemorySpanExporter) -> Iterator[Callable[..., Tracing]]:
    begun: list[Tracing] = []

    def make(*, content: bool = False) -> Tracing:
        config = TracingConfig("gateway", "1.0", content=content)
        begun.append(start_tracing(config, PLACES, exporter=kept))
        return begun[-1]

    yield make
    for each in begun:
        each.close()


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def attempt(tracing: EngineObserver, route: str, usage: Usage | None = None, outcome: str = "ok") -> None:
    tracing.queued(route, 0.25)
    tracing.started(route)
    if outcome == "ok":
        tracing.first_token(route, 0.5)
    tracing.finished(route, usage, 2.0, outcome)


def test_an_attempt_alone_is_a_span_of_its_own(
    start: Callable[..., Tracing], kept: InMemorySpanExporter
) -> None:
    tracing = start()
    assert tracing.recording
    attempt(tracing, "vllm", Usage(prompt_tokens=11, output_tokens=5, cached_tokens=3))
    (span,) = kept.get_finished_spans()
    assert span.name == "chat meta-llama/Llama-3.2-3B-Instruct"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert attributes(span) == {
        gen_ai_attributes.GEN_AI_OPERATION_NAME: gen_ai_attributes.GenAiOperationNameValues.CHAT.value,
        gen_ai_attributes.GEN_AI_PROVIDER_NAME: "vllm",
        gen_ai_attributes.GEN_AI_REQUEST_MODEL: "meta-llama/Llama-3.2-3B-Instruct",
        gen_ai_attributes.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: 0.5,
        gen_ai_attributes.GEN_AI_USAGE_INPUT_TOKENS: 11,
        gen_ai_attributes.GEN_AI_USAGE_OUTPUT_TOKENS: 5,
        gen_ai_attributes.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 3,
        server_attributes.SERVER_ADDRESS: "127.0.0.1",
        server_attributes.SERVER_PORT: 8000,
        "casewright.route": "vllm",
        "casewright.outcome": "ok",
        "casewright.queue_seconds": 0.25,
    }
    assert dict(span.resource.attributes)["service.name"] == "casewright-gateway"


def test_a_fallback_is_two_attempts_under_one_request(
    start: Callable[..., Tracing], kept: InMemorySpanExporter
) -> None:
    tracing = start()
    with tracing.request(ASKED) as request:
        attempt(tracing, "vllm", outcome="first_token_timeout")
        tracing.fell_back("vllm", "ollama", "first_token_timeout")
        tracing.started("ollama")
        request.answered("llama3.2:3b", "stop", CANARY)
        tracing.finished("ollama", Usage(output_tokens=2), 1.0, "ok")
    failed, answered, whole = kept.get_finished_spans()
    assert (whole.name, whole.kind) == ("chat llama3.2", SpanKind.INTERNAL)
    assert attributes(whole)["casewright.attempts"] == 2
    assert whole.status.status_code is StatusCode.UNSET
    assert [event.name for event in whole.events] == ["casewright.fallback"]
    assert whole.context is not None
    for span in (failed, answered):
        assert span.parent is not None
        assert span.parent.span_id == whole.context.span_id
        assert attributes(span)[gen_ai_attributes.GEN_AI_REQUEST_MAX_TOKENS] == 64
        assert attributes(span)[gen_ai_attributes.GEN_AI_REQUEST_STREAM] is True
    assert failed.status.status_code is StatusCode.ERROR
    assert attributes(failed)[error_attributes.ERROR_TYPE] == "first_token_timeout"
    assert attributes(answered)["casewright.fallback.from"] == "vllm"
    assert attributes(answered)["casewright.fallback.cause"] == "first_token_timeout"
    for span in (answered, whole):
        assert attributes(span)[gen_ai_attributes.GEN_AI_RESPONSE_MODEL] == "llama3.2:3b"
        assert attributes(span)[gen_ai_attributes.GEN_AI_RESPONSE_FINISH_REASONS] == ("stop",)


@pytest.mark.parametrize("content", [False, True])
def test_content_is_recorded_only_when_asked_for(
    start: Callable[..., Tracing], kept: InMemorySpanExporter, content: bool
) -> None:
    tracing = start(content=content)
    with tracing.request(ASKED) as request:
        tracing.started("vllm")
        request.answered("m", "stop", f"About {CANARY}")
        tracing.finished("vllm", None, 1.0, "ok")
    everything = "".join(span.to_json() for span in kept.get_finished_spans())
    assert (CANARY in everything) is content
    if content:
        found = attributes(kept.get_finished_spans()[0])
        asked = json.loads(str(found[gen_ai_attributes.GEN_AI_INPUT_MESSAGES]))
        assert asked == [{"role": "user", "parts": [{"type": "text", "content": CANARY}]}]
        said = json.loads(str(found[gen_ai_attributes.GEN_AI_OUTPUT_MESSAGES]))
        assert said[0]["parts"] == [{"type": "text", "content": f"About {CANARY}"}]
        assert said[0]["finish_reason"] == "stop"


def test_an_error_is_named_by_its_kind_and_not_by_its_words(
    start: Callable[..., Tracing], kept: InMemorySpanExporter
) -> None:
    class Odd(Exception):
        kind = "overloaded"

    with pytest.raises(Odd), start().request(ASKED):
        raise Odd(CANARY)
    (span,) = kept.get_finished_spans()
    assert attributes(span)[error_attributes.ERROR_TYPE] == "overloaded"
    assert span.status.status_code is StatusCode.ERROR
    assert CANARY not in span.to_json()


def test_a_caller_who_leaves_is_no_error(start: Callable[..., Tracing], kept: InMemorySpanExporter) -> None:
    tracing = start()
    with pytest.raises(asyncio.CancelledError), tracing.request(ASKED):
        tracing.started("vllm")
        raise asyncio.CancelledError
    attempted, whole = kept.get_finished_spans()
    assert attempted.name.startswith("chat meta")
    assert attributes(whole)["casewright.outcome"] == "cancelled"
    assert whole.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        ("00-zz-b7ad6b7169203331-01", False),
        (None, False),
    ],
)
def test_a_caller_s_trace_goes_on(
    start: Callable[..., Tracing], kept: InMemorySpanExporter, header: str | None, taken: bool
) -> None:
    with start().request(ASKED, header):
        pass
    (span,) = kept.get_finished_spans()
    assert span.context is not None
    same = format_trace_id(span.context.trace_id) == "0af7651916cd43dd8448eb211c80319c"
    assert same is taken
    assert (span.parent is not None) is taken


async def test_requests_at_the_same_time_are_kept_apart(
    start: Callable[..., Tracing], kept: InMemorySpanExporter
) -> None:
    tracing = start()
    turns = asyncio.Barrier(2)

    async def request(model: str, route: str) -> None:
        with tracing.request(Asked(model=model)):
            tracing.started(route)
            await turns.wait()
            await asyncio.create_task(end(route))

    async def end(route: str) -> None:
        tracing.finished(route, None, 1.0, "ok")

    await asyncio.gather(request("a", "vllm"), request("b", "ollama"))
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert len(spans) == 4
    for whole, part in (("chat a", "chat meta-llama/Llama-3.2-3B-Instruct"), ("chat b", "chat llama3.2")):
        parent, context = spans[part].parent, spans[whole].context
        assert parent is not None
        assert context is not None
        assert parent.span_id == context.span_id


def test_without_an_endpoint_nothing_is_recorded() -> None:
    tracing = start_tracing(TracingConfig("gateway"), PLACES)
    assert not tracing.recording
    with tracing.request(ASKED) as request:
        attempt(tracing, "vllm", Usage(output_tokens=1))
        tracing.fell_back("vllm", "ollama", "overloaded")
        tracing.breaker("vllm", "open")
        request.answered("m", "stop", "text")
    tracing.close()


def test_an_endpoint_gets_the_spans_and_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            pass

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
        tracing = start_tracing(TracingConfig("rag", endpoint=endpoint), PLACES)
        attempt(tracing, "vllm", Usage(output_tokens=1))
        tracing.close()
        server.shutdown()
    assert [path for path, _ in got] == ["/v1/traces"]
    assert b"chat meta-llama/Llama-3.2-3B-Instruct" in got[0][1]


WITHOUT_PACKAGES = """
import logging, sys
sys.modules["opentelemetry"] = None
from casewright.observability.tracing import Asked, TracingConfig, start_tracing
logging.basicConfig()
tracing = start_tracing(TracingConfig("rag", endpoint="http://127.0.0.1:9/v1/traces"), {})
assert not tracing.recording
with tracing.request(Asked(model="m")) as request:
    tracing.started("vllm")
    request.answered("m", "stop")
tracing.close()
"""


def test_without_the_packages_it_says_so_once_and_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGES], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("extra: otel") == 1


def test_importing_it_imports_no_package() -> None:
    words = "import sys, casewright.observability.tracing; sys.exit('opentelemetry' in sys.modules)"
    subprocess.run([sys.executable, "-c", words], check=True, timeout=60)
