"""/jobs: taken, told page by page, cancelled, bounded, beside callers of /process; they survive a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from casewright.api.documents import JobOut, ProcessResponse
from casewright.documents.workers import WorkerConfig
from casewright.services.documents.config import JobsConfig
from unit.documents.busy import wait_for
from unit.documents.making import long_tiff, pdf
from unit.services.documents_served import (
    SAMPLE,
    Service,
    assert_error,
    assert_serves,
    canary,
    documents,
    events,
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with documents(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file that takes its reader seconds, and tells page by page."""
    return long_tiff(tmp_path_factory.mktemp("files") / "slow.tiff", 45).read_bytes()


def begun(service: Service, job_id: str) -> bool:
    job = service.job(job_id)
    return bool(job["status"] == "running" and job["pages_done"] >= 1)


def test_a_job_is_read_and_its_result_is_that_of_process(service: Service) -> None:
    answer = service.send("/jobs", SAMPLE.read_bytes(), "sample.pdf")
    assert answer.status_code == 202
    job = JobOut.model_validate_json(answer.content)
    assert answer.headers["location"] == f"/jobs/{job.job_id}"
    ended = JobOut.model_validate(service.ended(job.job_id))
    assert (ended.status, ended.pages_done, ended.pages_total, ended.attempts) == ("done", 2, 2, 1)
    assert ended.started is not None
    assert ended.ended is not None
    assert ended.created <= ended.started <= ended.ended
    result = ProcessResponse.model_validate_json(service.get(ended.links["result"]).content)
    direct = ProcessResponse.model_validate_json(service.process(SAMPLE.read_bytes(), "sample.pdf").content)
    assert result.document_id == ended.document_id
    same = set(type(result).model_fields) - {"document_id", "timings", "request_id"}
    assert result.model_dump(include=same) == direct.model_dump(include=same)
    assert service.get(ended.links["document"]).json()["filename"] == "sample.pdf"
    listed = service.get("/jobs?limit=1").json()
    assert listed["jobs"][0]["job_id"] == job.job_id


def test_events_tell_every_page_and_then_the_end(service: Service, tmp_path: Path) -> None:
    strips = long_tiff(tmp_path / "a.tiff", 4).read_bytes()
    job = service.submit(strips, "a.tiff")
    told = events(service, job["job_id"])
    assert told[-1].name == "done"
    assert {event.name for event in told[:-1]} <= {"progress"}
    pages = [event.data["pages_done"] for event in told if event.data["status"] == "running"]
    assert pages == sorted(pages)
    assert set(pages) >= {1, 2, 3, 4}
    assert all(event.data["job_id"] == job["job_id"] for event in told)
    assert told[-1].data["links"]["result"] == f"/jobs/{job['job_id']}/result"
    again = events(service, job["job_id"])
    assert [event.name for event in again] == ["done"]
    since = events(service, job["job_id"], last="1.2")
    assert [(event.id, event.name) for event in since] == [
        ("1.3", "progress"),
        ("1.4", "progress"),
        ("1.4", "done"),
    ]


