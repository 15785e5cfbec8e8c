"""Every error Casewright raises, in one tree.

::

    CasewrightError                 what happened, to what, and what to do next
    ├── UsageError                  the command's words cannot be carried out        (exit 64)
    ├── ConfigError                 a setting is missing, unknown or contradictory   (exit 64)
    ├── StorageError                the data directory refused a read or a write
    │   ├── DiskFull
    │   └── IndexUnavailable        the vectors of a case cannot be asked just now
    ├── InstallError                an engine or model could not be set up
    ├── MeasurementError            a measurement cannot be made or trusted          (exit 3)
    │   └── SimulatorLimit          the built-in simulator, not the client, was the limit
    ├── RequestError                a service will not do what a request asks; carries the HTTP status
    │   ├── InvalidRequest          400, the body cannot be read
    │   ├── Unauthenticated         401
    │   ├── Forbidden               403
    │   ├── NotFound                404
    │   ├── MethodNotAllowed        405
    │   ├── RequestTimeout          408, the body did not arrive in time
    │   ├── NotReady                409, what is asked for will be there later
    │   ├── BodyTooLarge            413
    │   ├── UnsupportedMedia        415
    │   ├── MisdirectedRequest      421, asked under a foreign host name
    │   ├── UnprocessableRequest    422, a field is missing, unknown or out of bounds
    │   ├── ServiceBusy             503, carries Retry-After
    │   ├── ServiceFailure          500, our defect
    │   ├── EmbeddingError          503, texts cannot be turned into vectors
    │   │   ├── EmbeddingTimeout
    │   │   └── EmbeddingWorkerLost
    │   └── DocumentError           422, a file cannot be turned into text
    │       ├── UnreadableDocument
    │       ├── EncryptedDocument
    │       ├── DocumentTooLarge    413
    │       ├── DocumentTimeout
    │       └── DocumentWorkerLost
    ├── StackError                  a process of the stack cannot be started, found or stopped
    │   ├── PortTaken
    │   ├── StartFailed
    │   └── NotRunning
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
        ├── StreamBroken
        │   ├── ConnectionLost      reset or closed before the answer was complete
        │   ├── Truncated           the stream ended without its terminal frame
        │   ├── Malformed           bytes that are not the protocol
        │   ├── LineTooLong         a single line beyond the decoder's bound
        │   └── StreamError         the engine reported an error inside the stream
        ├── CircuitOpen             the router does not ask it just now, as it failed a moment ago
        └── AllEnginesFailed        every engine that the router may ask; carries their errors

Vendor and library exceptions are translated into this tree at one seam, ``engines.transport``; the load
generator, which records failures instead of raising them, uses each class's ``kind`` as the name of its
counter. ``message`` says what happened to what; ``hint`` says what to try next.
"""

from __future__ import annotations

from casewright.errors.base import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_INVALID_RUN,
    EXIT_NOT_PROVEN,
    EXIT_OK,
    EXIT_TARGET_FAILED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    CasewrightError,
    ConfigError,
    DiskFull,
    IndexUnavailable,
    InstallError,
    MeasurementError,
    SimulatorLimit,
    StorageError,
    UsageError,
)
from casewright.errors.engine import (
    AllEnginesFailed,
    BadRequest,
    CircuitOpen,
    ConnectionLost,
    ConnectionRefused,
    ConnectTimeout,
    ContextOverflow,
    DnsFailure,
    EngineBusy,
    EngineError,
    EngineRejected,
    EngineTimeout,
    EngineUnreachable,
    FirstTokenTimeout,
    IdleTimeout,
    LineTooLong,
    Malformed,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerFailure,
    StreamBroken,
    StreamError,
    TlsFailure,
    TotalTimeout,
    Truncated,
    Unauthorized,
    only_cause,
)
from casewright.errors.service import (
    BodyTooLarge,
    DocumentError,
    DocumentTimeout,
    DocumentTooLarge,
    DocumentWorkerLost,
    EmbeddingError,
    EmbeddingTimeout,
    EmbeddingWorkerLost,
    EncryptedDocument,
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    MisdirectedRequest,
    NotFound,
    NotReady,
    NotRunning,
    PortTaken,
    RequestError,
    RequestTimeout,
    ServiceBusy,
    ServiceFailure,
    StackError,
    StartFailed,
    Unauthenticated,
    UnprocessableRequest,
    UnreadableDocument,
    UnsupportedMedia,
)

__all__ = [
    "EXIT_FAILURE",
    "EXIT_INTERRUPTED",
    "EXIT_INVALID_RUN",
    "EXIT_NOT_PROVEN",
    "EXIT_OK",
    "EXIT_TARGET_FAILED",
    "EXIT_UNREACHABLE",
    "EXIT_USAGE",
    "AllEnginesFailed",
    "BadRequest",
    "BodyTooLarge",
    "CasewrightError",
    "CircuitOpen",
    "ConfigError",
    "ConnectTimeout",
    "ConnectionLost",
    "ConnectionRefused",
    "ContextOverflow",
    "DiskFull",
    "DnsFailure",
    "DocumentError",
    "DocumentTimeout",
    "DocumentTooLarge",
    "DocumentWorkerLost",
    "EmbeddingError",
    "EmbeddingTimeout",
    "EmbeddingWorkerLost",
    "EncryptedDocument",
    "EngineBusy",
    "EngineError",
    "EngineRejected",
    "EngineTimeout",
    "EngineUnreachable",
    "FirstTokenTimeout",
    "Forbidden",
    "IdleTimeout",
    "IndexUnavailable",
    "InstallError",
    "InvalidRequest",
    "LineTooLong",
    "Malformed",
    "MeasurementError",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "ModelNotFound",
    "NotFound",
    "NotReady",
    "NotRunning",
    "Overloaded",
    "PortTaken",
    "RateLimited",
    "RequestError",
    "RequestTimeout",
    "ServerFailure",
    "ServiceBusy",
    "ServiceFailure",
    "SimulatorLimit",
    "StackError",
    "StartFailed",
    "StorageError",
    "StreamBroken",
    "StreamError",
    "TlsFailure",
    "TotalTimeout",
    "Truncated",
    "Unauthenticated",
    "Unauthorized",
    "UnprocessableRequest",
    "UnreadableDocument",
    "UnsupportedMedia",
    "UsageError",
    "every_error",
    "only_cause",
]


def every_error() -> dict[str, type[CasewrightError]]:
    """Return every error class by its ``kind``; kinds are unique across the tree."""
    found: dict[str, type[CasewrightError]] = {}
    waiting: list[type[CasewrightError]] = [CasewrightError]
    while waiting:
        cls = waiting.pop()
        found[cls.kind] = cls
        waiting.extend(cls.__subclasses__())
    return found
