"""HTTP/1.1 for the load generator: where requests go, and requests as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from casewright.errors import UsageError

_VISIBLE = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a URL points: TLS or not, host, port, and the Host header's value."""

    tls: bool
    host: str
    port: int
    authority: str


def parse_url(url: str) -> Endpoint:
    """Take ``http(s)://host[:port]`` apart; UsageError for anything else (path, query, credentials)."""
    hint = "give http://host:port or https://host:port"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise UsageError(f"not a URL: {url!r}", hint=hint) from exc
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"not an HTTP URL: {url!r}", hint=hint)
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError("the engine's URL has more than scheme, host and port", hint=hint)
    if not _VISIBLE.match(parts.netloc):
        raise UsageError(f"the host of {url!r} has characters that a host cannot have", hint=hint)
    tls = parts.scheme == "https"
    return Endpoint(tls, parts.hostname, port if port is not None else (443 if tls else 80), parts.netloc)


class RequestTemplate:
    """A POST with everything but its body; ``render`` is all that is left to do per request.

    UsageError when path or key hold characters that could end a header line (CR, LF, NUL, spaces, anything
    beyond visible ASCII): nothing the user configures can add a header.
    """

    __slots__ = ("_head",)

    def __init__(self, endpoint: Endpoint, path: str, api_key: str | None = None) -> None:
        for name, value in (("path", path), ("host", endpoint.authority), ("API key", api_key)):
            if value is not None and not _VISIBLE.match(value):
                raise UsageError(
                    f"the {name} has characters that HTTP cannot carry",
                    hint="remove spaces, line breaks and non-ASCII characters from it",
                )
        if not path.startswith("/"):
            raise UsageError(f"the path {path!r} does not begin with /", hint="give an absolute path")
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {endpoint.authority}",
            "Accept: text/event-stream, application/x-ndjson, application/json",
            "Accept-Encoding: identity",
            "User-Agent: casewright-bench",
            "Content-Type: application/json",
        ]
        if api_key:
            lines.append(f"Authorization: Bearer {api_key}")
        self._head: Final = ("\r\n".join(lines) + "\r\nContent-Length: ").encode("ascii")

    def render(self, body: bytes) -> bytes:
        """The whole request."""
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
