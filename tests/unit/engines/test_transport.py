"""The seam: no exception of the HTTP library is without a place in the error tree."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions
from aiohttp.client_reqrep import ConnectionKey

from casewright.engines.base import Deadlines
from casewright.engines.failures import Origin, redacted
from casewright.engines.transport import Watch, kind_of, translated
from casewright.engines.wire import Failed
from casewright.errors import EngineBusy, EngineError, every_error

ORIGIN = Origin("vllm", "http://127.0.0.1:8000")
KEY = ConnectionKey("127.0.0.1", 8000, False, True, None, None, None)


def _classes(base: type[BaseException]) -> Iterator[type[BaseException]]:
    yield base
    for cls in base.__subclasses__():
        yield from _classes(cls)


def _library_classes() -> list[type[BaseException]]:
    found = {*_classes(aiohttp.ClientError), *_classes(http_exceptions.HttpProcessingError)}
    # ClientError and ClientConnectionError are bases; aiohttp raises the latter itself (a closed connector).
    return sorted(found - {aiohttp.ClientError}, key=lambda cls: cls.__qualname__)


def _bare(cls: type[BaseException]) -> BaseException:
    """An instance without running constructors whose arguments differ; only its type is looked at."""
    error = cls.__new__(cls)
    for name in ("os_error", "_os_error"):
        if isinstance(error, aiohttp.ClientConnectorError) and name == "_os_error":
            error._os_error = OSError(errno.EHOSTUNREACH, "no route")
    return error


@pytest.mark.parametrize("cls", _library_classes(), ids=lambda cls: cls.__qualname__)
def test_no_exception_of_aiohttp_is_unmapped(cls: type[BaseException]) -> None:
    kind = kind_of(_bare(cls))
    assert kind is not None
    found = every_error()[kind]
    assert issubclass(found, EngineError)
    assert found is not EngineError


def test_the_walk_covers_what_aiohttp_exports() -> None:
    exported = {getattr(client_exceptions, name) for name in client_exceptions.__all__}
    errors = {cls for cls in exported if issubclass(cls, aiohttp.ClientError)} - {aiohttp.ClientError}
    assert errors <= set(_library_classes())
    assert len(errors) >= 20


def _connector(error: OSError) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, error)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_connector(OSError(errno.ECONNREFUSED, "refused")), "connection_refused"),
        (_connector(ConnectionRefusedError(None, "all addresses refused")), "connection_refused"),
        (_connector(OSError(errno.ETIMEDOUT, "timed out")), "connect_timeout"),
        (_connector(OSError(errno.EHOSTUNREACH, "no route")), "unreachable"),
        (_connector(socket.gaierror(-2, "unknown")), "dns_failure"),
        (_connector(ssl.SSLError(1, "bad")), "tls_failure"),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(None, "unknown")), "dns_failure"),
        (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, "bad")), "tls_failure"),
        (aiohttp.ClientConnectorCertificateError(KEY, ssl.CertificateError("bad")), "tls_failure"),
        (aiohttp.ConnectionTimeoutError("slow"), "connect_timeout"),
        (aiohttp.SocketTimeoutError("slow"), "idle_timeout"),
        (aiohttp.ServerDisconnectedError(), "connection_lost"),
        (aiohttp.ClientOSError(errno.ECONNRESET, "reset"), "connection_lost"),
        (aiohttp.ClientConnectionResetError("closing"), "connection_lost"),
        (aiohttp.ClientPayloadError("incomplete"), "connection_lost"),
        (http_exceptions.BadStatusLine("x"), "malformed"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "connection_lost"),
        (BrokenPipeError(errno.EPIPE, "pipe"), "connection_lost"),
        (ssl.SSLError(1, "bad record"), "tls_failure"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value,
)
async def test_what_becomes_of_an_exception(error: BaseException, kind: str) -> None:
    with pytest.raises(EngineError) as caught:
        async with translated(ORIGIN):
            raise error
    assert caught.value.kind == kind
    assert caught.value.__cause__ is error
    assert caught.value.message.startswith("http://127.0.0.1:8000: ")
    assert caught.value.hint


@pytest.mark.parametrize("error", [ValueError("ours"), KeyError("ours")])
async def test_our_own_mistakes_are_not_dressed_up(error: Exception) -> None:
    with pytest.raises(type(error)):
        async with translated(ORIGIN):
            raise error


def _engine_kinds() -> list[str]:
    return sorted(kind for kind, cls in every_error().items() if issubclass(cls, EngineError))


@pytest.mark.parametrize("kind", _engine_kinds())
@pytest.mark.parametrize("engine", ["ollama", "vllm", "embedded", "openai", "simulator", "scripted"])
def test_every_kind_of_engine_error_can_be_raised_with_a_hint(kind: str, engine: str) -> None:
    error = Origin(engine, "http://h").error(Failed(kind, "what happened", 1, 503, 2.0))
    assert type(error) is every_error()[kind]
    assert (error.url, error.status) == ("http://h", 503)
    assert error.hint
    if isinstance(error, EngineBusy):
        assert error.retry_after_s == 2.0


def test_a_kind_that_is_no_engine_error_is_our_mistake() -> None:
    with pytest.raises(TypeError):
        ORIGIN.error(Failed("usage", "x", 1))


def test_how_to_start_each_engine() -> None:
    assert "ollama serve" in Origin("ollama", "").hint("connection_refused")
    assert "serve-vllm" in Origin("vllm", "").hint("connection_refused")
    assert "engine serve" in Origin("embedded", "").hint("connection_refused")


@pytest.mark.parametrize(
    ("url", "shown"),
    [("http://u:p@h:1/x", "http://h:1/x"), ("http://h:1", "http://h:1"), ("http://h/a@b", "http://h/a@b")],
)
def test_credentials_are_not_shown(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_which_deadline_is_next() -> None:
    now = [100.0]
    watch = Watch(Deadlines(first_token_s=10, idle_s=3, total_s=20), lambda: now[0])
    assert watch.due() == (110.0, "first_token_timeout", 10)
    now[0] = 109.0
    watch.progress()
    assert watch.due() == (112.0, "idle_timeout", 3)
    now[0] = 119.0
    watch.progress()
    assert watch.due() == (120.0, "total_timeout", 20)
    tight: Any = Watch(Deadlines(first_token_s=10, total_s=5), lambda: 0.0)
    assert tight.due() == (5.0, "total_timeout", 5)
