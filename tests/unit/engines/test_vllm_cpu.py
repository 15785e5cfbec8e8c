"""Installer and keeper, with small commands in place of the gigabytes; the real one is marked live."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from casewright.engines.keeper import end_group
from casewright.engines.vllm_cpu import VllmCpuConfig, VllmCpuServer, completed, serve_command
from casewright.engines.vllm_install import (
    PACKAGES,
    STAMP,
    Installed,
    VllmInstall,
    find,
    last_lines,
    run_step,
)
from casewright.errors import InstallError
from casewright.values import EngineIdentity


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int, deadline_s: float = 15) -> bool:
    end = time.monotonic() + deadline_s
    while lives(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def complete(root: Path) -> VllmInstall:
    """A complete installation by its stamps."""
    config = VllmInstall(root)
    config.interpreter.parent.mkdir(parents=True)
    config.interpreter.touch()
    (config.venv / STAMP).write_text(json.dumps({"packages": PACKAGES}))
    config.model_dir.mkdir(parents=True)
    (config.model_dir / "model.safetensors").touch()
    (config.model_dir / STAMP).write_text(json.dumps({"source_digest": "sha256:1", "model": "m"}))
    return config


def test_a_complete_installation_is_found(tmp_path: Path) -> None:
    config = complete(tmp_path)
    found = find(config)
    assert found is not None
    assert (found.model_name, found.source_digest, found.versions) == ("m", "sha256:1", PACKAGES)
    assert config.model_dir.name == "SmolLM2-135M-Instruct"


@pytest.mark.parametrize("missing", ["vllm-cpu/casewright.json", "vllm-model", "vllm-cpu/bin"])
def test_half_an_installation_is_none(tmp_path: Path, missing: str) -> None:
    config = complete(tmp_path)
    path = tmp_path / "engines" / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert find(config) is None


def test_another_version_is_none(tmp_path: Path) -> None:
    config = complete(tmp_path)
    (config.venv / STAMP).write_text(json.dumps({"packages": PACKAGES | {"vllm-cpu": "0.1"}}))
    assert find(config) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"packages": 3}'])
def test_a_damaged_stamp_is_none(tmp_path: Path, damage: str) -> None:
    config = complete(tmp_path)
    (config.venv / STAMP).write_text(damage)
    assert find(config) is None


def test_not_installed_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(InstallError) as caught:
        VllmCpuServer(VllmCpuConfig(tmp_path)).start()
    assert caught.value.hint == "casewright engine install vllm-cpu"


def test_a_server_that_ends_while_starting_shows_its_words(tmp_path: Path) -> None:
    config = complete(tmp_path)
    config.interpreter.unlink()
    config.interpreter.write_text("#!/bin/sh\necho no such architecture; exit 3\n")
    config.interpreter.chmod(0o755)
    server = VllmCpuServer(VllmCpuConfig(tmp_path))
    with pytest.raises(InstallError) as caught:
        server.start()
    assert "no such architecture" in caught.value.hint
    assert not server.running


def test_what_vllm_does_not_say_is_added(tmp_path: Path) -> None:
    complete(tmp_path)
    server = VllmCpuServer(VllmCpuConfig(tmp_path, max_num_seqs=8))
    told = server.complete(EngineIdentity(kind="vllm", name="vLLM", notes=("a",)))
    assert told.name == "vLLM (vllm-cpu community build)"
    assert (told.digest, told.slots) == ("sha256:1", 8)
    assert told.notes == ("a", "compiled, threads as vLLM chooses")


def test_a_step_says_what_failed(tmp_path: Path) -> None:
    said: list[str] = []
    log = tmp_path / "log"
    run_step("first", [sys.executable, "-c", "print('good')"], 30, log, said.append)
    with pytest.raises(InstallError, match="second: ended with code 3") as caught:
        run_step("second", [sys.executable, "-c", "print('bad'); raise SystemExit(3)"], 30, log, said.append)
    assert "bad" in caught.value.hint
    assert "good" not in caught.value.hint
    assert said[0] == "first …"


def test_a_step_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="No such file"):
        run_step("s", [str(tmp_path / "nothing")], 5, tmp_path / "log", lambda _: None)


def test_last_lines_take_what_is_last_on_a_redrawn_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"old\n 10%\r 90%\r100%\n\n")
    assert last_lines(log, 4, 1) == "100%"


def test_the_command_line() -> None:
    installed = Installed(Path("/p"), Path("/m"), "name", "sha256:1", {})
    config = VllmCpuConfig(Path("/d"), enforce_eager=True, prefix_caching=False, threads=2, context=1024)
    line = " ".join(serve_command(config, installed, 8000))
    for part in (
        "env VLLM_CPU_KVCACHE_SPACE=2 HF_HUB_OFFLINE=1",
        "VLLM_CPU_OMP_THREADS_BIND=0-1 /p -P -m vllm.entrypoints.openai.api_server --model /m",
        "--host 127.0.0.1 --port 8000 --max-model-len 1024 --max-num-seqs 32",
        "--enforce-eager --no-enable-prefix-caching",
    ):
        assert part in line


def family() -> list[str]:
    """A keeper over a process that starts a process; both print their ids."""
    grandchild = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    child = (
        "import os, subprocess, sys; print(os.getpid(), flush=True); "
        f"subprocess.run([sys.executable, '-c', {grandchild!r}])"
    )
    return [sys.executable, "-m", "casewright.engines.keeper", sys.executable, "-c", child]


def test_the_keeper_ends_the_whole_family_when_its_input_ends() -> None:
    keeper = subprocess.Popen(family(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    pids = [int(keeper.stdout.readline()) for _ in range(2)]
    keeper.stdin.close()
    keeper.wait(20)
    keeper.stdout.close()
    assert all(ends(pid) for pid in pids)


def test_the_keeper_ends_the_family_when_the_parent_is_killed() -> None:
    code = f"import subprocess, time\nsubprocess.Popen({family()!r}, stdin=subprocess.PIPE)\ntime.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert all(ends(pid) for pid in pids)


def test_a_group_that_ignores_the_request_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(1, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    end_group(process, grace_s=0.1)
    assert process.wait(10) == -signal.SIGKILL
    process.stdout.close()
    end_group(process, grace_s=0.1)


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_real_vllm_answers_and_leaves_nothing_behind() -> None:
    data = Path("~/.local/share/casewright").expanduser()
    if find(VllmInstall(data)) is None:
        pytest.skip("vLLM on CPU is not installed")
    with VllmCpuServer(VllmCpuConfig(data, enforce_eager=True, max_num_seqs=2, context=512)) as server:
        pid = server.pid
        with urllib.request.urlopen(f"{server.url}/v1/models", timeout=20) as answer:
            (model,) = json.load(answer)["data"]
        assert (model["id"], model["owned_by"], model["max_model_len"]) == (server.model, "vllm", 512)
    assert pid is not None
    assert ends(pid)


def test_only_a_living_marker_completes_an_identity(tmp_path: Path) -> None:
    plain = EngineIdentity(kind="vllm", name="vLLM", model="m")
    marker = tmp_path / "engines" / "vllm-serving-8000.json"
    marker.parent.mkdir()
    said = {
        "name": "vLLM (build)",
        "digest": "sha256:1",
        "quantization": "bf16",
        "slots": 8,
        "notes": ["eager"],
    }
    marker.write_text(json.dumps({"pid": os.getpid(), "identity": said}))
    found = completed(plain, "http://127.0.0.1:8000", tmp_path)
    assert (found.name, found.digest, found.slots, found.notes) == ("vLLM (build)", "sha256:1", 8, ("eager",))
    assert completed(plain, "http://127.0.0.1:8001", tmp_path) == plain
    assert completed(plain, "http://192.0.2.1:8000", tmp_path) == plain
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    marker.write_text(json.dumps({"pid": gone.pid, "identity": said}))
    assert completed(plain, "http://127.0.0.1:8000", tmp_path) == plain
