"""``python benchmark_vllm.py`` as a user starts it, against the built-in simulator and against nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.api.suite import Suite
from casewright.bench.simulator import SimConfig, SimulatorServer
from casewright.cli.main import run as run_commands
from casewright.cli.suite import app, start_words, suite_code, words
from casewright.errors import EXIT_INTERRUPTED, EXIT_UNREACHABLE, EXIT_USAGE, UsageError
from casewright.settings import Settings, parse_engine
from ports import nobody

SCRIPT = Path(__file__).resolve().parents[2] / "benchmark_vllm.py"
NAMES = ("LLM_PROVIDER", "OLLAMA_URL", "OLLAMA_MODEL", "VLLM_URL", "VLLM_MODEL", "VLLM_API_KEY")
DEADLINE_S = 100


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorServer]:
    with SimulatorServer(SimConfig(ttft_ms=5, itl_ms=0.5)) as server:
        yield server


@pytest.fixture
def nothing() -> str:
    """A URL at which nothing listens."""
    return nobody()


def command(*options: str) -> list[str]:
    return [sys.executable, str(SCRIPT), "--quick", "--quiet", *options]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    return kept | {"CASEWRIGHT_DATA": str(tmp_path / "data")} | more


def run(tmp_path: Path, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options),
        cwd=tmp_path,
        env=environment(tmp_path, **env),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def saved(tmp_path: Path) -> Suite:
    return Suite.model_validate_json((tmp_path / "benchmark_results.json").read_bytes())


def test_both_providers_are_measured_saved_and_remembered(tmp_path: Path, simulator: SimulatorServer) -> None:
    engines = ("--ollama", simulator.url, "--vllm", simulator.url)
    first = run(tmp_path, *engines)
    result = saved(tmp_path)
    assert first.returncode == suite_code(result), first.stdout + first.stderr
    assert [provider.kind for provider in result.providers] == ["ollama", "vllm"]
    assert all(len(provider.stages) == 4 for provider in result.providers)
    assert "1. Single Request Latency (Casewright simulator [vllm])" in first.stdout
    assert "✓ Results saved to: benchmark_results.json" in first.stdout
    raw = json.loads((tmp_path / "benchmark_results.json").read_text())
    assert raw["schema"] == raw["providers"][0]["stages"][0]["run"]["schema"] == "casewright.bench/1"
    assert len(raw["providers"][0]["stages"][0]["latencies_ms"]) == 3

    # The one that LLM_PROVIDER names, from settings; its history is the same engine's.
    again = run(tmp_path, LLM_PROVIDER="vllm", VLLM_URL=simulator.url)
    alone = saved(tmp_path)
    assert again.returncode == suite_code(alone)
    assert [provider.kind for provider in alone.providers] == ["vllm"]
    assert "No comparison: only one provider was asked for" in again.stdout
    assert "against 1 earlier suite" in again.stdout
    assert len((tmp_path / "benchmark_history.jsonl").read_text().splitlines()) == 3


def test_a_provider_that_is_down_does_not_stop_the_other(
    tmp_path: Path, simulator: SimulatorServer, nothing: str
) -> None:
    done = run(tmp_path, OLLAMA_URL=nothing, VLLM_URL=simulator.url)
    result = saved(tmp_path)
    assert done.returncode == EXIT_UNREACHABLE
    ollama, vllm = result.providers
    assert ollama.attempt.error == "connection_refused"
    assert ollama.stages == ()
    assert len(vllm.stages) == 4
    assert "Ollama is unreachable" in done.stdout
    assert f"casewright engine serve --api ollama --port {nothing.rsplit(':', 1)[1]}" in done.stdout


def test_with_nothing_there_nothing_is_claimed(tmp_path: Path, nothing: str) -> None:
    done = run(tmp_path, OLLAMA_URL=nothing, VLLM_URL=nothing)
    result = saved(tmp_path)
    assert done.returncode == EXIT_UNREACHABLE
    assert {row.result.status for row in result.criteria} == {"NOT MEASURED"}
    assert not (tmp_path / "benchmark_history.jsonl").exists()


def test_nothing_does_not_replace_earlier_results(tmp_path: Path, nothing: str) -> None:
    earlier = tmp_path / "benchmark_results.json"
    earlier.write_text("kept")
    done = run(tmp_path, OLLAMA_URL=nothing, VLLM_URL=nothing)
    assert earlier.read_text() == "kept"
    assert "Nothing was measured" in done.stdout


def test_ctrl_c_saves_what_there_was(tmp_path: Path, simulator: SimulatorServer) -> None:
    asked = command("--engine", f"vllm={simulator.url}", "--requests", "100000")
    simulator.reset_truth()
    with subprocess.Popen(
        asked, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        deadline = time.monotonic() + DEADLINE_S
        while simulator.truth().requests < 20:
            assert time.monotonic() < deadline
        child.send_signal(signal.SIGINT)
        rest = child.stdout.read()
        assert child.wait(DEADLINE_S) == EXIT_INTERRUPTED, rest
    result = saved(tmp_path)
    assert result.interrupted
    assert [stage.name for stage in result.providers[0].stages] == ["single"]
    assert result.providers[0].stages[0].run.interrupted
    assert "Interrupted" in rest
    assert not (tmp_path / "benchmark_history.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "tgi=http://127.0.0.1:1"), "unknown engine kind"),
        (("--vllm", "ftp://127.0.0.1"), "not an engine's URL"),
        (("--workload", "poem"), "unknown workload"),
        (("--duration", "-1"), "duration_s is -1"),
        (("--requests", "0"), "--requests"),
        (("--output", "no/such/folder/x.json"), "is no folder"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_words_that_cannot_be_carried_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run_commands(["--quick", "--quiet", *options], app, "benchmark_vllm.py")
    out = capsys.readouterr()
    assert code == EXIT_USAGE
    assert said in out.err
    assert out.out == ""
    assert not list(tmp_path.glob("*.json*"))


def test_engines_come_from_settings_or_from_the_command_line() -> None:
    plain = Settings.model_construct(**Settings().model_dump() | {"llm_provider": None})
    only = plain.model_copy(update={"llm_provider": "ollama"})
    assert words([], None, None, plain) == ("ollama", "vllm")
    assert words([], None, None, only) == ("ollama",)
    assert words([], None, "http://h:1#m", plain) == ("ollama", "vllm=http://h:1#m")
    assert words([], None, "http://h:1", only) == ("ollama", "vllm=http://h:1")
    assert words(["vllm=http://h:1"], None, None, plain) == ("vllm=http://h:1",)
    for engines, ollama in ((["vllm"], "http://h:1"), (["vllm"] * 3, None), (["what"], None)):
        with pytest.raises(UsageError):
            words(engines, ollama, None, plain)


def test_how_to_start_an_engine_names_its_port() -> None:
    spec = parse_engine("vllm=http://127.0.0.1:8123", Settings())
    assert "casewright engine serve-vllm --port 8123" in (start_words(spec) or "")
    assert start_words(parse_engine("embedded", Settings())) is None
