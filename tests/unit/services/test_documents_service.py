"""POST /process and /health over real HTTP."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from casewright.api.documents import ProcessResponse
from casewright.disk import told
from casewright.documents.workers import WorkerConfig
from casewright.errors import DiskFull, StorageError
from casewright.services.documents import DocumentsConfig, config_from, create_app
from casewright.services.documents.upload import shown_name
from casewright.services.kit.config import KitConfig
from casewright.settings import Settings
from unit.documents.busy import wait_for
from unit.documents.making import LINES, long_tiff, pdf, picture
from unit.services.documents_served import (
    LIMIT,
    SAMPLE,
    Service,
    assert_error,
    assert_serves,
    documents,
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with documents(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Service]:
    """A service of its own, whose worker has not read a picture yet."""
    with documents(tmp_path / "data") as found:
        yield found


def grown(pid: int, before: int) -> bool:
    """Whether a worker has loaded what reads pictures since."""
    try:
        return bool(psutil.Process(pid).memory_info().rss > before + 80 * 1024 * 1024)
    except psutil.NoSuchProcess:
        return False


def worker_of(service: Service) -> tuple[int, int]:
    """The one worker, before it reads its first picture, and what it holds of memory."""
    workers = service.app.state.workers
    wait_for("a worker", lambda: bool(workers.pids()))
    assert_serves(service)
    (pid,) = workers.pids()
    return pid, psutil.Process(pid).memory_info().rss


def test_health_says_what_there_is_and_what_is_not(service: Service) -> None:
    answer = service.get("/health")
    health = answer.json()
    assert (answer.status_code, health["status"], health["service"]) == (200, "healthy", "documents")
    assert health["vision_analysis_available"] is False
    assert health["reasons"] == ["vision: no vision model is configured"]
    assert health["checks"] == {"workers": True, "store": True, "jobs": True}
    assert health["llm_available"] is None
    assert health["limits"]["max_body_bytes"] == LIMIT
    assert {"pages", "process_pages", "process_seconds", "jobs_waiting", "workers"} <= set(health["limits"])
    assert health["figures"]["jobs_waiting"] == health["figures"]["process_running"] == 0
    assert "gaps" in health["isolation"]
    assert health["isolation"]["memory_bytes"] > 0


def test_a_store_that_is_lost_is_unhealthy(tmp_path: Path) -> None:
    with documents(tmp_path) as service:
        (tmp_path / "documents").rename(tmp_path / "elsewhere")
        answer = service.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        assert answer.json()["checks"]["store"] is False
        assert_error(service.process(b"x"), 503, "storage")
        (tmp_path / "elsewhere").rename(tmp_path / "documents")
        assert_serves(service)


def test_the_sample(service: Service) -> None:
    answer = service.process(SAMPLE.read_bytes(), "sample.pdf")
    assert answer.status_code == 200
    assert answer.headers["x-casewright-provider"] == "none"
    found = ProcessResponse.model_validate_json(answer.content)
    assert (found.status, found.reason) == ("ok", "")
    assert (found.filename, found.media_type, found.page_count) == ("sample.pdf", "application/pdf", 2)
    assert (found.method, found.warnings, found.answered_by) == ("text", (), "code")
    assert (found.provider, found.model, found.usage, found.descriptions) == (None, None, None, ())
    assert found.sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert found.size_bytes == SAMPLE.stat().st_size
    assert found.request_id == answer.headers["x-request-id"]
    assert "PPR-9087" in found.markdown
    assert [found.markdown[page.start : page.end] for page in found.pages] == [
        page.markdown for page in found.pages
    ]
    assert set(found.timings.parts) == {"store", "queue", "convert", "join", "keep"}
    assert found.document_id is not None
    assert (service.folder / found.document_id / "original").read_bytes() == SAMPLE.read_bytes()


def test_a_picture(service: Service, tmp_path: Path) -> None:
    picture(LINES[1:3]).save(tmp_path / "a.png")
    found = service.process((tmp_path / "a.png").read_bytes(), "photo.jpg").json()
    assert (found["media_type"], found["method"]) == ("image/png", "ocr")
    assert found["markdown"] == "\n".join(LINES[1:3])
    assert found["pages"][0]["confidence"] > 0.9
    assert "the name ends in .jpg, the content is a PNG image; it was read as that" in found["warnings"]
    metrics = service.get("/metrics").text
    assert 'casewright_document_pages_total{method="ocr"} 1.0' in metrics
    assert 'casewright_document_files_total{status="ok"}' in metrics


def test_a_pages_warning_is_also_with_the_whole(service: Service) -> None:
    found = service.process(pdf(["one"], []), "a.pdf").json()
    assert found["warnings"] == ["page 2: this page is blank"]
    assert found["pages"][1]["warnings"] == ["this page is blank"]


def test_keep_no_leaves_nothing(service: Service) -> None:
    before = service.documents()
    found = service.process(b"canary-91d2", keep="no").json()
    assert (found["document_id"], found["markdown"]) == (None, "canary-91d2")
    assert service.documents() == before


def test_a_service_that_keeps_nothing(tmp_path: Path) -> None:
    with documents(tmp_path, retention=None) as service:
        assert service.process(b"words", keep="default").json()["document_id"] is None
        assert service.documents() == []
        assert (
            "keep"
            in assert_error(service.process(b"words", keep="until_deleted"), 422, "unprocessable_request")[
                "message"
            ]
        )
        assert service.documents() == []


def test_a_password_opens_and_is_not_kept(service: Service) -> None:
    locked = pdf(["the secret sum is £17.20"], ["page two"], password="canary-pw-3e8")
    assert_error(service.process(locked, "a.pdf", password="wrong"), 422, "encrypted_document")
    found = service.process(locked, "a.pdf", password="canary-pw-3e8").json()
    assert "£17.20" in found["markdown"]
    place = service.folder / found["document_id"]
    assert sorted(path.name for path in (place / "pages").iterdir()) == ["1.png", "2.png"]
    for path in service.data.rglob("*"):
        assert path.is_dir() or b"canary-pw-3e8" not in path.read_bytes(), path
    image = service.get(f"/documents/{found['document_id']}/pages/2.png")
    assert (image.status_code, image.content[:4]) == (200, b"\x89PNG")
    error = assert_error(service.get(f"/documents/{found['document_id']}/pages/3.png"), 404, "not_found")
    assert "password" in error["message"]


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"", 422, "unreadable_document"),
        (b"%PDF-1.7 rubbish", 422, "unreadable_document"),
        (pdf(["x"], password="y"), 422, "encrypted_document"),
        (b"GIF89a" + bytes(20), 415, "unsupported_media"),
    ],
)
def test_files_that_are_not_read(service: Service, content: bytes, status: int, kind: str) -> None:
    before = service.documents()
    assert_error(service.process(content, "a.pdf"), status, kind)
    assert service.documents() == before
    assert_serves(service)


def test_requests_that_are_none(service: Service) -> None:
    url = service.url
    wrong = httpx.post(f"{url}/process", files={"upload": ("a.txt", b"x")})
    assert "file" in assert_error(wrong, 422, "unprocessable_request")["message"]
    assert_error(httpx.post(f"{url}/process", json={"file": "x"}), 422, "unprocessable_request")
    assert_error(httpx.post(f"{url}/process", data={"file": "x"}), 422, "unprocessable_request")
    two = httpx.post(f"{url}/process", files=[("file", ("a", b"x")), ("file", ("b", b"y"))])
    assert "more than one" in assert_error(two, 422, "unprocessable_request")["message"]
    for fields in ({"ocr": "maybe"}, {"keep": "forever"}, {"describe": "always"}, {"pasword": "x"}):
        assert_error(service.process(b"x", **fields), 422, "unprocessable_request")
    words = assert_error(httpx.post(f"{url}/process", data={"file": "abc"}), 422, "unprocessable_request")
    assert "in the place of a file" in words["message"]
    twice = httpx.post(f"{url}/process", files={"file": ("a", b"x")}, data={"ocr": ["auto", "never"]})
    assert "ocr: it was sent twice" in assert_error(twice, 422, "unprocessable_request")["message"]
    for path in ("/process?ocr=never", "/jobs?keep=no"):
        unknown = assert_error(service.send(path, b"x", "a.txt"), 422, "unprocessable_request")
        assert "no such parameter" in unknown["message"]
    assert (
        "limit, offset"
        in assert_error(service.get("/documents?limt=5"), 422, "unprocessable_request")["hint"]
    )
    broken = httpx.post(
        f"{url}/process",
        content=b"--b\r\nrubbish",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert broken.status_code in (400, 422)
    assert broken.json()["error"]["request_id"]
    assert_error(httpx.get(f"{url}/process"), 405, "method_not_allowed")
    assert_error(httpx.post(f"{url}/nothing"), 404, "not_found")
    assert_serves(service)


def test_a_long_upload_lies_below_the_data_directory(service: Service) -> None:
    spool = service.app.state.spool
    assert spool.is_relative_to(service.data)
    request = httpx.Request("POST", f"{service.url}/process", files={"file": ("a.txt", b"words " * 500_000)})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    place = urlsplit(service.url)

    def in_spool() -> bool:
        links = []
        for path in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                links.append(str(path.readlink()))
        return any(link.startswith(str(spool)) for link in links)

    with socket.create_connection((str(place.hostname), int(place.port or 0))) as connection:
        connection.sendall(f"POST /process HTTP/1.1\r\n{head}\r\n".encode() + request.read()[:2_500_000])
        wait_for("the upload to be on disk", in_spool)
    wait_for("the upload to be gone", lambda: not in_spool())
    assert_serves(service)


def test_a_disk_that_takes_no_upload_is_said_to_and_not_the_callers_fault(fresh: Service) -> None:
    spool = fresh.app.state.spool
    wait_for("the worker", lambda: fresh.get("/health").json()["status"] == "healthy")
    spool.rename(spool.with_name("aside"))
    spool.write_bytes(b"in the way")
    for path in ("/process", "/jobs"):
        assert_error(fresh.send(path, b"words " * 500_000, "a.txt"), 503, "storage")
    health = fresh.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert str(spool) in " ".join(health.json()["reasons"])
    assert fresh.documents() == []
    spool.unlink()
    spool.with_name("aside").rename(spool)
    assert_serves(fresh)


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), told(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_password_that_is_not_needed_costs_no_page(tmp_path: Path) -> None:
    with documents(tmp_path, encrypted_pages=1) as service:
        found = service.process(pdf(["one"], ["two"]), "a.pdf", password="not needed").json()
        identity = found["document_id"]
        assert service.get(f"/documents/{identity}").json()["images_kept"] is False
        assert service.get(f"/documents/{identity}/pages/2.png").status_code == 200


@pytest.mark.parametrize(
    "content", [b"no database", b"", None], ids=["rubbish", "of another version", "a folder"]
)
def test_a_broken_database_is_told_before_anything_is_served(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "documents" / "jobs.sqlite"
    path.parent.mkdir()
    if content is None:
        path.mkdir()
    elif content:
        path.write_bytes(content * 100)
    else:
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE jobs (created REAL)")
        other.close()
    config = DocumentsConfig(KitConfig("documents", tmp_path))
    with pytest.raises(StorageError, match="database of jobs") as told_of:
        create_app(config)
    assert told_of.value.hint
    if content is None:
        path.rmdir()
    else:
        path.unlink()
    create_app(config)


def test_a_runner_that_ended_is_unhealthy(fresh: Service) -> None:
    feeding = fresh.app.state.runner._feeding
    feeding.get_loop().call_soon_threadsafe(feeding.cancel)
    wait_for("it to be told", lambda: fresh.get("/health").status_code == 503)
    assert "jobs: no job is begun" in " ".join(fresh.get("/health").json()["reasons"])


def test_a_body_of_100_mb_is_refused_and_the_service_lives(service: Service) -> None:
    before = service.documents()
    error = assert_error(service.process(bytes(100 * 1024 * 1024), "big.pdf"), 413, "body_too_large")
    assert str(LIMIT) in error["message"]
    assert service.documents() == before
    assert_serves(service)


def test_what_takes_too_long_for_an_answer_belongs_to_jobs(tmp_path: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    with documents(tmp_path / "data", sync_s=1.0, sync_pages=3) as service:
        error = assert_error(service.process(pdf(*[["x"]] * 4), "a.pdf"), 413, "document_too_large")
        assert "4 pages" in error["message"]
        assert "POST /jobs" in error["hint"]
        assert service.process(pdf(*[["x"]] * 3), "a.pdf").status_code == 200
    with documents(tmp_path / "data", sync_s=1.0) as service:
        error = assert_error(service.process(slow, "slow.tiff"), 422, "document_timeout")
        assert "POST /jobs" in error["hint"]
        assert len(service.documents()) == 1, "the one that was read before"
        # a worker in the place of the stopped one may take longer to start than an answer may take here
        wait_for("the next file to be read", lambda: service.process(b"x", "a.txt").status_code == 200)


def test_a_worker_killed_from_outside_is_replaced_and_its_file_read_again(
    fresh: Service, tmp_path: Path
) -> None:
    pid, before = worker_of(fresh)
    slow = long_tiff(tmp_path / "slow.tiff", 1).read_bytes()
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(fresh.process(slow, "slow.tiff")))
    asking.start()
    wait_for("the reader to be in the middle", lambda: grown(pid, before))
    os.kill(pid, signal.SIGKILL)
    asking.join(20)
    assert not asking.is_alive()
    assert (answers[0].status_code, answers[0].json()["status"]) == (200, "ok")
    assert fresh.app.state.workers.pids() != [pid]
    assert_serves(fresh)


def test_a_caller_who_hangs_up_leaves_neither_work_nor_files(fresh: Service, tmp_path: Path) -> None:
    pid, before = worker_of(fresh)
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    request = httpx.Request("POST", f"{fresh.url}/process", files={"file": ("slow.tiff", slow)})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    place = urlsplit(fresh.url)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as connection:
        connection.sendall(f"POST /process HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        wait_for("the reader to be in the middle", lambda: grown(pid, before))
        assert fresh.documents() != []
    wait_for("the reader to be gone", lambda: not psutil.pid_exists(pid))
    wait_for("the upload to be gone", lambda: fresh.documents() == [])
    assert_serves(fresh)


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
    settings = Settings(
        data=tmp_path, document_bytes=2048, document_seconds=7.0, document_job_s=9.0, auth="none"
    )
    config = config_from(settings, "127.0.0.1", 8101)
    assert (config.kit.max_body_bytes, config.kit.port, config.kit.auth) == (2048, 8101, "none")
    assert (config.sync_s, config.jobs.read_s, config.workers.deadline_s) == (7.0, 9.0, 9.0)
    assert config.kit.concurrency == config.workers.workers == WorkerConfig().workers
    assert (config.retention, config.vision) == (timedelta(days=30), None)
    none = config_from(Settings(data=tmp_path, document_retention_days=0), "127.0.0.1", 8101)
    assert none.retention is None
    seeing = Settings(data=tmp_path, vision_provider="ollama", vision_model="llava:7b", vision_tokens=99)
    vision = config_from(seeing, "127.0.0.1", 8101).vision
    assert vision is not None
    assert (vision.spec.kind, vision.spec.model, vision.max_tokens) == ("ollama", "llava:7b", 99)
    assert vision.spec.url == settings.ollama_url
