"""How a process is, by its own ``GET /health``: asked over HTTP, with a deadline."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from casewright.stack.description import ENGINE

HealthWord = Literal["healthy", "degraded", "unhealthy", "no answer"]
_WORDS: tuple[HealthWord, ...] = ("healthy", "degraded", "unhealthy")
_LARGEST = 1_000_000
# A service waits up to 3 s for the engine before it tells its last finding.
HEALTH_S = 6.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one health call saw. None where it does not say."""

    health: HealthWord
    reason: str = ""
    provider: str | None = None
    model: str | None = None
    llm_available: bool | None = None
    source: str | None = None

    @property
    def serves(self) -> bool:
        """Whether it does its work, if with less."""
        return self.health in ("healthy", "degraded")


def look(
    url: str,
    *,
    name: str | None = None,
    token: str | None = None,
    timeout_s: float = HEALTH_S,
    foreign: str | None = None,
) -> Seen:
    """Ask ``url``/health. ``name``: the service that should answer there; ``token`` goes along as its key.

    ``foreign`` is the path of a server that is not ours: it is well when it answers 200 there.
    """
    path = "/health" if foreign is None else foreign
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        connection = connect(parts.hostname or "", parts.port, timeout=timeout_s)
        try:
            connection.request("GET", parts.path.rstrip("/") + path, headers=headers)
            answer = connection.getresponse()
            status, body = answer.status, answer.read(_LARGEST)
        finally:
            connection.close()
    except TimeoutError:
        return Seen("no answer", f"no answer within {timeout_s:g} s")
    except ConnectionRefusedError:
        return Seen("no answer", "nothing listens yet")
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        return Seen("no answer", str(error) or type(error).__name__)
    if foreign is not None:
        return Seen("healthy") if status == 200 else Seen("unhealthy", f"{path} answers HTTP {status}")
    return read_answer(status, body, name)


def read_answer(status: int, body: bytes, name: str | None) -> Seen:
    """What an answer of ``/health`` says; anything that is no health answer is unhealthy and says why."""
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("status") not in _WORDS:
        return Seen("unhealthy", f"HTTP {status}: {_error_of(told)}")
    service = told.get("service")
    if name is not None and service is not None and service != name:
        return Seen("unhealthy", f"another service answers there: {service}")
    reasons = told.get("reasons")
    engine = told.get("engine")
    return Seen(
        health=told["status"],
        reason="; ".join(map(str, reasons)) if isinstance(reasons, list) else "",
        provider=_text(told.get("provider")),
        model=_text(told.get("model")),
        llm_available=told["llm_available"] if isinstance(told.get("llm_available"), bool) else None,
        source=_text(engine.get("source")) if isinstance(engine, dict) else None,
    )


def look_at_all(
    urls: Mapping[str, str],
    token: str | None,
    timeout_s: float = HEALTH_S,
    foreign: Mapping[str, str] | None = None,
) -> dict[str, Seen]:
    """Ask several at once: name -> URL. Only services are shown the token, not the engine.

    ``foreign``: name -> path of those that are not ours.
    """
    found: dict[str, Seen] = {}
    paths = foreign or {}

    def one(name: str, url: str) -> None:
        key = None if name == ENGINE or name in paths else token
        found[name] = look(url, name=name, token=key, timeout_s=timeout_s, foreign=paths.get(name))

    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in urls.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout_s * 2)  # a body that trickles in may pass the deadline of single reads
    return {name: found.get(name, Seen("no answer", "it answers too slowly")) for name in urls}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _error_of(told: Any) -> str:
    error = told.get("error") if isinstance(told, dict) else None
    if isinstance(error, dict):
        return str(error.get("message") or "an error")
    return str(error) if isinstance(error, str) else "not a health answer"
