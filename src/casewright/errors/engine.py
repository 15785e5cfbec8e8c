"""Errors of one engine and one call."""

from __future__ import annotations

from casewright.errors.base import EXIT_UNREACHABLE, CasewrightError


class EngineError(CasewrightError):
    """Something went wrong with one engine; ``url`` says which, ``status`` is the HTTP status if any."""

    kind = "engine"
    exit_code = EXIT_UNREACHABLE

    def __init__(self, message: str, *, hint: str, url: str = "", status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.url = url
        self.status = status


class EngineUnreachable(EngineError):
    """No connection to the engine could be made."""

    kind = "unreachable"
    exit_code = EXIT_UNREACHABLE


class DnsFailure(EngineUnreachable):
    """The host name does not resolve."""

    kind = "dns_failure"


class ConnectionRefused(EngineUnreachable):
    """Nothing listens on that port."""

    kind = "connection_refused"


class TlsFailure(EngineUnreachable):
    """The TLS handshake failed (certificate, protocol, or plain HTTP behind https://)."""

    kind = "tls_failure"


class ConnectTimeout(EngineUnreachable):
    """No connection within the connect deadline."""

    kind = "connect_timeout"


class EngineRejected(EngineError):
    """The engine understood the request and refused it; repeating it unchanged will not help."""

    kind = "rejected"


class Unauthorized(EngineRejected):
    """401 or 403: the API key is missing or wrong."""

    kind = "unauthorized"


class ModelNotFound(EngineRejected):
    """404: the engine does not serve this model."""

    kind = "model_not_found"


class ContextOverflow(EngineRejected):
    """The prompt and the requested answer do not fit the model's context."""

    kind = "context_overflow"


class BadRequest(EngineRejected):
    """Any other 4xx."""

    kind = "bad_request"


class EngineBusy(EngineError):
    """The engine sheds load; ``retry_after_s`` is the server's Retry-After in seconds, None if not given."""

    kind = "busy"

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        url: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, url=url, status=status)
        self.retry_after_s = retry_after_s


class RateLimited(EngineBusy):
    """429."""

    kind = "rate_limited"


class Overloaded(EngineBusy):
    """503."""

    kind = "overloaded"


class ServerFailure(EngineError):
    """500 and any 5xx that is not 503."""

    kind = "server_failure"


class EngineTimeout(EngineError):
    """A deadline passed; the subclass says which."""

    kind = "timeout"


class FirstTokenTimeout(EngineTimeout):
    """Nothing was generated within the first-token deadline."""

    kind = "first_token_timeout"


class IdleTimeout(EngineTimeout):
    """The stream stalled after its first token."""

    kind = "idle_timeout"


class TotalTimeout(EngineTimeout):
    """The whole answer took longer than allowed."""

    kind = "total_timeout"


class StreamBroken(EngineError):
    """The answer began and did not end as the protocol says."""

    kind = "stream_broken"


class ConnectionLost(StreamBroken):
    """The connection was reset or closed before the answer was complete."""

    kind = "connection_lost"


class Truncated(StreamBroken):
    """The stream ended in order but without its terminal frame."""

    kind = "truncated"


class Malformed(StreamBroken):
    """Bytes that are not the protocol (bad JSON, bad framing, wrong content type)."""

    kind = "malformed"


class LineTooLong(StreamBroken):
    """A single line grew beyond the decoder's bound."""

    kind = "line_too_long"


class StreamError(StreamBroken):
    """The engine reported an error inside a stream that had begun with HTTP 200."""

    kind = "stream_error"


class CircuitOpen(EngineError):
    """The engine failed a moment ago and is not asked; ``retry_after_s`` is when it is looked at again."""

    kind = "circuit_open"

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        url: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, url=url, status=status)
        self.retry_after_s = retry_after_s


class AllEnginesFailed(EngineError):
    """No engine that was allowed gave an answer; ``causes`` are their errors, in the order of the attempts.

    ``status`` is for whoever asked: 503 if all are away, busy, or not asked just now, 404 if none has the
    model, 504 if all were too slow, else 502. ``retry_after_s`` is given when all are busy or not asked just
    now: seconds until the soonest may answer.
    """

    kind = "all_engines_failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        url: str = "",
        status: int | None = None,
        causes: tuple[EngineError, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, url=url, status=status)
        self.causes = causes
        self.retry_after_s = retry_after_s


def only_cause(error: EngineError) -> EngineError:
    """The error of the one engine there was to ask; any other error as it is."""
    if isinstance(error, AllEnginesFailed) and len(error.causes) == 1:
        return error.causes[0]
    return error
