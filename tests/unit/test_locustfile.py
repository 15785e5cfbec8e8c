"""The plan's load command against real HTTP stand-ins of the three services, which answer rightly or not.

Locust replaces sockets and sleeps of the process that imports it, so it only ever runs in one of its own.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ports import free_port, nobody
from serving import served
from unit.load_standins import StandIn

ROOT = Path(__file__).parents[2]
LOCUST = Path(sys.executable).with_name("locust")


class Ran:
    """A finished run: exit code, what it printed, and its JSON (None when it wrote none)."""

    def __init__(self, code: int, out: str, written: Path) -> None:
        self.code, self.out = code, out
        self.json: dict[str, Any] = json.loads(written.read_text()) if written.exists() else {}

    def total(self, outcome: str) -> int:
        count = self.json["total"][outcome]
        assert isinstance(count, int)
        return count


def run(folder: Path, url: str, *more: str, **environment: str) -> Ran:
    """The plan's command with fewer users, for two seconds, all services at ``url``."""
    written = folder / "load.json"
    settings = {"NOTES_URL": url, "DOCUMENTS_URL": url + "/", "CASEWRIGHT_LOAD_JSON": str(written)}
    command = [LOCUST, "-f", "locustfile.py", f"--host={url}", "-u", "3", "-r", "10", "--run-time", "2s"]
    with subprocess.Popen(
        [*map(str, command), "--pause", "0.05", "--stop-timeout", "5", *more],
        cwd=ROOT,
        env={**os.environ, **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            out, _ = running.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)  # its workers too
            raise
    return Ran(running.returncode, out, written)


@contextmanager
def standing(stand_in: StandIn) -> Iterator[str]:
    with served(stand_in.app()) as url:
        yield url


def test_right_answers_pass_and_are_counted_by_who_wrote_them(tmp_path: Path) -> None:
    stand_in = StandIn()
    with standing(stand_in) as url:
        ran = run(tmp_path, url, CASEWRIGHT_API_KEY="cw_1_secret")
    assert ran.code == 0, ran.out
    assert (ran.total("failed"), ran.total("shed")) == (0, 0)
    assert ran.total("model") > 0
    assert ran.total("extractive") > 0
    assert ran.total("model") + ran.total("extractive") == sum(stand_in.asked.values())
    assert set(stand_in.asked) == {"/query", "/convert", "/process"}
    assert len(ran.json["requests"]) == 4
    assert all(row["p95_ms"] >= row["p50_ms"] > 0 for row in ran.json["requests"].values())
    assert stand_in.keys == {"Bearer cw_1_secret"}
    assert "cw_1_secret" not in ran.out
    assert "PASSED" in ran.out
    assert "rag: not in the documents" in ran.out


class Wrong(StandIn):
    """Each kind of wrong answer that must not pass for one."""

    def spoil(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path == "/process":
            return {**answer, "markdown": ""}
        if path == "/convert":
            return {**answer, "lines_used": 3}
        if not answer["grounded"]:
            return {**answer, "grounded": True}
        cited = [{**citation, "start": citation["start"] + 1} for citation in answer["citations"]]
        return {**answer, "citations": cited}


def test_wrong_answers_are_failures_with_their_reason(tmp_path: Path) -> None:
    with standing(Wrong()) as url:
        ran = run(tmp_path, url)
    assert ran.code == 1
    assert ran.total("failed") > 0
    assert ran.total("model") + ran.total("extractive") + ran.total("shed") == 0
    said = " ".join(ran.json["reasons"])
    for reason in (
        "a quote is not",
        "though the document does not say",
        "3 of 4 lines",
        "not in the Markdown",
    ):
        assert reason in said
    assert "nothing was answered" in ran.json["problems"]
    assert "NOT PASSED" in ran.out


class Empty(StandIn):
    """A wrong amount, a letter without one, and a service that answers something else."""

    def spoil(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
        if path == "/query":
            return {**answer, "answer": "£1.00"} if answer["grounded"] else answer
        if path == "/convert":
            return {**answer, "full_text": re.sub("£", "", answer["full_text"])}
        return {"hello": "world"}


def test_some_failures_are_judged_by_the_bound(tmp_path: Path) -> None:
    with standing(Empty()) as url:
        ran = run(tmp_path, url, "--max-failures", "1")
    assert ran.code == 0, (
        ran.out
    )  # what is not in the documents was told as such, and the bound allows the rest
    assert ran.total("failed") > ran.total("extractive") > 0
    said = " ".join(ran.json["reasons"])
    for reason in ("the amount asked for", "amounts and references", "not an answer of this service"):
        assert reason in said


def test_shed_requests_are_neither_success_nor_failure(tmp_path: Path) -> None:
    stand_in = StandIn()
    stand_in.busy = {"Retry-After": "1"}
    with standing(stand_in) as url:
        ran = run(tmp_path, url)
    assert ran.code == 1
    assert ran.total("shed") == sum(stand_in.asked.values()) > 0
    assert ran.total("failed") + ran.total("model") + ran.total("extractive") == 0
    assert ran.total("shed") <= 9, "users did not leave the service alone for the second it asked for"
    assert "nothing was answered" in ran.json["problems"]


def test_busy_without_retry_after_is_a_failure(tmp_path: Path) -> None:
    stand_in = StandIn()
    stand_in.busy = {}
    with standing(stand_in) as url:
        ran = run(tmp_path, url, "--max-failures", "1")
    assert ran.code == 1
    assert ran.total("failed") > 0 == ran.total("shed")
    assert any("HTTP 503" in reason for reason in ran.json["reasons"])


def test_nobody_there_is_not_a_pass(tmp_path: Path) -> None:
    ran = run(tmp_path, nobody(), "--max-failures", "1")
    assert ran.code == 1
    assert ran.json["problems"] == ["nothing was answered"]
    assert all(row["p50_ms"] is None for row in ran.json["requests"].values())


def test_workers_tell_their_master(tmp_path: Path) -> None:
    stand_in = StandIn()
    with standing(stand_in) as url:
        port = str(free_port())
        ports = ("--master-bind-port", port, "--master-port", port)
        ran = run(tmp_path, url, "--processes", "2", *ports)
    assert ran.code == 0, ran.out
    assert ran.total("model") + ran.total("extractive") == sum(stand_in.asked.values()) > 0
    assert ran.out.count("answers checked") == 1


WHERE = [
    ("http://localhost:8003", "rag", {}, "http://localhost:8003"),
    ("http://localhost:8003", "notes", {}, "http://localhost:8100"),
    ("http://localhost:8003/", "documents", {}, "http://localhost:8101"),
    ("http://[::1]:8003", "documents", {}, "http://[::1]:8101"),
    ("https://staging.test:8003", "notes", {"NOTES_URL": "http://a:1/"}, "http://a:1"),
    ("http://localhost:8003", "documents", {"NOTES_URL": "http://a:1"}, "http://localhost:8101"),
    ("http://localhost:8003", "rag", {"RAG_URL": "http://a:1"}, "http://localhost:8003"),
]


def test_services_are_found_on_the_same_host_or_where_told() -> None:
    program = (
        "import json, sys, locustfile as l; "
        "print(json.dumps([l.service_url(h, s, e) for h, s, e, _ in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        input=json.dumps(WHERE),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == [expected for *_, expected in WHERE]


@pytest.mark.parametrize("bound", ["1.5", "-0.1", "many"])
def test_a_bound_that_is_no_share_is_refused(tmp_path: Path, bound: str) -> None:
    ran = run(tmp_path, "http://127.0.0.1:9", f"--max-failures={bound}")
    assert ran.code == 2
    assert "max-failures" in ran.out
    assert not ran.json
