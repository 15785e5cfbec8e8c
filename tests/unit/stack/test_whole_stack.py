"""The product's own stack, started once: each process is killed and comes back; then its supervisor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.services.kit.keys import service_token
from casewright.stack.description import CHROMA, ENGINE, SERVICES
from casewright.stack.plan import SUPERVISOR, Places
from casewright.stack.records import family, living, read_record
from casewright.stack.run import stop_all
from casewright.stack.status import StackStatus, stack_status
from ports import free_ports
from unit.stack.standing import alive_with, named, until

NAMES = (ENGINE, *SERVICES, CHROMA)
BACK_S = 30.0
LEASE = "The monthly rent is £845.50.\n\nThe deposit was £975.00, paid on 3 March 2024.\n"

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.alone]


class Stack:
    """`casewright` with a data directory and ports of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.places = Places(data_dir)
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("LLM_", "OLLAMA", "VLLM", "CASEWRIGHT", "CHROMA"))
        }
        ports = zip(NAMES, free_ports(len(NAMES)), strict=True)
        ours = {f"CASEWRIGHT_{name.upper()}_PORT": str(port) for name, port in ports}
        # The embedded engine answers Ollama's API too, under its own name: a second provider to switch to.
        ours["OLLAMA_URL"] = f"http://127.0.0.1:{ours['CASEWRIGHT_ENGINE_PORT']}"
        ours["CASEWRIGHT_UP_WITH"] = CHROMA
        ours["CASEWRIGHT_OLLAMA_CONTEXT"] = "2048"  # what the engine in Ollama's place was started with
        self.environment = kept | ours | {"CASEWRIGHT_DATA": str(data_dir), "NO_COLOR": "1"}

    def run(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "casewright", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def status(self) -> StackStatus:
        return stack_status(self.places, service_token(self.places.data_dir))

    def ask_health(self, url: str) -> dict[str, object]:
        token = service_token(self.places.data_dir)
        request = urllib.request.Request(url + "/health", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
        return found

    def ask(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """The JSON that the RAG service answers: to a POST where there is a body."""
        url, token = named(self.status(), "rag").url, service_token(self.places.data_dir)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def processes(self) -> list[psutil.Process]:
        supervisor = living(read_record(self.places.record(SUPERVISOR)))
        assert supervisor is not None
        return family([supervisor])

    def healthy_again(self, told: dict[str, int]) -> StackStatus | None:
        """The status once everything is healthy and each named process has been started as often as told."""
        status = self.status()
        back = all(named(status, name).restarts == count for name, count in told.items())
        return status if status.healthy and back else None


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    found = Stack(tmp_path_factory.mktemp("stack") / "data")
    try:
        code, said = found.run("up")
        sys.stdout.write(said)  # the seconds are of interest, not judged here
        assert code == 0, said
        yield found
    finally:
        stop_all(found.places)


def test_all_are_healthy_and_a_second_up_changes_nothing(stack: Stack) -> None:
    before = stack.status()
    assert before.healthy, before
    assert [each.name for each in before.processes] == list(NAMES)
    assert {named(before, name).provider for name in ("rag", "notes")} == {"embedded"}
    code, said = stack.run("up")
    assert (code, "runs already" in said) == (0, True)
    assert "differs" not in said
    assert [each.pid for each in stack.status().processes] == [each.pid for each in before.processes]
    code, said = stack.run("ps", "--json")
    assert (code, json.loads(said)["supervisor_pid"]) == (0, before.supervisor_pid)
    assert "rag at http://127.0.0.1:" in stack.run("logs", "rag")[1]


def test_with_keys_the_stack_still_sees_its_own_health(stack: Stack) -> None:
    assert stack.run("keys", "create", "somebody", "--scope", "rag")[0] == 0
    rag = named(stack.status(), "rag")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(rag.url + "/health", timeout=10)
    assert caught.value.code == 401
    caught.value.close()
    assert stack.status().healthy
    code, said = stack.run("ps")
    assert (code, said.count("healthy")) == (0, len(NAMES))


def test_the_provider_is_switched_under_the_running_services(stack: Stack) -> None:
    code, said = stack.run("provider", "set", "ollama", "--wait")
    assert code == 0, said
    code, said = stack.run("provider", "show", "--json")
    services = json.loads(said)["services"]
    assert (code, services["rag"]["provider"], services["notes"]["provider"]) == (0, "ollama", "ollama")
    assert services["rag"]["source"] == "file"
    assert stack.run("provider", "clear")[0] == 0
    until(lambda: named(stack.status(), "rag").provider == "embedded", "the default again")


def test_chroma_killed_comes_back_and_what_was_taken_in_is_answered_all_the_time(stack: Stack) -> None:
    sent = stack.ask("/ingest", {"case_id": "c1", "texts": [{"name": "lease.txt", "text": LEASE}]})
    job = f"/jobs/{sent['job']['job_id']}?case_id=c1"
    done = until(lambda: found if (found := stack.ask(job))["ended"] else None, "the document is taken in")
    assert done["status"] == "done", done
    before = named(stack.status(), CHROMA)
    collections = before.url + "/api/v2/tenants/default_tenant/databases/default_database/collections"

    def of_chroma(path: str = "") -> Any:
        with urllib.request.urlopen(f"{collections}{path}", timeout=10) as answer:
            return json.load(answer)

    # a document is taken in once its text is kept; Chroma's copy of the vectors follows
    (kept,) = until(of_chroma, "Chroma to have its copy")
    until(lambda: of_chroma(f"/{kept['id']}/count") == 1, "Chroma to have the vector")
    psutil.Process(before.pid).kill()
    question: dict[str, object] = {"query": "How much was the deposit?", "case_id": "c1"}
    assert "£975.00" in stack.ask("/query", question)["answer"]
    until(lambda: stack.healthy_again({CHROMA: 1}), "healthy after Chroma was killed", BACK_S)
    assert "£975.00" in stack.ask("/query", question)["answer"]
    assert of_chroma(f"/{kept['id']}/count") == 1
    assert stack.ask("/doctor", {})["findings"] == []


def test_every_process_killed_comes_back(stack: Stack) -> None:
    status = stack.status()
    pids = {each.name: each.pid or 0 for each in status.processes}
    (model,) = psutil.Process(pids[ENGINE]).children()
    model.kill()  # the wrapper sees it, ends and is started again
    until(lambda: stack.healthy_again({ENGINE: 1}), "healthy after the model's process was killed", BACK_S)
    psutil.Process(named(stack.status(), ENGINE).pid).kill()
    until(lambda: stack.healthy_again({ENGINE: 2}), "healthy after the engine was killed", BACK_S)
    for name in SERVICES:
        psutil.Process(pids[name]).kill()
    after = until(
        lambda: stack.healthy_again(dict.fromkeys(SERVICES, 1)), "healthy after all were killed", BACK_S
    )
    assert all(named(after, name).pid != pids[name] for name in (ENGINE, *SERVICES))
    known = {process.pid for process in stack.processes()}
    until(
        lambda: all(int(line.split()[0]) in known for line in alive_with(stack.places.data_dir)),
        "the children of those that were killed have ended",
    )


def test_without_its_supervisor_it_serves_is_called_so_and_goes_down(stack: Stack) -> None:
    everyone = stack.processes()
    everyone[0].kill()
    everyone[0].wait(10)
    code, said = stack.run("ps")
    assert (code, "the supervisor is gone" in said) == (1, True)
    rag = named(stack.status(), "rag")
    assert rag.state == "orphaned"
    assert stack.ask_health(rag.url)["status"] == "healthy"
    began = time.monotonic()
    assert stack.run("down")[0] == 0
    assert time.monotonic() - began < 30
    assert [each for each in everyone if each.is_running()] == []
    assert stack.run("down") == (0, "it was not running\n")
    assert alive_with(stack.places.data_dir) == []
