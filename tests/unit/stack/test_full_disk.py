"""A stack whose logs find no space: its supervisor goes on, and so do the logs when there is space again."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.stack.plan import SUPERVISOR, Places
from casewright.stack.records import family, living, read_record
from casewright.stack.run import stop_all
from casewright.stack.status import stack_status
from unit.stack.standing import named, plan_of, start_plan, until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount, on Linux"
)


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("full")
    size = "size=4m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "casewright-test", str(folder)], check=True)
    found = Places(folder)
    try:
        yield found
    finally:
        stop_all(found)
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def asked(url: str, times: int) -> None:
    for _ in range(times):
        with urllib.request.urlopen(url + "/health", timeout=10) as answer:
            assert answer.status == 200


def test_the_supervisor_outlives_a_full_disk(places: Places) -> None:
    plan = plan_of(rag="chatty", notes="chatty")
    start_plan(plan, places)
    supervisor = living(read_record(places.record(SUPERVISOR)))
    assert supervisor is not None
    all_of_it = family([supervisor])
    filler = places.data_dir / "filler"
    fill(filler)
    log = places.log("rag")
    for process in plan.processes:
        asked(process.url, 20)  # far more than the last page of a log holds
    status = stack_status(places)
    assert (status.state, status.supervisor_answers) == ("running", True)
    assert named(status, "rag").restarts == 0

    filler.unlink()
    before = log.stat().st_size
    asked(plan.processes[0].url, 2)
    until(lambda: log.stat().st_size > before, "the log goes on")
    logs = [path.read_bytes() for path in log.parent.glob(f"{log.name}*")]
    assert any(b"lines could not be written here" in content for content in logs)

    fill(filler)  # what ends meanwhile leaves nothing behind either
    assert stop_all(places) == 3
    assert [each for each in all_of_it if each.is_running()] == []
