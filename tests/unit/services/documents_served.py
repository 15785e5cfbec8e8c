"""The document service on a free port, for the tests beside this file."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from casewright.documents.workers import WorkerConfig
from casewright.services.documents import DocumentsConfig, create_app
from casewright.services.kit.config import KitConfig
from serving import served
from unit.documents.busy import wait_for

LIMIT = 50 * 1024 * 1024
# A client that is given no context reads all the authorities of the world when it is made, in 30 ms; a test
# that waits for a job makes one client a look, and none of them speaks TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
SAMPLE = Path(__file__).resolve().parents[3] / "sample.pdf"


@dataclass(frozen=True)
class Service:
    """A service, where it is and where it keeps things."""

    url: str
    data: Path
    app: FastAPI

    @property
    def folder(self) -> Path:
        return self.data / "documents"

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, verify=NO_TLS, **more)

    def delete(self, path: str) -> httpx.Response:
        return httpx.delete(self.url + path, timeout=60, verify=NO_TLS)

    def send(self, path: str, content: bytes, name: str, **fields: str) -> httpx.Response:
        files = {"file": (name, content)}
        return httpx.post(self.url + path, files=files, data=fields, timeout=60, verify=NO_TLS)

    def process(self, content: bytes, name: str = "note.txt", **fields: str) -> httpx.Response:
        return self.send("/process", content, name, **fields)

    def submit(self, content: bytes, name: str = "note.txt", **fields: str) -> dict[str, Any]:
        answer = self.send("/jobs", content, name, **fields)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/jobs/{job_id}").json()
        return found

    def ended(self, job_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """The job, once it is."""
        active = ("queued", "running")
        wait_for("the job to end", lambda: self.job(job_id)["status"] not in active, seconds)
        return self.job(job_id)

    def documents(self) -> list[str]:
        """The ids of what lies in the folder, in the catalogue or not."""
        return [path.name for path in self.folder.iterdir() if path.is_dir()]


@contextmanager
def documents(data: Path, **changes: Any) -> Iterator[Service]:
    """Serve one with a single worker; ``changes`` are of ``DocumentsConfig``, ``kit`` of its kit."""
    kit = KitConfig(
        "documents", data, **{"max_body_bytes": LIMIT, "concurrency": 1, **changes.pop("kit", {})}
    )
    config = DocumentsConfig(kit, **{"workers": WorkerConfig(workers=1), **changes})
    app = create_app(config)
    with served(app) as url:
        yield Service(url, data, app)


def assert_error(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The one shape of errors, whole and without a trace."""
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"type", "message", "hint", "request_id"}
    assert error["type"] == kind
    assert error["message"]
    assert error["hint"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return error


def assert_serves(service: Service) -> None:
    """It reads the next file, and is well."""
    answer = service.process(b"\xc2\xa31,240.50", keep="no")
    assert (answer.status_code, answer.json().get("markdown")) == (200, "£1,240.50")
    assert service.get("/health").json()["status"] == "healthy"


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: str
    name: str
    data: dict[str, Any]


def events(service: Service, job_id: str, last: str | None = None) -> list[Event]:
    """Every event of a job until the stream ends by itself."""
    headers = {"Last-Event-ID": last} if last is not None else {}
    text = service.get(f"/jobs/{job_id}/events", headers=headers).text
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append(Event(fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def canary(word: str, folders: list[Path]) -> list[Path]:
    """Every file below these folders that holds a word, or has it in its name."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            try:
                content = path.read_bytes() if path.is_file() else b""
            except OSError:
                continue
            if word.encode() in content or word in str(path):
                found.append(path)
    return found
