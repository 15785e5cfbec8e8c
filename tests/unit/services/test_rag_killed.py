"""kill -9 at any moment: what was acknowledged is found afterwards, once and whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from unit.services.rag_served import wait_for

LIVES = 2
TESTS = Path(__file__).resolve().parents[2]


@contextmanager
def process(data: Path, delay_s: float) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    started = subprocess.Popen(
        [sys.executable, "-m", "unit.services.rag_process", str(data), str(delay_s)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=TESTS,
    )
    try:
        assert started.stdout is not None
        url = started.stdout.readline().strip()
        assert url, "it did not start"
        yield started, url
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()
        assert started.stdout is not None
        started.stdout.close()


def text_of(number: int, version: int) -> str:
    lines = [f"Line {line} of paper {number} says {version * 1000 + line}." for line in range(12)]
    return f"The amount of paper {number} is £{number}{version}.00.\n\n" + "\n\n".join(lines)


def send(url: str, number: int, version: int) -> dict[str, Any] | None:
    """The job, where it was acknowledged."""
    texts = [{"name": f"paper-{number}", "text": text_of(number, version)}]
    try:
        answer = httpx.post(f"{url}/ingest", json={"case_id": "case-1", "texts": texts}, timeout=10)
    except httpx.HTTPError:
        return None
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()["job"]
    return found


@pytest.mark.parametrize("seed", range(2))
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    acknowledged: dict[int, int] = {}
    for life in range(LIVES):
        with process(tmp_path, 0.02) as (running, url):
            killing = threading.Timer(moments.uniform(0.02, 0.6), running.kill)
            killing.start()
            for number in range(6):
                if running.poll() is None and send(url, number, life) is not None:
                    acknowledged[number] = life
            killing.join()
            running.wait()
    with process(tmp_path, 0.0) as (_, url), httpx.Client(base_url=url, timeout=30) as client:
        here = {"case_id": "case-1"}

        def states() -> dict[str, int]:
            found: dict[str, int] = client.get("/cases/case-1").json().get("documents", {})
            return found

        wait_for("all to be read", lambda: not {"queued", "reading", "embedding"} & set(states()))
        listed = client.get("/cases/case-1/documents").json().get("documents", [])
        by_name = {document["name"]: document for document in listed}
        for number, life in acknowledged.items():
            document = by_name[f"paper-{number}"]
            asked: dict[str, str | int] = {
                **here,
                "q": f"amount of paper {number}",
                "mode": "bm25",
                "limit": 50,
            }
            hits = client.get("/search", params=asked).json()["hits"]
            mine = [hit for hit in hits if hit["document_id"] == document["document_id"]]
            assert mine, document
            assert document["status"] in ("ready", "failed"), document
            # what came after the last acknowledgement may have come through as well
            assert document["version"] is not None
            shown = {hit["version"] for hit in mine}
            assert shown == {document["version"]}
            texts = [text_of(number, version) for version in range(life, LIVES)]
            whole = [text for text in texts if all(hit["text"] in text for hit in mine)]
            assert whole, (number, life, mine)
