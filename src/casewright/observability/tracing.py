"""OpenTelemetry spans of what engines are asked, by the semantic conventions for generative AI.

Attribute names are those of the conventions' GenAI spans as of November 2026 (status "development"; schema
1.41.1; https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/), where ``gen_ai.provider.name`` has
replaced ``gen_ai.system``. Neither vLLM nor Ollama has a well-known provider name there; the engine's kind is
used. What is ours alone begins with ``casewright.``.

One ``CLIENT`` span for every attempt on an engine and, where the caller opens :meth:`Tracing.request`, one
``INTERNAL`` span over all attempts of a request. ``error.type`` is a kind of the error tree. Prompts and
answers are recorded only when the configuration says ``content``. Nothing is sent without an endpoint, and
without the packages of the extra ``otel`` nothing is recorded at all.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from casewright.values import Usage

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

__all__ = ["Asked", "Place", "TracedRequest", "Tracing", "TracingConfig", "start_tracing"]

SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.1"
OPERATION = "chat"
_FINE = ("ok", "cancelled")
_QUEUE, _EXPORT_MS, _BATCH = 2048, 5000.0, 512
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TracingConfig:
    """Where spans go. ``endpoint``: full OTLP/HTTP URL (``http://127.0.0.1:4318/v1/traces``), None: nowhere.

    ``content`` True records prompts and answers, which are the users' own; it must be asked for.
    """

    service: str
    version: str = ""
    endpoint: str | None = None
    content: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What stands behind a route: its engine kind, host and port, and the model's name there."""

    kind: str
    address: str
    port: int
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller asked for; ``messages`` are (role, text) and used only when content is recorded."""

    model: str | None = None
    stream: bool = False
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    json_output: bool = False
    messages: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class TracedRequest:
    """One request while it is traced; this one records nothing."""

    def answered(self, model: str | None, finish_reason: str | None, text: str = "") -> None:
        """How it was answered: the model by the engine's own word; ``text`` is used only with content.

        Told before the attempt is finished, it is on the attempt's span too.
        """


class Tracing:
    """Observes a router and traces requests; this one records nothing, and costs next to nothing."""

    recording = False

    @contextmanager
    def request(self, asked: Asked, traceparent: str | None = None) -> Iterator[TracedRequest]:
        """Put all attempts made inside under one span, itself under the caller's ``traceparent`` (W3C)."""
        yield TracedRequest()

    def started(self, route: str, /) -> None:
        """A request was sent to a route."""

    def first_token(self, route: str, seconds: float, /) -> None:
        """It generated its first piece."""

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        """It ended: ``ok``, ``cancelled``, or an error's kind."""

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        """A request went on to another route."""

    def breaker(self, route: str, state: str, /) -> None:
        """No request's doing: metrics show it, spans do not."""

    def queued(self, route: str, seconds: float, /) -> None:
        """A request waited for its place."""

    def close(self) -> None:
        """Send what has not been sent."""


def start_tracing(
    config: TracingConfig, places: Mapping[str, Place], *, exporter: SpanExporter | None = None
) -> Tracing:
    """A tracing that records, or one that does nothing.

    It does nothing when neither an endpoint nor an ``exporter`` is given, or when the packages of the extra
    ``otel`` are missing (said once in the log). Nothing global is set, and no environment variable decides
    whether or where spans are sent.
    """
    if exporter is None and config.endpoint is None:
        return Tracing()
    try:
        trace = importlib.import_module("opentelemetry.trace")
        provider = _provider(config, exporter)
    except ImportError as error:
        _log.warning("no tracing: %s is not installed (extra: otel)", error.name)
        return Tracing()
    return _Recording(config, places, provider, trace)


def _provider(config: TracingConfig, exporter: SpanExporter | None) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased  # noqa: PLC0415

    about = {"service.name": f"casewright-{config.service}", "service.version": config.version}
    provider = TracerProvider(
        ParentBased(ALWAYS_ON), Resource(about, SCHEMA_URL), shutdown_on_exit=exporter is None
    )
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

    session = importlib.import_module("requests").Session()
    session.trust_env = False  # spans go to the endpoint that was named, past no proxy of the environment
    sender = OTLPSpanExporter(endpoint=config.endpoint, session=session)
    provider.add_span_processor(BatchSpanProcessor(sender, _QUEUE, _EXPORT_MS, _BATCH))
    return provider


@dataclass(slots=True)
class _Work:
    """What is known of the request that a context serves."""

    asked: Asked = Asked()
    span: Span | None = None
    context: Context | None = None
    route: str = ""
    attempt: Span | None = None
    attempts: int = 0
    coming: dict[str, Any] = field(default_factory=dict)


class _Recording(Tracing):
    """Records."""

    recording = True

    def __init__(
        self, config: TracingConfig, places: Mapping[str, Place], provider: TracerProvider, trace: ModuleType
    ) -> None:
        self._content = config.content
        self._places = places
        self._provider = provider
        self._trace = trace
        self._tracer = provider.get_tracer("casewright", config.version, SCHEMA_URL)
        self._work: ContextVar[_Work | None] = ContextVar("casewright_traced", default=None)

    @contextmanager
    def request(self, asked: Asked, traceparent: str | None = None) -> Iterator[TracedRequest]:
        trace = self._trace
        span = self._tracer.start_span(
            _name(asked.model),
            context=_parent(traceparent),
            kind=trace.SpanKind.INTERNAL,
            attributes={"gen_ai.operation.name": OPERATION, **_asked(asked)},
        )
        work = _Work(asked, span, trace.set_span_in_context(span))
        self._work.set(work)
        try:
            yield _Scope(self, work)
        except BaseException as error:
            kind = getattr(error, "kind", None)
            if isinstance(error, Exception):
                self._failed(span, str(kind or type(error).__name__))
            else:
                span.set_attribute("casewright.outcome", "cancelled")
            raise
        finally:
            if work.attempt is not None:
                work.attempt.end()
            span.set_attribute("casewright.attempts", work.attempts)
            span.end()
            self._work.set(None)

    def started(self, route: str, /) -> None:
        work = self._current()
        if work.attempt is not None:  # left open by a router that gave up on it without a word
            work.attempt.end()
        place = self._places.get(route)
        model = (place.model if place is not None else None) or work.asked.model
        about: dict[str, Any] = {
            "gen_ai.operation.name": OPERATION,
            "gen_ai.provider.name": place.kind if place is not None else route,
            "casewright.route": route,
            **_asked(work.asked),
            **work.coming,
        }
        if model is not None:
            about["gen_ai.request.model"] = model
        if place is not None:
            about |= {"server.address": place.address, "server.port": place.port}
        if self._content and work.asked.messages:
            about["gen_ai.input.messages"] = _messages(work.asked.messages)
        work.attempt = self._tracer.start_span(
            _name(model), context=work.context, kind=self._trace.SpanKind.CLIENT, attributes=about
        )
        work.route, work.coming = route, {}
        work.attempts += 1

    def first_token(self, route: str, seconds: float, /) -> None:
        if (span := self._attempt(route)) is not None:
            span.set_attribute("gen_ai.response.time_to_first_chunk", seconds)

    def finished(self, route: str, usage: Usage | None, seconds: float, outcome: str, /) -> None:
        if (span := self._attempt(route)) is None:
            return
        counts = usage or Usage()
        for name, count in (
            ("input_tokens", counts.prompt_tokens),
            ("output_tokens", counts.output_tokens),
            ("cache_read.input_tokens", counts.cached_tokens),
        ):
            if count is not None:
                span.set_attribute(f"gen_ai.usage.{name}", count)
        span.set_attribute("casewright.outcome", str(outcome))
        if outcome not in _FINE:
            self._failed(span, str(outcome))
        work = self._current()
        span.end()
        work.attempt = None

    def fell_back(self, from_route: str, to_route: str, cause: str, /) -> None:
        work = self._current()
        about = {
            "casewright.fallback.from": from_route,
            "casewright.fallback.to": to_route,
            "casewright.fallback.cause": str(cause),
        }
        if work.span is not None:
            work.span.add_event("casewright.fallback", about)
        if work.attempt is not None and work.route == to_route:
            work.attempt.set_attributes(about)
        else:
            work.coming |= about

    def queued(self, route: str, seconds: float, /) -> None:
        if (span := self._attempt(route)) is not None:
            span.set_attribute("casewright.queue_seconds", seconds)
        else:
            self._current().coming["casewright.queue_seconds"] = seconds

    def close(self) -> None:
        self._provider.shutdown()

    def _current(self) -> _Work:
        work = self._work.get()
        if work is None:
            work = _Work()
            self._work.set(work)
        return work

    def _attempt(self, route: str) -> Span | None:
        work = self._work.get()
        return work.attempt if work is not None and work.route == route else None

    def _failed(self, span: Span, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))


