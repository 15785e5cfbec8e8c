"""``casewright bench`` as a user runs it: a process of its own, its words, its files, its exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casewright.bench.simulator import Fault, FaultPlan, SimConfig, SimulatorServer
from casewright.cli.bench_run import write_text
from casewright.errors import StorageError
from ports import free_port

Environment = dict[str, str]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT"))}
    return kept | {"CASEWRIGHT_DATA": str(tmp_path / "data"), "COLUMNS": "110", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimConfig(ttft_ms=5, itl_ms=1, tokens=8)) as server:
        yield server


@pytest.fixture
def word(simulator: SimulatorServer) -> Iterator[str]:
    yield f"simulator={simulator.url}"
    simulator.control(None)


def casewright(environment: Environment, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "casewright", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def ended(done: subprocess.CompletedProcess[str], found: dict[str, Any], code: int) -> None:
    """It ended with ``code``, or, on a machine too busy to measure on, with 3 and for that reason alone."""
    if found["validity"]["verdict"] == "INVALID":
        assert all("event loop was late" in reason for reason in found["validity"]["reasons"]), done.stdout
        code = 3
    assert done.returncode == code, done.stdout + done.stderr


def test_a_run_writes_the_documented_result(environment: Environment, word: str, tmp_path: Path) -> None:
    out, page = tmp_path / "run.json", tmp_path / "run.html"
    words = ["bench", "run", word, "-n", "40", "-c", "4", "--quiet", "--json", str(out), "--html", str(page)]
    done = casewright(environment, *words)
    found: dict[str, Any] = json.loads(out.read_text())
    ended(done, found, 0)
    assert found["schema"] == "casewright.bench/1"
    assert found["requests"]["attempted"] == found["requests"]["completed"] == 40
    assert found["requests"]["failed"] == 0
    assert any("calibrat" in warning for warning in found["validity"]["warnings"])
    for name in ("ttft_ms", "ttft_user_ms", "tpot_ms", "e2e_ms"):
        assert {"p50", "p90", "p99"} <= found[name].keys()
        assert found[name]["p50"] > 0
        assert found[name]["p99"] is None
    assert found["throughput"]["requests_per_s"] > 0
    assert found["tokens"]["output"] == 40 * 8
    assert found["engine"]["identity"]["kind"] == "simulator"
    assert "VALID" in done.stdout
    assert page.read_text().startswith("<!doctype html>")


def test_an_open_loop_reports_its_rate_and_arrivals(
    environment: Environment, word: str, tmp_path: Path
) -> None:
    out = tmp_path / "run.json"
    words = ["--rate", "50", "--arrivals", "constant", "--duration", "2", "--quiet", "--json", str(out)]
    done = casewright(environment, "bench", "run", word, *words)
    found = json.loads(out.read_text())
    assert found["rate"]["requested"] == 50
    assert found["requests"]["attempted"] == pytest.approx(100, abs=1)
    assert found["arrivals"]["kind"] == "constant"
    assert done.returncode in (0, 3), done.stdout


@pytest.mark.alone  # on a machine too busy to measure on, no target decides
@pytest.mark.parametrize(
    ("bound", "code"), [("error_rate<50%", 0), ("error_rate<1%", 2), ("ttft_p50<1ms", 1)]
)
def test_targets_decide_the_exit_code(environment: Environment, word: str, bound: str, code: int) -> None:
    done = casewright(environment, "bench", "run", word, "-n", "30", "--quiet", "--target", bound)
    assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["bench", "run"], "--help"),
        (["bench", "run", "llama"], "embedded"),
        (["bench", "run", "ollama=ftp://x"], "http://"),
        (["bench", "run", "embedded:slots=none"], "whole numbers"),
        (["bench", "run", "vllm", "--rate", "5", "--concurrency", "3"], "closed loop"),
        (["bench", "run", "vllm", "--bogus"], "--help"),
        (["bench", "run", "vllm", "--workload", "poems"], "rag"),
        (["bench", "run", "vllm", "--target", "speed>9000"], "ttft"),
        (["bench", "run", "vllm", "--arrivals", "weekly"], "poisson"),
        (["bench", "run", "vllm", "--prefix", "none"], "shared"),
        (["bench", "run", "vllm", "-n", "5", "--warmup", "9"], "warm-up"),
        (["bench", "run", "vllm", "-c", "2", "--processes", "4"], "--processes"),
        (["bench", "run", "vllm", "--resume", "/nowhere"], "folder"),
        (["bench", "compare", "vllm"], "--help"),
        (["bench", "compare", "vllm", "ollama", "--profile", "endless"], "standard"),
        (["bench", "compare", "vllm", "ollama", "--primary", "vibes"], "ttft_p50_ms"),
        (["bench", "compare", "vllm", "ollama", "--exam", "oral"], "short"),
        (["bench", "compare", "vllm", "ollama", "--margin", "7"], "0.05"),
    ],
)
def test_wrong_words_are_usage_errors_that_name_the_fix(
    environment: Environment, words: list[str], hint: str
) -> None:
    done = casewright(environment, *words)
    assert done.returncode == 64, done.stdout + done.stderr
    assert hint in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "kind"),
    [("http://127.0.0.1:{port}", "connection_refused"), ("http://no-such-host.invalid:1", "dns_failure")],
)
def test_an_unreachable_engine_is_exit_4_with_a_reason(environment: Environment, url: str, kind: str) -> None:
    done = casewright(environment, "bench", "run", f"vllm={url.format(port=free_port())}#m", "-n", "3")
    assert done.returncode == 4
    assert kind in done.stderr
    assert "try:" in done.stderr


def test_plain_http_behind_https_is_a_tls_failure(environment: Environment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        done = casewright(environment, "bench", "run", f"vllm={url}#m", "-n", "3")
        thread.join(10)
    assert done.returncode == 4
    assert "tls_failure" in done.stderr


def test_a_model_that_is_not_there_lists_those_that_are(environment: Environment, word: str) -> None:
    done = casewright(environment, "bench", "run", f"{word}#gpt-9", "-n", "3", "--quiet")
    assert done.returncode != 0
    assert "casewright-simulator" in done.stderr + done.stdout


@pytest.mark.parametrize("fault", [Fault.HTTP_500, Fault.CUT, Fault.GARBAGE, Fault.STREAM_ERROR])
def test_failures_are_counted_by_kind(
    environment: Environment, word: str, simulator: SimulatorServer, fault: Fault, tmp_path: Path
) -> None:
    simulator.control(FaultPlan(fault=fault, rate=0.5))
    out = tmp_path / "run.json"
    casewright(environment, "bench", "run", word, "-n", "40", "-c", "4", "--quiet", "--json", str(out))
    found = json.loads(out.read_text())
    assert found["requests"]["failed"] > 0
    assert sum(found["requests"]["errors"].values()) == found["requests"]["failed"]
    assert found["requests"]["completed"] + found["requests"]["failed"] == 40


def test_ctrl_c_reports_what_was_measured_and_the_run_can_be_resumed(
    environment: Environment, word: str, tmp_path: Path
) -> None:
    out, folder = tmp_path / "run.json", tmp_path / "run"
    words = ["bench", "run", word, "-n", "1300", "-c", "2", "--json", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "casewright", *words, "--run-dir", str(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline()  # the first plain progress line: requests are under way
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    first = json.loads(out.read_text())
    assert first["interrupted"]
    assert 0 < first["requests"]["completed"] < 1300
    assert "interrupted" in stdout.lower()
    done = casewright(
        environment, "bench", "run", word, "--resume", str(folder), "--quiet", "--json", str(out)
    )
    found = json.loads(out.read_text())
    ended(done, found, 0)
    assert found["requests"]["completed"] == 1300


@pytest.mark.alone
def test_a_comparison_of_a_slow_and_a_fast_server(environment: Environment, tmp_path: Path) -> None:
    out = tmp_path / "compare.json"
    slow, fast = SimConfig(ttft_ms=20, itl_ms=4, tokens=8), SimConfig(ttft_ms=10, itl_ms=2, tokens=8)
    with SimulatorServer(slow) as a, SimulatorServer(fast) as b:
        words = ["bench", "compare", f"simulator={a.url}", f"simulator={b.url}", "--exam", "none"]
        done = casewright(environment, *words, "--profile", "smoke", "--json", str(out), "--quiet")
    found = json.loads(out.read_text())
    ended(done, found, 2)
    assert found["kind"] == "compare"
    assert found["verdict"]["decision"] == "not proven"
    assert "minimum" in found["verdict"]["reason"]
    assert found["verdict"]["estimate"]["ratio"]["value"] == pytest.approx(0.5, rel=0.15)


def test_a_report_s_link_stays_and_a_missing_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target.json")
    write_text(tmp_path / "link", "{}\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target.json").read_text() == "{}\n"
    with pytest.raises(StorageError, match="no such folder"):
        write_text(tmp_path / "missing" / "a.json", "{}\n")
    assert not (tmp_path / "missing").exists()
