"""Every error Casewright raises, in one tree.

::

    CasewrightError                 what happened, to what, and what to do next
    ├── UsageError                  the command's words cannot be carried out        (exit 64)
    ├── ConfigError                 a setting is missing, unknown or contradictory   (exit 64)
    ├── StorageError                the data directory refused a read or a write
    │   └── DiskFull
    ├── InstallError                an engine or model could not be set up
    ├── MeasurementError            a measurement cannot be made or trusted          (exit 3)
    │   └── SimulatorLimit          the built-in simulator, not the client, was the limit
    └── EngineError                 one engine, one call; carries the engine's URL     (exit 4)
        ├── EngineUnreachable
        │   ├── DnsFailure
        │   ├── ConnectionRefused
        │   ├── TlsFailure
        │   └── ConnectTimeout
        ├── EngineRejected          the engine understood and said no: repeating will not help
        │   ├── Unauthorized        401, 403
        │   ├── ModelNotFound       404; lists the models there are
        │   ├── ContextOverflow     the prompt and the answer do not fit the context
        │   └── BadRequest          any other 4xx
        ├── EngineBusy              repeating later may help; carries Retry-After
        │   ├── RateLimited         429
        │   └── Overloaded          503
        ├── ServerFailure           500 and other 5xx
        ├── EngineTimeout
        │   ├── FirstTokenTimeout
        │   ├── IdleTimeout         the stream stalled between tokens
        │   └── TotalTimeout
        └── StreamBroken
            ├── ConnectionLost      reset or closed before the answer was complete
            ├── Truncated           the stream ended without its terminal frame
            ├── Malformed           bytes that are not the protocol
            ├── LineTooLong         a single line beyond the decoder's bound
            └── StreamError         the engine reported an error inside the stream

Vendor and library exceptions are translated into this tree at one seam, ``engines.transport``; the load
generator, which records failures instead of raising them, uses each class's ``kind`` as the name of its
counter. ``message`` says what happened to what; ``hint`` says what to try next.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_OK = 0
EXIT_TARGET_FAILED = 1
EXIT_NOT_PROVEN = 2
EXIT_INVALID_RUN = 3
EXIT_UNREACHABLE = 4
EXIT_USAGE = 64
EXIT_FAILURE = 70
EXIT_INTERRUPTED = 130


class CasewrightError(Exception):
    """Base of the tree: ``message`` names what happened and to what, ``hint`` what to do next."""

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_FAILURE

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(CasewrightError):
    """A command was asked for something it cannot do; the hint names words that work."""

    kind = "usage"
    exit_code = EXIT_USAGE


class ConfigError(CasewrightError):
    """A setting is missing, unknown or contradicts another."""

    kind = "config"
    exit_code = EXIT_USAGE


class StorageError(CasewrightError):
    """The data directory refused a read or a write."""

    kind = "storage"


class DiskFull(StorageError):
    """No space (or quota) is left where results are kept."""

    kind = "disk_full"


class InstallError(CasewrightError):
    """An engine or a model could not be set up."""

    kind = "install"


class MeasurementError(CasewrightError):
    """A measurement cannot be made, or cannot be trusted."""

    kind = "measurement"
    exit_code = EXIT_INVALID_RUN


class SimulatorLimit(MeasurementError):
    """The built-in simulator was at its own limit, so nothing was learnt about the client."""

    kind = "simulator_limit"


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


def every_error() -> dict[str, type[CasewrightError]]:
    """Return every error class by its ``kind``; kinds are unique across the tree."""
    found: dict[str, type[CasewrightError]] = {}
    waiting: list[type[CasewrightError]] = [CasewrightError]
    while waiting:
        cls = waiting.pop()
        found[cls.kind] = cls
        waiting.extend(cls.__subclasses__())
    return found