class _Scope(TracedRequest):
    """A request that is recorded."""

    def __init__(self, owner: _Recording, work: _Work) -> None:
        self._content = owner._content
        self._work = work

    def answered(self, model: str | None, finish_reason: str | None, text: str = "") -> None:
        for span in (self._work.attempt, self._work.span):
            if span is None:
                continue
            if model is not None:
                span.set_attribute("gen_ai.response.model", model)
            if finish_reason is not None:
                span.set_attribute("gen_ai.response.finish_reasons", [finish_reason])
            if self._content and text:
                said = {"role": "assistant", "parts": [{"type": "text", "content": text}]}
                said["finish_reason"] = finish_reason or ""
                span.set_attribute("gen_ai.output.messages", json.dumps([said], ensure_ascii=False))


def _name(model: str | None) -> str:
    """``{operation} {model}``, as the conventions want it."""
    return f"{OPERATION} {model}" if model else OPERATION


def _asked(asked: Asked) -> dict[str, Any]:
    known = {
        "gen_ai.request.model": asked.model,
        "gen_ai.request.stream": asked.stream or None,
        "gen_ai.request.max_tokens": asked.max_tokens,
        "gen_ai.request.temperature": asked.temperature,
        "gen_ai.request.top_p": asked.top_p,
        "gen_ai.request.seed": asked.seed,
        "gen_ai.output.type": "json" if asked.json_output else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _messages(messages: tuple[tuple[str, str], ...]) -> str:
    """The conventions' JSON of a chat history."""
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in messages],
        ensure_ascii=False,
    )


def _parent(traceparent: str | None) -> Context:
    """The caller's trace, if its header is one; else a trace of our own, whatever is current here."""
    from opentelemetry.context import Context  # noqa: PLC0415 -- an extra
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    carrier = {"traceparent": traceparent} if traceparent else {}
    return TraceContextTextMapPropagator().extract(carrier, Context())
