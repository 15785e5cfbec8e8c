"""The document service over real HTTP."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from casewright.api.documents import ProcessResponse
from casewright.documents.workers import WorkerConfig, Workers
from casewright.services.documents import DocumentsConfig, config_from, create_app, shown_name
from casewright.services.kit.config import KitConfig
from casewright.settings import Settings
from serving import served
from unit.documents.busy import reading, wait_for
from unit.documents.making import LINES, long_tiff, pdf, picture

SAMPLE = Path(__file__).resolve().parents[3] / "sample.pdf"
LIMIT = 50 * 1024 * 1024


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, spool: Path) -> Iterator[str]:
    kit = KitConfig("documents", tmp_path_factory.mktemp("data"), max_body_bytes=LIMIT, concurrency=1)
    with served(create_app(DocumentsConfig(kit, WorkerConfig(workers=1), spool))) as found:
        yield found


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[str, Workers]]:
    """A service of its own, whose worker has not read a picture yet."""
    (tmp_path / "spool").mkdir()
    kit = KitConfig("documents", tmp_path / "data", max_body_bytes=LIMIT, concurrency=1)
    app = create_app(DocumentsConfig(kit, WorkerConfig(workers=1), tmp_path / "spool"))
    with served(app) as found:
        yield found, app.state.workers


def post(url: str, content: bytes, name: str, field: str = "file") -> httpx.Response:
    return httpx.post(f"{url}/process", files={field: (name, content)}, timeout=60)


def assert_error(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"type", "message", "hint", "request_id"}
    assert error["type"] == kind
    assert error["message"]
    assert error["hint"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return error


def assert_serves(url: str) -> None:
    answer = post(url, b"\xc2\xa31,240.50", "note.txt")
    assert (answer.status_code, answer.json()["markdown"]) == (200, "£1,240.50")
    assert httpx.get(f"{url}/health").json()["status"] == "healthy"


def test_health_says_what_there_is_and_what_is_not(url: str) -> None:
    answer = httpx.get(f"{url}/health")
    health = answer.json()
    assert (answer.status_code, health["status"], health["service"]) == (200, "healthy", "documents")
    assert health["vision_analysis_available"] is False
    assert health["reasons"] == ["vision: no vision model is configured"]
    assert health["checks"] == {"workers": True}
    assert health["llm_available"] is None
    assert health["limits"]["max_body_bytes"] == LIMIT
    assert health["limits"]["pages"] > 0


def test_the_sample(url: str, spool: Path) -> None:
    answer = post(url, SAMPLE.read_bytes(), "sample.pdf")
    assert answer.status_code == 200
    assert answer.headers["x-casewright-provider"] == "none"
    found = ProcessResponse.model_validate_json(answer.content)
    assert (found.filename, found.media_type, found.page_count) == ("sample.pdf", "application/pdf", 2)
    assert (found.method, found.warnings, found.answered_by) == ("text", (), "code")
    assert (found.provider, found.model, found.usage) == (None, None, None)
    assert found.sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert found.size_bytes == SAMPLE.stat().st_size
    assert found.request_id == answer.headers["x-request-id"]
    assert "PPR-9087" in found.markdown
    assert [found.markdown[page.start : page.end] for page in found.pages] == [
        page.markdown for page in found.pages
    ]
    assert set(found.timings.parts) == {"store", "queue", "convert"}
    assert list(spool.iterdir()) == []


def test_a_picture(url: str, tmp_path: Path) -> None:
    picture(LINES[1:3]).save(tmp_path / "a.png")
    found = post(url, (tmp_path / "a.png").read_bytes(), "photo.jpg").json()
    assert (found["media_type"], found["method"]) == ("image/png", "ocr")
    assert found["markdown"] == "\n".join(LINES[1:3])
    assert found["pages"][0]["confidence"] > 0.9
    assert found["warnings"] == ["the name ends in .jpg, the content is a PNG image; it was read as that"]
    assert 'casewright_document_pages_total{method="ocr"} 1.0' in httpx.get(f"{url}/metrics").text


def test_a_pages_warning_is_also_with_the_whole(url: str) -> None:
    found = post(url, pdf(["one"], []), "a.pdf").json()
    assert found["warnings"] == ["page 2: this page is blank"]
    assert found["pages"][1]["warnings"] == ["this page is blank"]


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"", 422, "unreadable_document"),
        (b"%PDF-1.7 rubbish", 422, "unreadable_document"),
        (pdf(["x"], password="y"), 422, "encrypted_document"),
        (b"GIF89a" + bytes(20), 415, "unsupported_media"),
    ],
)
def test_files_that_are_not_read(url: str, spool: Path, content: bytes, status: int, kind: str) -> None:
    assert_error(post(url, content, "a.pdf"), status, kind)
    assert list(spool.iterdir()) == []
    assert_serves(url)


def test_requests_that_are_none(url: str) -> None:
    assert "file" in assert_error(post(url, b"x", "a.txt", "upload"), 422, "unprocessable_request")["message"]
    assert_error(httpx.post(f"{url}/process", json={"file": "x"}), 422, "unprocessable_request")
    assert_error(httpx.post(f"{url}/process", data={"file": "x"}), 422, "unprocessable_request")
    broken = httpx.post(
        f"{url}/process",
        content=b"--b\r\nrubbish",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert broken.status_code in (400, 422)
    assert broken.json()["error"]["request_id"]
    assert_error(httpx.get(f"{url}/process"), 405, "method_not_allowed")
    assert_error(httpx.post(f"{url}/nothing"), 404, "not_found")
    assert_serves(url)


def test_a_body_of_100_mb_is_refused_and_the_service_lives(url: str, spool: Path) -> None:
    error = assert_error(post(url, bytes(100 * 1024 * 1024), "big.pdf"), 413, "body_too_large")
    assert str(LIMIT) in error["message"]
    assert list(spool.iterdir()) == []
    assert_serves(url)


def test_a_worker_killed_over_a_file_fails_that_request_alone(
    fresh: tuple[str, Workers], tmp_path: Path
) -> None:
    url, workers = fresh
    (pid,) = workers.pids()
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(post(url, slow, "slow.tiff")))
    asking.start()
    wait_for("the reader to be in the middle", lambda: reading(pid))
    os.kill(pid, signal.SIGKILL)
    asking.join(20)
    assert not asking.is_alive()
    assert_error(answers[0], 422, "document_worker_lost")
    assert_serves(url)


def test_a_caller_who_hangs_up_leaves_neither_work_nor_files(
    fresh: tuple[str, Workers], tmp_path: Path
) -> None:
    url, workers = fresh
    spool = tmp_path / "spool"
    (pid,) = workers.pids()
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    request = httpx.Request("POST", f"{url}/process", files={"file": ("slow.tiff", slow)})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    place = urlsplit(url)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as connection:
        connection.sendall(f"POST /process HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        wait_for("the reader to be in the middle", lambda: reading(pid))
        assert list(spool.iterdir()) != []
    wait_for("the reader to be gone", lambda: not psutil.pid_exists(pid))
    wait_for("the upload to be gone", lambda: list(spool.iterdir()) == [])
    assert_serves(url)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("letter.pdf", "letter.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\letter.pdf", "letter.pdf"),
        ("a\r\nSet-Cookie: b\x00.txt", "aSet-Cookie: b.txt"),
        ("gpj\u202efdp.exe", "gpjfdp.exe"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_a_name_is_only_shown(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_settings_reach_the_service(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, document_bytes=2048, document_seconds=7.0, auth="none")
    config = config_from(settings, "127.0.0.1", 8101)
    assert (config.kit.max_body_bytes, config.kit.port, config.kit.auth) == (2048, 8101, "none")
    assert config.workers.deadline_s == 7.0
    assert config.kit.concurrency == config.workers.workers == 2