def test_a_stream_gives_signs_of_life_and_a_listener_who_leaves_frees_it(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, jobs=JobsConfig(heartbeat_s=0.05, streams=1)) as service:
        runner = service.app.state.runner
        first, second = service.submit(slow, "a.tiff"), service.submit(slow, "b.tiff")
        with (
            httpx.Client(timeout=30) as client,
            client.stream("GET", f"{service.url}/jobs/{second['job_id']}/events") as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert next(line for line in lines if line.startswith(":")) == ": alive"
            assert runner.streams.open == 1
            assert_error(service.get(f"/jobs/{first['job_id']}/events"), 503, "service_busy")
        wait_for("the stream to be free", lambda: runner.streams.open == 0)
        for job in (first, second):
            service.delete(f"/jobs/{job['job_id']}")


def test_a_file_that_cannot_be_read_fails_its_job_with_its_error(service: Service) -> None:
    job = service.submit(b"GIF89a" + bytes(20), "canary-gif.gif")
    ended = service.ended(job["job_id"])
    assert (ended["status"], ended["document_id"], ended["error"]["type"]) == (
        "failed",
        None,
        "unsupported_media",
    )
    assert ended["reason"] == ended["error"]["message"]
    assert ended["error"]["hint"]
    assert_error(service.get(f"/jobs/{job['job_id']}/result"), 415, "unsupported_media")
    assert_error(service.get(f"/documents/{job['document_id']}"), 404, "not_found")
    assert job["document_id"] not in service.documents()
    locked = service.submit(pdf(["x"], password="y"), "a.pdf")
    assert service.ended(locked["job_id"])["error"]["type"] == "encrypted_document"


def test_a_password_is_used_and_written_nowhere(service: Service) -> None:
    locked = pdf(["the sum is £17.20"], password="canary-pw-77a")
    job = service.submit(locked, "a.pdf", password="canary-pw-77a")
    assert service.ended(job["job_id"])["status"] == "done"
    assert "£17.20" in service.get(f"/jobs/{job['job_id']}/result").json()["markdown"]
    assert canary("canary-pw-77a", [service.data]) == []


@pytest.mark.parametrize("way", ["delete", "cancel"])
def test_a_running_job_is_cancelled_its_worker_ended_and_its_upload_gone(
    service: Service, slow: bytes, way: str
) -> None:
    workers = service.app.state.workers
    job = service.submit(slow, f"canary-{way}.tiff")
    path = f"/jobs/{job['job_id']}"
    wait_for("the job to be at work", lambda: begun(service, job["job_id"]))
    (pid,) = workers.pids()
    answer = service.delete(path) if way == "delete" else httpx.post(f"{service.url}{path}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    wait_for("the worker to be gone", lambda: not psutil.pid_exists(pid))
    assert job["document_id"] not in service.documents()
    assert canary(f"canary-{way}", [service.data]) == []
    assert_error(service.get(f"{path}/result"), 404, "not_found")
    assert [event.name for event in events(service, job["job_id"])] == ["cancelled"]
    assert service.delete(path).status_code == 200, "ended, so it is forgotten"
    assert_error(service.get(path), 404, "not_found")
    assert_serves(service)


def test_a_result_that_is_not_there_yet_and_a_job_that_waits(service: Service, slow: bytes) -> None:
    first, second = service.submit(slow, "a.tiff"), service.submit(b"words")
    wait_for("the job to be at work", lambda: begun(service, first["job_id"]))
    assert_error(service.get(f"/jobs/{first['job_id']}/result"), 409, "not_ready")
    assert service.get("/health").json()["figures"] == {
        "process_running": 0,
        "process_waiting": 0,
        "jobs_waiting": 1,
        "jobs_running": 1,
    }
    assert 'casewright_document_queue{kind="jobs"} 1.0' in service.get("/metrics").text
    assert service.get(f"/documents/{second['document_id']}").json()["status"] == "queued"
    assert_error(service.get(f"/documents/{second['document_id']}/pages/1.png"), 409, "not_ready")
    assert service.delete(f"/jobs/{second['job_id']}").json()["status"] == "cancelled"
    assert service.delete(f"/documents/{first['document_id']}").status_code == 204, "its job ends with it"
    assert_error(service.get(f"/jobs/{first['job_id']}"), 404, "not_found")
    assert service.documents().count(first["document_id"]) == 0


def test_jobs_that_may_wait_are_bounded(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, jobs=JobsConfig(waiting=2)) as service:
        first = service.submit(slow, "a.tiff")
        wait_for("the job to be at work", lambda: begun(service, first["job_id"]))
        waiting = [service.submit(b"words") for _ in range(2)]
        refused = service.send("/jobs", b"words", "a.txt")
        assert_error(refused, 503, "service_busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert len(service.documents()) == 3, "nothing stays of what was refused"
        for job in (*waiting, first):
            service.delete(f"/jobs/{job['job_id']}")


def test_two_callers_are_answered_beside_a_queue_of_jobs(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, workers=WorkerConfig(workers=2), kit={"concurrency": 2}) as service:
        jobs = [service.submit(slow, f"{number}.tiff") for number in range(6)]
        wait_for("a job to be at work", lambda: begun(service, jobs[0]["job_id"]))
        with ThreadPoolExecutor(2) as callers:
            answers = list(callers.map(lambda _: service.process(SAMPLE.read_bytes(), "a.pdf"), range(2)))
        assert [answer.status_code for answer in answers] == [200, 200]
        states = [service.job(job["job_id"])["status"] for job in jobs]
        assert states.count("running") == 1
        assert states.count("queued") >= 4, "the callers were answered before the jobs"
        for job in jobs:
            service.delete(f"/jobs/{job['job_id']}")


def test_of_a_job_that_nothing_is_kept_of_only_the_reading_stays_for_a_while(tmp_path: Path) -> None:
    config = JobsConfig(result_s=1.0)
    with documents(tmp_path, jobs=config, sweep_s=0.1) as service:
        job = service.submit(b"canary-none 12.50", keep="no")
        ended = service.ended(job["job_id"])
        place = service.folder / ended["document_id"]
        assert not (place / "original").exists()
        result = service.get(f"/jobs/{job['job_id']}/result").json()
        assert (result["markdown"], result["document_id"]) == ("canary-none 12.50", None)
        wait_for("the reading to be gone", lambda: canary("canary-none", [tmp_path]) == [])


def test_jobs_that_came_to_nothing_are_forgotten_in_time(tmp_path: Path) -> None:
    with documents(tmp_path, jobs=JobsConfig(told_s=0.5), sweep_s=0.1) as service:
        job = service.submit(b"GIF89a" + bytes(20), "canary-old.gif")
        wait_for("it to be forgotten", lambda: service.get(f"/jobs/{job['job_id']}").status_code == 404)
        wait_for("its name to be gone", lambda: canary("canary-old", [tmp_path]) == [])


def test_a_job_longer_than_allowed_fails_in_words(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, jobs=JobsConfig(read_s=0.5)) as service:
        ended = service.ended(service.submit(slow, "a.tiff")["job_id"])
        assert (ended["status"], ended["error"]["type"]) == ("failed", "document_timeout")
        assert "split it" in ended["error"]["hint"]


def test_a_clean_stop_puts_the_job_back_and_does_not_count(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path) as service:
        job = service.submit(slow, "a.tiff")
        wait_for("the job to be at work", lambda: begun(service, job["job_id"]))
    with documents(tmp_path, jobs=JobsConfig(attempts=1)) as service:
        wait_for("the job to be at work again", lambda: begun(service, job["job_id"]))
        assert service.job(job["job_id"])["attempts"] == 1
        service.delete(f"/jobs/{job['job_id']}")


def test_a_job_to_which_the_disk_says_no_keeps_its_upload_and_is_tried_again(
    tmp_path: Path, slow: bytes
) -> None:
    with documents(tmp_path, jobs=JobsConfig(setback_s=0.1)) as service:
        first, job = service.submit(slow, "a.tiff"), service.submit(b"words 12.50")
        in_the_way = service.folder / job["document_id"] / "reading.json"
        in_the_way.mkdir()
        service.delete(f"/jobs/{first['job_id']}")
        runner = service.app.state.runner
        wait_for("a setback", lambda: any(live.setbacks > 1 for live in list(runner._live.values())))
        assert service.job(job["job_id"])["status"] in ("queued", "running")
        in_the_way.rmdir()
        ended = service.ended(job["job_id"])
        assert (ended["status"], ended["attempts"]) == ("done", 1)
        assert service.get(f"/jobs/{job['job_id']}/result").json()["markdown"] == "words 12.50"


def test_a_disk_that_never_takes_it_fails_the_job(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, jobs=JobsConfig(setback_s=0.05, setbacks=2)) as service:
        first, job = service.submit(slow, "a.tiff"), service.submit(b"words")
        (service.folder / job["document_id"] / "reading.json").mkdir()
        service.delete(f"/jobs/{first['job_id']}")
        ended = service.ended(job["job_id"])
        assert (ended["status"], ended["error"]["type"]) == ("failed", "storage")
        assert service.documents() == []


def test_a_job_that_is_put_off_can_be_cancelled(tmp_path: Path, slow: bytes) -> None:
    with documents(tmp_path, jobs=JobsConfig(setback_s=60)) as service:
        first, job = service.submit(slow, "a.tiff"), service.submit(b"words")
        (service.folder / job["document_id"] / "reading.json").mkdir()
        service.delete(f"/jobs/{first['job_id']}")
        runner = service.app.state.runner
        wait_for("the setback", lambda: any(live.later for live in list(runner._live.values())))
        assert service.get("/health").json()["figures"]["jobs_waiting"] == 1
        assert service.delete(f"/jobs/{job['job_id']}").json()["status"] == "cancelled"
        assert service.documents() == []


def test_streams_end_when_the_service_stops(tmp_path: Path, slow: bytes) -> None:
    ended: list[str] = []
    with documents(tmp_path) as service:
        job = service.submit(slow, "a.tiff")
        wait_for("the job to be at work", lambda: begun(service, job["job_id"]))

        def listen() -> None:
            ended.append(service.get(f"/jobs/{job['job_id']}/events").text)

        listening = threading.Thread(target=listen)
        listening.start()
        wait_for("the stream to be open", lambda: service.app.state.runner.streams.open == 1)
    listening.join(20)
    assert len(ended) == 1, "it was not cut, which a listener would take for a failure"
    assert "event: progress" in ended[0]


def test_an_unknown_job_is_nothing(service: Service) -> None:
    for path in ("", "/events", "/result"):
        assert_error(service.get(f"/jobs/{uuid.uuid4()}{path}"), 404, "not_found")
    assert_error(service.delete(f"/jobs/{uuid.uuid4()}"), 404, "not_found")
    assert_error(httpx.post(f"{service.url}/jobs/{uuid.uuid4()}/cancel"), 404, "not_found")


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], Service]]:
    """The service as a user starts it, in a process of its own."""
    command = [sys.executable, "-m", "casewright", "serve", "documents", "--port", "0"]
    temporary = data.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "CASEWRIGHT_DATA": str(data),
        "CASEWRIGHT_DOCUMENT_WORKERS": "1",
        "TMPDIR": str(temporary),
    }
    log = (data.parent / "log").open("a")
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert " at http://" in line, line
        url = line.split(" at ")[1].split(";")[0]
        yield running, Service(url, data, cast(Any, None))
    finally:
        running.kill()
        running.wait()
        log.close()
        assert running.stdout is not None
        running.stdout.close()


