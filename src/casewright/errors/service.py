"""Errors of a service's requests, and of the processes of a stack."""

from __future__ import annotations

from typing import ClassVar

from casewright.errors.base import EXIT_USAGE, CasewrightError


class RequestError(CasewrightError):
    """A service will not do what a request asks; ``status`` is the HTTP status that says so."""

    kind = "request"
    status: ClassVar[int] = 400


class InvalidRequest(RequestError):
    """400: the body is not what its content type says, or cannot be read at all."""

    kind = "invalid_request"


class Unauthenticated(RequestError):
    """401: no API key was given, or it is not one of ours."""

    kind = "unauthenticated"
    status = 401


class Forbidden(RequestError):
    """403: the key is ours and its scopes do not reach this, or the request comes from another site."""

    kind = "forbidden"
    status = 403


class NotFound(RequestError):
    """404: there is no such route or object."""

    kind = "not_found"
    status = 404


class MethodNotAllowed(RequestError):
    """405: the route exists for another method."""

    kind = "method_not_allowed"
    status = 405


class RequestTimeout(RequestError):
    """408: the request's body did not arrive in time."""

    kind = "request_timeout"
    status = 408


class NotReady(RequestError):
    """409: what is asked for will be there later; repeating it then will help."""

    kind = "not_ready"
    status = 409


class BodyTooLarge(RequestError):
    """413: the body is larger than the service takes."""

    kind = "body_too_large"
    status = 413


class UnsupportedMedia(RequestError):
    """415: the service does not read this kind of body or file."""

    kind = "unsupported_media"
    status = 415


class MisdirectedRequest(RequestError):
    """421: the request names a host this service does not answer for (against DNS rebinding)."""

    kind = "misdirected_request"
    status = 421


class UnprocessableRequest(RequestError):
    """422: the body is well-formed, and a field is missing, unknown or out of bounds."""

    kind = "unprocessable_request"
    status = 422


class ServiceBusy(RequestError):
    """503: every place is taken; ``retry_after_s`` is when to try again, in seconds."""

    kind = "service_busy"
    status = 503

    def __init__(self, message: str, *, hint: str, retry_after_s: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ServiceFailure(RequestError):
    """500: a defect of ours, or a status that none of the others name; the log has the trace under its id."""

    kind = "service_failure"
    status = 500


class DocumentError(RequestError):
    """422: a file cannot be turned into text."""

    kind = "document"
    status = 422


class UnreadableDocument(DocumentError):
    """The file is damaged, or not what its content says."""

    kind = "unreadable_document"


class EncryptedDocument(DocumentError):
    """The file asks for a password."""

    kind = "encrypted_document"


class DocumentTooLarge(DocumentError):
    """413: more pages, pixels or text than the limits allow."""

    kind = "document_too_large"
    status = 413


class DocumentTimeout(DocumentError):
    """Reading took longer than allowed; the worker was ended."""

    kind = "document_timeout"


class DocumentWorkerLost(DocumentError):
    """The worker process that read the file died of it."""

    kind = "document_worker_lost"


class EmbeddingError(RequestError):
    """503: texts cannot be turned into vectors just now."""

    kind = "embedding"
    status = 503


class EmbeddingTimeout(EmbeddingError):
    """The embedding process took longer than allowed and was ended; another takes its place."""

    kind = "embedding_timeout"


class EmbeddingWorkerLost(EmbeddingError):
    """The embedding process died of it, or said what is no answer; another takes its place."""

    kind = "embedding_worker_lost"


class StackError(CasewrightError):
    """A process of the stack cannot be started, found or stopped."""

    kind = "stack"


class PortTaken(StackError):
    """Another process listens where one of ours should."""

    kind = "port_taken"
    exit_code = EXIT_USAGE


class StartFailed(StackError):
    """A process of the stack ended, or did not become healthy, within its deadline."""

    kind = "start_failed"


class NotRunning(StackError):
    """The stack is not running."""

    kind = "not_running"
