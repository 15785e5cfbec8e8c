"""The scripts inside the images, run as they are: the health check, and the one-shot pull of models."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.responses import Response

from ports import nobody
from serving import served
from unit.deploy.compose_files import ROOT

HEALTH = ROOT / "deploy/healthcheck.py"
PULL = ROOT / "deploy/pull-models.sh"


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(HEALTH), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def answering() -> FastAPI:
    app = FastAPI()

    @app.get("/status/{status}")
    def status(status: int) -> Response:
        return Response(status_code=status, headers={"Location": "/status/200"})

    return app


@pytest.mark.parametrize(("status", "code"), [(200, 0), (204, 1), (302, 1), (404, 1), (503, 1)])
def test_only_200_is_healthy(status: int, code: int) -> None:
    with served(answering()) as url:
        done = check(f"{url}/status/{status}", http_proxy="http://127.0.0.1:9")
    assert done.returncode == code, done.stderr
    assert (f"HTTP {status}" in done.stderr) == bool(code)


def test_nobody_listening_is_unhealthy_and_said() -> None:
    done = check(f"{nobody()}/live")
    assert done.returncode == 1
    assert "ConnectionRefused" in done.stderr


@contextmanager
def silent() -> Iterator[int]:
    """A server that takes the connection and says ``reply``, or nothing, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join(10)
            for connection in taken:
                connection.close()


def test_a_server_that_says_nothing_is_unhealthy_within_the_checks_own_timeout() -> None:
    program = f"import runpy; print(runpy.run_path({str(HEALTH)!r})['check']('http://127.0.0.1:PORT/', 0.3))"
    with silent() as port:
        done = subprocess.run(
            [sys.executable, "-c", program.replace("PORT", str(port))],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    assert "TimeoutError" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("a", "b"), ("ftp://127.0.0.1/",), ("nonsense",)])
def test_a_wrong_call_is_not_healthy(arguments: tuple[str, ...]) -> None:
    done = check(*arguments)
    assert done.returncode == 1
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


FAKE = """#!/bin/sh
echo "$*" >> "$STATE/log"
case "$1" in
  serve) echo $$ > "$STATE/pid"; [ -n "${DEAD:-}" ] && exit 1; touch "$STATE/up"; exec sleep 60 ;;
  list) test -e "$STATE/up" ;;
  show) test -e "$STATE/$2" ;;
  pull) [ "$2" = missing ] && exit 1; touch "$STATE/$2" ;;
esac
"""


class Store:
    """A stand-in for the ``ollama`` program that keeps models as files and a log of its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "bin" / "ollama"
        program.parent.mkdir()
        program.write_text(FAKE)
        program.chmod(0o755)

    def run(self, *models: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(PULL), *models],
            env={"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "STATE": str(self.folder), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def pulled(self) -> list[str]:
        calls = (self.folder / "log").read_text().splitlines()
        return [call.removeprefix("pull ") for call in calls if call.startswith("pull ")]

    def serving(self) -> bool:
        return Path("/proc", (self.folder / "pid").read_text().strip()).exists()


def test_missing_models_are_pulled_once_and_the_server_is_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    done = store.run("llama3.2", "llava:7b")
    assert done.returncode == 0, done.stderr
    assert store.pulled() == ["llama3.2", "llava:7b"]
    assert not store.serving()
    done = store.run("llama3.2", "llava:7b")
    assert done.returncode == 0
    assert store.pulled() == ["llama3.2", "llava:7b"], "a model that is there was asked for again"
    assert "llava:7b is there" in done.stdout


def test_a_model_that_cannot_be_pulled_fails_the_start_with_its_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    done = store.run("missing", "llama3.2")
    assert done.returncode == 1
    assert "could not pull missing" in done.stderr
    assert store.pulled() == ["missing"]
    assert not store.serving()


def test_a_server_that_does_not_come_up_is_said(tmp_path: Path) -> None:
    done = Store(tmp_path).run("llama3.2", DEAD="1", TRIES="3")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