def test_a_job_survives_the_death_of_the_service(tmp_path: Path, slow: bytes) -> None:
    data = tmp_path / "data"
    with process(data) as (running, service):
        read = service.process(b"canary-kept").json()["document_id"]
        first = service.submit(slow, "a.tiff")
        second = service.submit(b"\xc2\xa31,240.50", "b.txt")
        locked = service.submit(pdf(["x"], password="y"), "c.pdf", password="y")
        wait_for("the job to be at work", lambda: begun(service, first["job_id"]))
        children = psutil.Process(running.pid).children(recursive=True)
        running.send_signal(signal.SIGKILL)
        running.wait()
        wait_for("its workers to be gone", lambda: not any(child.is_running() for child in children))
    with process(data) as (running, service):
        assert service.get(f"/documents/{read}").json()["reading"]["markdown"] == "canary-kept"
        wait_for("the job to be at work again", lambda: begun(service, first["job_id"]))
        assert service.job(first["job_id"])["attempts"] == 2
        running.send_signal(signal.SIGKILL)
        running.wait()
    with process(data) as (_, service):
        twice = service.ended(first["job_id"])
        assert (twice["status"], twice["error"]["type"]) == ("failed", "document_worker_lost")
        assert "2 times" in twice["reason"]
        assert service.ended(second["job_id"])["status"] == "done"
        assert service.get(f"/jobs/{second['job_id']}/result").json()["markdown"] == "£1,240.50"
        lost = service.ended(locked["job_id"])
        assert (lost["status"], lost["error"]["type"]) == ("failed", "encrypted_document")
        assert "keeps no passwords" in lost["reason"]
        assert sorted(service.documents()) == sorted([read, second["document_id"]])
        assert service.delete(f"/documents/{read}").status_code == 204
        assert canary("canary-kept", [tmp_path]) == []


def test_many_at_once_are_each_answered_with_their_own(service: Service) -> None:
    lock = threading.Lock()
    seen: list[str] = []

    def one(number: int) -> None:
        sent = f"note {number} of £{number}.00"
        if number % 2:
            found = service.process(sent.encode()).json()["markdown"]
        else:
            job = service.submit(sent.encode())
            service.ended(job["job_id"])
            found = service.get(f"/jobs/{job['job_id']}/result").json()["markdown"]
        with lock:
            seen.append(found)
        assert found == sent

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(16)))
    assert len(set(seen)) == 16
