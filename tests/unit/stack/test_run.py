"""Stacks of real processes under the real supervisor: all or nothing, restarted, found again, ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from casewright.errors import ConfigError, PortTaken, StartFailed
from casewright.stack.plan import SUPERVISOR, Places
from casewright.stack.records import family, living, read_record
from casewright.stack.run import stop_all
from casewright.stack.status import stack_status
from unit.stack.standing import named, plan_of, start_plan, until


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    # not below the test's own folder: with its name, a worker's path is too long for the supervisor's socket
    found = Places(tmp_path_factory.mktemp("run") / "a b;c%d")
    yield found
    stop_all(found)


def everyone(places: Places) -> list[psutil.Process]:
    """The supervisor and all below it."""
    supervisor = living(read_record(places.record(SUPERVISOR)))
    assert supervisor is not None
    return family([supervisor])


def told(url: str) -> dict[str, object]:
    with urllib.request.urlopen(url + "/health", timeout=5) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_up_ps_kill_up_again_down(places: Places) -> None:
    plan = plan_of(rag="", notes="", web="child")
    started, seen = start_plan(plan, places)
    assert (started.outcome, started.status.healthy) == ("healthy", True)
    assert started.seconds < 30
    assert seen[-1].healthy
    assert told(plan.processes[0].url)["told"] == "50% of; # it"  # the environment came through as it was
    assert {path.stat().st_mode & 0o077 for path in (places.run, places.logs, places.socket)} == {0}

    again, _ = start_plan(plan, places)
    assert again.outcome == "already running"
    assert [each.pid for each in again.status.processes] == [each.pid for each in started.status.processes]
    assert again.differs == ()
    wish = plan_of(rag="", notes="", documents="").model_copy(
        update={"environment": {"LLM_PROVIDER": "vllm"}}
    )
    other, _ = start_plan(wish, places)
    assert "LLM_PROVIDER is not set there, vllm here" in other.differs
    assert any("documents was not started" in line for line in other.differs)
    assert any("web runs too" in line for line in other.differs)

    first = named(started.status, "rag").pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    after = until(
        lambda: now if (now := stack_status(places)).healthy and named(now, "rag").pid != first else None,
        "rag is healthy again",
    )
    assert (named(after, "rag").restarts, named(after, "notes").restarts) == (1, 0)
    assert (named(after, "rag").memory_bytes or 0) > 1_000_000

    all_of_it = everyone(places)
    assert len(all_of_it) == 5  # the supervisor, three stand-ins, and a child in a session of its own
    assert stop_all(places) == 5
    assert [each for each in all_of_it if each.is_running()] == []
    assert stack_status(places).state == "stopped"
    assert stop_all(places) == 0


def test_a_lost_supervisor_is_said_and_its_children_serve_until_down(places: Places) -> None:
    plan = plan_of(rag="", notes="")
    start_plan(plan, places)
    all_of_it = everyone(places)
    supervisor = all_of_it[0]
    supervisor.kill()
    supervisor.wait(10)
    status = stack_status(places)
    assert (status.state, status.serves) == ("unsupervised", False)
    assert {each.state for each in status.processes} == {"orphaned"}
    assert told(plan.processes[0].url)["service"] == "rag"

    started, _ = start_plan(plan_of(rag=""), places)  # ends what was left, then starts its own
    assert (started.outcome, started.cleared) == ("healthy", 2)
    assert [each for each in all_of_it if each.is_running()] == []

    all_of_it = everyone(places)
    all_of_it[0].kill()
    all_of_it[0].wait(10)
    assert stop_all(places) == 1
    assert [each for each in all_of_it if each.is_running()] == []


def test_a_supervisor_that_hangs_is_not_called_well(places: Places) -> None:
    start_plan(plan_of(rag=""), places)
    supervisor, *_ = all_of_it = everyone(places)
    supervisor.suspend()
    try:
        status = stack_status(places)
        assert (status.state, status.supervisor_answers, status.serves) == ("running", False, False)
        assert named(status, "rag").serves
    finally:
        supervisor.resume()
    assert stop_all(places) == 2
    assert [each for each in all_of_it if each.is_running()] == []


def test_a_child_that_ends_at_once_is_a_finding_with_its_words_and_nothing_stays(places: Places) -> None:
    plan = plan_of(engine="die", rag="")
    with pytest.raises(StartFailed) as caught:
        start_plan(plan, places)
    assert "no such model: /nonexistent" in caught.value.message
    assert "engine" in caught.value.message
    assert "rag:" not in caught.value.message  # what served is not accused
    assert stack_status(places).state == "stopped"
    with socket.create_server(("127.0.0.1", plan.processes[1].port)):
        pass  # its port is free again


def test_every_taken_port_is_named_with_its_holder_and_nothing_is_started(places: Places) -> None:
    plan = plan_of(rag="", notes="", web="")
    with (
        socket.create_server(("127.0.0.1", plan.processes[0].port)),
        socket.create_server(("127.0.0.1", plan.processes[2].port)),
        pytest.raises(PortTaken) as caught,
    ):
        start_plan(plan, places)
    said = str(caught.value)
    for each in (plan.processes[0], plan.processes[2]):
        assert f"port {each.port}, wanted by {each.name}" in said
        assert f"{each.setting}=" in said
    assert f"pid {os.getpid()}" in said
    assert str(plan.processes[1].port) not in said
    assert stack_status(places).state == "stopped"


def test_called_off_it_leaves_nothing(places: Places) -> None:
    stop = threading.Event()
    stop.set()
    started, _ = start_plan(plan_of(rag="", notes=""), places, stop=stop)
    assert started.outcome == "interrupted"
    assert [each for each in psutil.process_iter() if str(places.run) in " ".join(_words(each))] == []


def _words(process: psutil.Process) -> list[str]:
    try:
        found: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return found


def test_what_serves_with_less_stays_and_is_called_degraded(places: Places) -> None:
    started, _ = start_plan(plan_of(rag="degraded", notes=""), places)
    assert started.outcome == "degraded"
    assert named(started.status, "rag").reason == "store: slow"
    assert stack_status(places).serves


def test_a_pid_that_another_process_has_now_is_not_ended(places: Places) -> None:
    places.prepare()
    other = psutil.Process()
    record = {"name": "rag", "pid": other.pid, "created": other.create_time() - 60, "starts": 1}
    places.record("rag").write_text(json.dumps(record))
    assert stop_all(places) == 0  # and this test goes on
    assert not places.record("rag").exists()


def test_a_path_too_long_for_a_socket_is_refused_before_anything(tmp_path: Path) -> None:
    far = Places(tmp_path / ("x" * 100))
    with pytest.raises(ConfigError, match="too long for a socket"):
        start_plan(plan_of(rag=""), far)
    assert not far.data_dir.exists()
