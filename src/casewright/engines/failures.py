"""From what went wrong on the wire to the error tree, with a hint that helps with this kind of engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from casewright.engines.wire import Failed
from casewright.errors import EngineBusy, EngineError, every_error

_START = {
    "ollama": "start it with `ollama serve`, or set OLLAMA_URL to where it runs",
    "vllm": "start it (`casewright engine serve-vllm --port 8000`), or set VLLM_URL to where it runs",
    "embedded": "start it with `casewright up`, or alone with `casewright engine serve`",
    "simulator": "start it again; it is part of `casewright bench calibrate`",
}
_HINTS = {
    "dns_failure": "check the host's name in the URL",
    "tls_failure": "check the certificate, or write http:// if the server speaks no TLS",
    "connect_timeout": "check host and port, and that no firewall drops the connection",
    "model_not_found": "name a model that the engine serves",
    "context_overflow": "shorten the prompt, ask for fewer tokens, or serve the model with a longer context",
    "bad_request": "check that the URL and the engine's kind (ollama or vllm) belong together",
    "rate_limited": "ask less often, or wait as long as the server says",
    "overloaded": "wait until it has loaded its model or worked off its queue, or ask it less at once",
    "server_failure": "read the engine's own log",
    "first_token_timeout": "the engine may be loading or overloaded; allow more time or send less at once",
    "idle_timeout": "the engine stalled; read its log, or allow more time between tokens",
    "total_timeout": "ask for fewer tokens, or allow more time",
    "connection_lost": "the engine may have crashed or been restarted; read its log",
    "truncated": "the engine or a proxy ended the stream early; read its log",
    "malformed": "check that the URL is the engine itself and of the kind you named",
    "line_too_long": "check that the URL is the engine itself and of the kind you named",
    "stream_error": "read the engine's own log",
}


def redacted(url: str) -> str:
    """The URL without user name and password."""
    return re.sub(r"//[^/@]*@", "//", url)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose errors these are: the engine's kind, and its URL without credentials."""

    kind: str
    url: str

    def hint(self, kind: str) -> str:
        """What to do about an error of this kind of the tree."""
        if kind in ("connection_refused", "unreachable"):
            return _START.get(self.kind, "start the server, or correct the URL")
        if kind == "unauthorized":
            return "set VLLM_API_KEY to the key that the server was started with"
        return _HINTS.get(kind, "read the engine's own log")

    def error(self, failed: Failed, hint: str | None = None) -> EngineError:
        """The error of the tree that a ``Failed`` stands for."""
        found = every_error()[failed.kind]
        if not issubclass(found, EngineError):
            raise TypeError(f"{failed.kind} is not a kind of engine error")
        message, advice = f"{self.url}: {failed.message}", hint or self.hint(failed.kind)
        if issubclass(found, EngineBusy):
            return found(
                message,
                hint=advice,
                url=self.url,
                status=failed.status,
                retry_after_s=failed.retry_after_s,
            )
        return found(message, hint=advice, url=self.url, status=failed.status)
