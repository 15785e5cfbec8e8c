"""The three services as they are served, each on a free port; the engine's address leads nowhere."""

from __future__ import annotations

import importlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.services.registry import MODULES
from casewright.settings import Settings
from ports import nobody
from serving import served

NAMES = ("rag", "notes", "documents")


@dataclass(frozen=True)
class Found:
    """A service and where it is."""

    name: str
    url: str
    data_dir: Path


@contextmanager
def service(name: str, data_dir: Path, embedded_url: str | None = None) -> Iterator[Found]:
    """Serve one service with its default limits."""
    settings = Settings(data=data_dir, embedded_url=embedded_url or nobody())
    module: Any = importlib.import_module(MODULES[name])
    with served(module.create_app(module.config_from(settings, "127.0.0.1", 0))) as url:
        yield Found(name, url, data_dir)


def ask(
    url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, method: str | None = None
) -> tuple[int, Mapping[str, str], Any]:
    """Status, headers and JSON (or text) of one call."""
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            status, found, content = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, found, content = error.code, error.headers, error.read()
    return status, found, json.loads(content) if "json" in found.get("content-type", "") else content.decode()


def form(name: str, filename: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    """A multipart body with one file, and its headers."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}
