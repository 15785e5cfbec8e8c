"""Real engines for the live tests: each is started once a session, on free ports of this machine."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from casewright.engines.llama_server import EmbeddedConfig, EmbeddedServer

VLLM_URL = "CASEWRIGHT_TEST_VLLM_URL"
_START_S = 60.0


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """llama.cpp's own server with the packaged model, two slots of 512 tokens."""
    with EmbeddedServer(EmbeddedConfig(slots=2, context=512)) as server:
        yield server.url


@pytest.fixture(scope="session")
def face_url() -> Iterator[str]:
    """The embedded engine behind both APIs, started as a user starts it."""
    command = [sys.executable, "-m", "casewright", "engine", "serve", "--api", "both", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--slots", "2", "--threads", "1", "--context", "512"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _announced_url(process)
    finally:
        process.terminate()
        process.wait(_START_S)


def _announced_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        readable, _, _ = select.select([process.stdout], [], [], 1.0)
        if readable and (found := re.search(r"http://\S+", process.stdout.readline())):
            return found.group(0)
    raise AssertionError("`casewright engine serve` named no URL")


@pytest.fixture(scope="session")
def vllm_url() -> str:
    """A real vLLM that somebody started; its 90 s start is too long for a test."""
    url = os.environ.get(VLLM_URL)
    if not url:
        pytest.skip(f"vLLM on CPU is not installed, or {VLLM_URL} does not say where it runs")
    return url


@pytest.fixture(scope="session")
def live_engine_urls(request: pytest.FixtureRequest) -> Mapping[str, Callable[[], str]]:
    """How to get each live engine's URL, starting it on first use."""
    fixtures = {
        "embedded": "embedded_url",
        "ollama-face": "face_url",
        "openai-face": "face_url",
        "vllm": "vllm_url",
    }
    return {name: partial(request.getfixturevalue, fixture) for name, fixture in fixtures.items()}
