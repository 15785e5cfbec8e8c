"""nvidia-smi as it can answer, by a program of that name on the PATH that the configuration gives."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from casewright.api.staging import BoxResult
from casewright.staging.ask import Client
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import Context
from casewright.staging.gpu import (
    GpuLook,
    Holder,
    allocation,
    devices_now,
    gpus_now,
    kind_of,
    memory_of_engines,
    utilisation,
)
from casewright.staging.ledger import Ledger
from casewright.staging.samples import GpuSample
from casewright.staging.steps_soak import ALLOCATION, UTILISATION, gpus, picture
from unit.staging.faults import injects
from unit.staging.stack import StandInStack

TWO = "0, GPU-a, NVIDIA RTX A4000, {0}, 15000, 16376\n1, GPU-b, NVIDIA RTX A4000, {1}, 8000, 16376"
RIGHT = "GPU-a, 101, /usr/bin/ollama, 15000\nGPU-b, 102, VLLM::EngineCore, 8000"


def nvidia_smi(
    folder: Path, devices: str, apps: str = "", listed: str = "", *, first: str = ""
) -> dict[str, str]:
    """An environment whose PATH has a program that prints so; ``first`` is done before anything."""
    folder.mkdir(exist_ok=True)
    script = folder / "nvidia-smi"
    script.write_text(
        f'#!/bin/sh\n{first}\ncase "$1" in\n'
        f"--query-gpu*) cat <<'END'\n{devices}\nEND\n;;\n"
        f"--query-compute-apps*) cat <<'END'\n{apps}\nEND\n;;\n"
        f"-L) cat <<'END'\n{listed}\nEND\n;;\nesac\n"
    )
    script.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def look(environment: dict[str, str], timeout_s: float = 10.0) -> GpuLook:
    return asyncio.run(gpus_now({**os.environ, **environment}, timeout_s))


def verdict(found: GpuLook) -> list[bool | None]:
    return [each.ok for each in allocation(found)]


def test_each_engine_on_its_gpu_is_right(tmp_path: Path) -> None:
    found = look(nvidia_smi(tmp_path, TWO.format(60, 80), RIGHT))
    assert found.problem is None
    assert [(gpu.index, gpu.busy, gpu.used) for gpu in found.devices] == [
        (0, 60.0, 15000.0),
        (1, 80.0, 8000.0),
    ]
    assert found.holders[1] == Holder(1, 102, "VLLM::EngineCore", 8000.0)
    assert verdict(found) == [True, True]


@pytest.mark.parametrize(
    "apps",
    [
        RIGHT.replace("GPU-b", "GPU-a"),
        RIGHT + "\nGPU-a, 103, python -m vllm.entrypoints.openai.api_server, 100",
    ],
)
def test_an_engine_on_the_wrong_gpu_fails(tmp_path: Path, apps: str) -> None:
    found = allocation(look(nvidia_smi(tmp_path, TWO.format(60, 80), apps)))
    assert [each.ok for each in found] == [True, False]
    assert "GPU 0" in found[1].seen


def test_a_process_is_known_by_its_command_line(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "input()", "-m", "vllm"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as child:
        apps = f"GPU-b, {child.pid}, python3, 8000"
        found = allocation(look(nvidia_smi(tmp_path, TWO.format(1, 2), apps)))
        assert memory_of_engines()["vllm"] > 0
        child.kill()
    assert [each.ok for each in found] == [None, True]
    assert not found[0].not_proven


def test_a_machine_without_the_tool_has_nothing_to_measure(tmp_path: Path) -> None:
    found = look({"PATH": str(tmp_path)})
    assert found.absent
    (finding,) = allocation(found)
    assert finding.ok is None and not finding.not_proven
    assert "run the stage on the machine that has the GPUs" in finding.seen


@pytest.mark.parametrize(
    ("devices", "first", "words"),
    [
        ("Thu Nov 26: all is well", "", "cannot be read"),
        ("0, GPU-a, x, 1, 2", "", "cannot be read"),
        (TWO.format(1, 2), "echo 'Failed to initialize NVML: driver mismatch'; exit 18", "driver mismatch"),
        ("\x00\x01", "", "cannot be read"),
    ],
)
def test_what_cannot_be_read_proves_nothing(tmp_path: Path, devices: str, first: str, words: str) -> None:
    script = devices.replace("\x00", "?")
    found = look(nvidia_smi(tmp_path, script, RIGHT, first=first))
    assert words in (found.problem or "")
    (finding,) = allocation(found)
    assert finding.ok is None and finding.not_proven


def test_one_that_hangs_is_stopped_at_its_deadline(tmp_path: Path) -> None:
    found = look(nvidia_smi(tmp_path, "", first="sleep 60"), timeout_s=0.3)
    assert "no end within 0.3 s" in (found.problem or "")
    assert not found.absent


def test_garbage_among_the_processes_proves_nothing(tmp_path: Path) -> None:
    found = look(nvidia_smi(tmp_path, TWO.format(1, 2), "No running processes found"))
    assert "cannot be read" in (found.problem or "")


def test_no_gpu_listed_is_none_there(tmp_path: Path) -> None:
    assert look(nvidia_smi(tmp_path, "")).absent


def test_what_is_not_told_is_not_zero(tmp_path: Path) -> None:
    found = asyncio.run(devices_now(nvidia_smi(tmp_path, TWO.format("[N/A]", "[Not Supported]"))))
    assert [gpu.busy for gpu in found.devices] == [None, None]
    finding = utilisation(1, [found], "text")
    assert finding.ok is None and finding.not_proven
    assert "[N/A]" in finding.seen


def test_a_part_of_a_gpu_is_that_gpu_where_the_list_says_so(tmp_path: Path) -> None:
    apps = "GPU-a, 101, ollama, 15000\nMIG-7, 102, vllm, [N/A]"
    listed = "GPU 0: A100 (UUID: GPU-a)\nGPU 1: A100 (UUID: GPU-b)\n  MIG 1g.5gb  Device  0: (UUID: MIG-7)"
    environment = nvidia_smi(tmp_path, TWO.format("[N/A]", "[N/A]"), apps, listed)
    found = look(environment)
    assert found.holders[1] == Holder(1, 102, "vllm", None, mig=True)
    assert verdict(found) == [True, True]
    assert verdict(look(nvidia_smi(tmp_path, TWO.format(1, 2), apps))) == [True, None]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("/usr/local/bin/ollama runner --model x", "ollama"),
        ("VLLM::EngineCore_0", "vllm"),
        ("python -m vllm.entrypoints.openai.api_server", "vllm"),
        ("python benchmark_vllm.py", None),
        ("", None),
    ],
)
def test_names(words: str, kind: str | None) -> None:
    assert kind_of(words) == kind


@pytest.mark.parametrize(("busy", "ok"), [(80.0, True), (70.0, True), (20.0, False), (99.0, False)])
def test_utilisation_is_seen_against_expected(busy: float, ok: bool) -> None:
    device = GpuSample(index=1, name="x", busy=busy, used=1, total=2)
    found = utilisation(1, [GpuLook((device,))] * 3, "text")
    assert (found.ok, found.expected) == (ok, "70 to 90 %")
    assert f"{busy:.0f} %" in found.seen
    assert utilisation(0, [GpuLook((device,))], "pictures").not_proven is False


def test_the_picture_is_one() -> None:
    image = pytest.importorskip("PIL.Image")
    from io import BytesIO

    assert image.open(BytesIO(picture(64, 48))).size == (64, 48)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StandInStack]:
    made = StandInStack(tmp_path, "vision")
    asyncio.run(made.up())
    yield made
    made.close()


def boxes(stack: StandInStack, folder: Path, environment: dict[str, str]) -> dict[str, BoxResult]:
    """The two boxes after their step."""
    ledger, config = after_the_step(stack, folder, environment)
    return {box.id: box for box in ledger.judge(config) if box.id in (ALLOCATION, UTILISATION)}


def after_the_step(
    stack: StandInStack, folder: Path, environment: dict[str, str]
) -> tuple[Ledger, StageConfig]:
    config = StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services=stack.services,
        command=("false",),
        environment=environment,
        deadlines=Deadlines(request_s=5, gpu_s=0.4),
    )

    async def taken() -> Ledger:
        ledger = Ledger()
        async with Client(5) as client:
            await gpus(Context(config, client, stack, ledger))
        return ledger

    return asyncio.run(taken()), config


def test_the_memory_of_engines_is_read_after_the_pictures(stack: StandInStack, tmp_path: Path) -> None:
    environment = nvidia_smi(tmp_path / "bin", TWO.format(60, 80), RIGHT)
    ledger, _ = after_the_step(stack, tmp_path, environment)
    order = [each.what for each in ledger.entries()[UTILISATION].findings]
    assert order.index("GPU 0 with pictures") < order.index("resident memory of Ollama")


@injects("performance.gpu", itself=True)
def test_the_step_shows_right_places_and_a_gpu_that_idles(stack: StandInStack, tmp_path: Path) -> None:
    found = boxes(stack, tmp_path, nvidia_smi(tmp_path / "bin", TWO.format(60, 5), RIGHT))
    assert found[ALLOCATION].status == "PASS", found[ALLOCATION].reason
    assert found[UTILISATION].status == "FAIL"
    assert "GPU 1 with text: 5 %" in found[UTILISATION].reason


@injects("startup.gpu", itself=True)
def test_the_step_fails_a_wrong_place(stack: StandInStack, tmp_path: Path) -> None:
    apps = RIGHT.replace("GPU-b", "GPU-a")
    found = boxes(stack, tmp_path, nvidia_smi(tmp_path / "bin", TWO.format(60, 80), apps))
    assert found[ALLOCATION].status == "FAIL"
    assert "vLLM holds: GPU 0 (expected GPU 1)" in found[ALLOCATION].reason


def test_the_step_without_a_gpu_measures_nothing_and_says_why(stack: StandInStack, tmp_path: Path) -> None:
    found = boxes(stack, tmp_path, {"PATH": str(tmp_path)})
    assert {box.status for box in found.values()} == {"NOT MEASURED"}
    assert all("no nvidia-smi on this machine" in box.reason for box in found.values())


def test_the_step_with_a_tool_that_fails_proves_nothing(stack: StandInStack, tmp_path: Path) -> None:
    found = boxes(stack, tmp_path, nvidia_smi(tmp_path / "bin", "", first="echo broken >&2; exit 9"))
    assert {box.status for box in found.values()} == {"NOT PROVEN"}
    assert all("exit 9: broken" in box.reason for box in found.values())
