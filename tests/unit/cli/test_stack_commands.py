"""``casewright up`` and its neighbours as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from casewright.cli.main import run
from casewright.errors import EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_TARGET_FAILED, EXIT_USAGE
from casewright.services.provider import ProviderFile
from ports import free_ports
from serving import served
from unit.stack.standing import alive_with, until

NAMES = ("ENGINE", "RAG", "NOTES", "DOCUMENTS", "WEB")
OURS = ("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT", "RAG_URL", "NOTES_URL", "DOCUMENTS_URL")


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in [each for each in os.environ if each.startswith(OURS)]:
        monkeypatch.delenv(name)
    ports = free_ports(len(NAMES))
    ours = {f"CASEWRIGHT_{name}_PORT": str(port) for name, port in zip(NAMES, ports, strict=True)}
    ours |= {"CASEWRIGHT_DATA": str(tmp_path / "data"), "NO_COLOR": "1", "COLUMNS": "150"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return ours


Told = tuple[int, str, str]


@pytest.fixture
def told(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: exit code, stdout, stderr."""

    def call(*words: str) -> Told:
        code = run(list(words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


class Service:
    """A service's health, honest about the provider file of its data directory, or stubborn."""

    def __init__(self, data_dir: Path) -> None:
        self.file = ProviderFile(data_dir)
        self.stubborn = False
        self.answers = True
        self.reasons: list[str] = []

    async def health(self, request: Request) -> JSONResponse:
        chosen = "embedded" if self.stubborn else self.file.choose(None).provider
        about = {
            "status": "healthy" if self.answers else "degraded",
            "reasons": self.reasons if self.answers else ["gone"],
        }
        return JSONResponse(about | {"provider": chosen, "llm_available": self.answers, "model": "m-1"})


@pytest.fixture
def service(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Service]:
    found = Service(tmp_path / "data")
    with served(Starlette(routes=[Route("/health", found.health)])) as url:
        monkeypatch.setenv("RAG_URL", url)
        yield found


def test_provider_show_compares_the_request_with_what_is_used(told: Any, service: Service) -> None:
    code, out, _ = told("provider", "show")
    assert (code, out.splitlines()[0]) == (EXIT_OK, "asked for: embedded (from the default)")
    assert "embedded m-1, which answers" in out
    assert "notes      does not answer" in out
    service.stubborn = True
    assert told("provider", "set", "ollama")[0] == EXIT_OK
    code, out, _ = told("provider", "show", "--json")
    found = json.loads(out)
    assert (code, found["requested"], found["source"]) == (EXIT_TARGET_FAILED, "ollama", "file")
    assert found["services"]["rag"]["matches"] is False
    assert found["services"]["notes"]["matches"] is None
    service.stubborn = False
    assert told("provider", "show")[0] == EXIT_OK


def test_provider_show_says_why_another_one_is_used(told: Any, service: Service) -> None:
    service.stubborn = True
    service.reasons = ["engine: ollama was asked for and embedded answers: nobody there"]
    told("provider", "set", "ollama")
    code, out, _ = told("provider", "show")
    assert code == EXIT_TARGET_FAILED
    assert f"<- not what is asked for: {service.reasons[0]}" in out


def test_provider_set_warns_of_an_engine_that_is_not_there(
    told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def well(_request: Request) -> JSONResponse:
        return JSONResponse({})

    (port,) = free_ports(1)
    monkeypatch.setenv("VLLM_URL", f"http://user:secret@127.0.0.1:{port}")
    code, out, err = told("provider", "set", "vllm")
    assert (code, out) == (EXIT_OK, "asked for: vllm\n")
    assert "warning: vllm cannot be reached now" in err
    assert "the next engine answers" in err
    assert "secret" not in err
    monkeypatch.setenv("CASEWRIGHT_FALLBACK", "off")
    assert "lets no other engine answer" in told("provider", "set", "vllm")[2]
    monkeypatch.setenv("VLLM_URL", "http://127.0.0.1:99999")
    assert "out of range" in told("provider", "set", "vllm")[2]
    assert told("provider", "set", "auto")[2] == ""
    with served(Starlette(routes=[Route("/health", well), Route("/api/version", well)])) as url:
        for name in ("vllm", "ollama", "embedded"):
            monkeypatch.setenv(
                "CASEWRIGHT_EMBEDDED_URL" if name == "embedded" else f"{name.upper()}_URL", url
            )
            assert told("provider", "set", name) == (EXIT_OK, f"asked for: {name}\n", "")


def test_provider_set_waits_until_it_is_used_or_says_who_does_not(told: Any, service: Service) -> None:
    code, out, _ = told("provider", "set", "vllm", "--wait")
    assert (code, out.splitlines()[-1]) == (EXIT_OK, "every running service uses it: rag")
    service.answers = False
    code, out, _ = told("provider", "set", "ollama", "--wait", "--timeout", "0.3")
    assert code == EXIT_TARGET_FAILED
    assert "rag        ollama m-1, which does not answer: gone" in out
    assert told("provider", "clear")[1] == "the choice is cleared\n"
    assert told("provider", "clear")[1] == "there was no choice to clear\n"


def test_provider_set_refuses_what_is_none_and_waits_for_nobody(told: Any) -> None:
    code, _, err = told("provider", "set", "gpt")
    assert (code, "ollama, vllm, embedded" in err) == (EXIT_USAGE, True)
    code, _, err = told("provider", "set", "vllm", "--wait", "--timeout", "0.1")
    assert (code, "casewright up" in err) == (EXIT_FAILURE, True)


def test_keys_are_shown_once_listed_without_secret_and_revoked(told: Any, tmp_path: Path) -> None:
    assert "there are no keys" in told("keys", "list")[1]
    code, token, err = told("keys", "create", "n8n", "--scope", "rag", "-s", "notes")
    assert (code, token.startswith("cw_"), len(token.split())) == (EXIT_OK, True, 1)
    identity = token.split("_")[1]
    assert identity in err
    assert token.strip() not in err
    _, listed, _ = told("keys", "list")
    assert all(word in listed for word in (identity, "n8n", "rag, notes"))
    secret = token.strip().split("_", 2)[2]
    assert secret not in listed + (tmp_path / "data" / "keys.json").read_text()
    assert told("keys", "revoke", identity)[0] == EXIT_OK
    assert told("keys", "revoke", identity)[0] == EXIT_USAGE
    assert told("keys", "create", "x", "--scope", "everything")[0] == EXIT_USAGE


def test_config_names_every_setting_its_source_and_no_secret(
    told: Any, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_API_KEY", "very-secret")
    monkeypatch.setenv("OLLAMA_URL", "http://user:hidden@127.0.0.1:11434")
    code, out, _ = told("config", "show", "--json")
    found = json.loads(out)
    assert code == EXIT_OK
    assert "very-secret" not in out
    assert "hidden" not in out
    assert found["settings"]["VLLM_API_KEY"] == {"value": "set", "source": "environment"}
    assert found["settings"]["CASEWRIGHT_SERVICE_KEY"] == {"value": "unset", "source": "default"}
    assert found["settings"]["CASEWRIGHT_RAG_PORT"]["value"] == int(environment["CASEWRIGHT_RAG_PORT"])
    assert found["places"]["data"] == environment["CASEWRIGHT_DATA"]
    assert found["urls"]["rag"] == f"http://127.0.0.1:{environment['CASEWRIGHT_RAG_PORT']}"
    code, shown, _ = told("config", "show")
    missing = [name for name in found["settings"] if name not in shown]
    assert (code, missing, "very-secret" in shown) == (EXIT_OK, [], False)


def test_what_is_not_running_is_said(told: Any) -> None:
    assert told("ps") == (EXIT_TARGET_FAILED, "it is not running; casewright up starts it\n", "")
    found = json.loads(told("ps", "--json")[1])
    assert (found["schema"], found["state"]) == ("casewright.ps/1", "stopped")
    assert told("down") == (EXIT_OK, "it was not running\n", "")
    assert told("logs")[0] == EXIT_OK
    assert told("logs", "nobody")[0] == EXIT_USAGE
    assert told("serve", "nobody")[0] == EXIT_USAGE
    code, _, err = told("up", "--target", "compose")
    assert (code, "docker compose" in err) == (EXIT_USAGE, True)


def test_up_names_a_taken_port_and_how_to_change_it(told: Any, environment: dict[str, str]) -> None:
    port = int(environment["CASEWRIGHT_NOTES_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        code, _, err = told("up")
    said = " ".join(err.split())
    assert (code, "port_taken" in err) == (EXIT_USAGE, True)
    assert f"port {port}, wanted by notes, is taken by" in said
    assert "CASEWRIGHT_NOTES_PORT=" in said
    assert told("ps")[1] == "it is not running; casewright up starts it\n"


def start(*words: str) -> subprocess.Popen[str]:
    """A command as a background shell would start it: with SIGINT ignored."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "casewright", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_while_it_starts_leaves_no_process(environment: dict[str, str], tmp_path: Path) -> None:
    process = start("up")
    assert process.stdout is not None
    assert "engine" in process.stdout.readline()  # the supervisor is there
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_INTERRUPTED, out + err
    assert "everything was stopped again" in out
    assert alive_with(tmp_path / "data") == []


def test_a_model_that_is_not_there_is_a_finding_with_the_log(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CASEWRIGHT_EMBEDDED_MODEL", "nonexistent.gguf")
    process = start("up")
    out, err = process.communicate(timeout=90)
    assert process.returncode == EXIT_FAILURE, out + err
    said = "".join(err.split())
    assert "startfailed" in said or "start_failed" in said
    assert f"nomodelfileat{Path.cwd() / 'nonexistent.gguf'}" in said
    assert alive_with(tmp_path / "data") == []


def test_serve_prints_its_url_and_ends_on_ctrl_c(environment: dict[str, str]) -> None:
    process = start("serve", "notes", "--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("notes at http://127.0.0.1:"), process.communicate(timeout=30)[1]
    url = line.split()[2].rstrip(";")
    with urllib.request.urlopen(url + "/live", timeout=10) as answer:
        assert json.load(answer) == {"status": "live"}
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == EXIT_OK
    process.communicate()


@pytest.fixture
def log_dir(environment: dict[str, str]) -> Path:
    folder = Path(environment["CASEWRIGHT_DATA"]) / "logs"
    folder.mkdir(parents=True)
    return folder


def test_logs_show_the_last_lines_and_follow_across_a_rotation(told: Any, log_dir: Path) -> None:
    log = log_dir / "rag.log"
    log.write_text("".join(f"line {i}\n" for i in range(9)))
    assert told("logs", "rag", "-n", "2")[1] == "line 7\nline 8\n"
    assert told("logs", "-n", "1")[1] == "rag        line 8\n"
    process = start("logs", "rag", "-f", "-n", "1")
    assert process.stdout is not None
    assert process.stdout.readline() == "line 8\n"
    with log.open("a") as file:
        file.write("half")
        file.flush()
        file.write(" and half\n")
    assert process.stdout.readline() == "half and half\n"
    log.rename(log_dir / "rag.log.1")
    log.write_text("after\n")
    assert process.stdout.readline() == "after\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == EXIT_OK
    process.communicate()


def test_logs_into_a_pipe_that_closes_end_without_a_trace(log_dir: Path) -> None:
    (log_dir / "rag.log").write_text("a line of the log\n" * 50_000)
    process = start("logs", "rag", "-n", "50000")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "a line of the log\n"
    process.stdout.close()
    assert process.wait(20) == EXIT_OK
    assert process.stderr.read() == ""
    process.stderr.close()


def test_until_fails_when_nothing_comes() -> None:
    with pytest.raises(AssertionError, match="a wonder"):
        until(lambda: False, "a wonder", timeout_s=0.1)
