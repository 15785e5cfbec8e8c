"""The GPUs that engines' containers reserve: the plan's, others, none, and what docker does not tell."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.staging.ask import Client
from casewright.staging.compose import ComposeStack
from casewright.staging.compose_gpus import reservations, reserved
from casewright.staging.compose_parse import Part
from casewright.staging.config import StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.stack import Stack
from unit.staging.docker_scenarios import Scenario
from unit.staging.faults import assert_failed, injects
from unit.staging.stack import StandInStack

BOX = "startup.gpu"


@pytest.fixture
def made() -> Iterator[list[Scenario]]:
    found: list[Scenario] = []
    yield found
    for each in found:
        each.close()


async def reserving(config: StageConfig, stack: Stack) -> Ledger:
    async with Client(5) as client:
        context = Context(config, client, stack, Ledger())
        await reservations(context)
    return context.ledger


def entered(found: Scenario, *engines: str) -> Ledger:
    """The box after the reservations of a compose file that has these engines too."""
    config, plain = found.stage()
    parts = {**plain.compose.parts, **{name: Part() for name in engines}}
    stack = ComposeStack(config, replace(plain.compose, parts=parts))
    (found.folder / "up").touch()
    return asyncio.run(reserving(config, stack))


@injects(BOX)
def test_an_engine_that_reserves_another_gpu_fails(tmp_path: Path, made: list[Scenario]) -> None:
    held = {"ollama": {"gpu": ["0"], "health": ""}, "vllm": {"gpu": ["0"], "health": ""}}
    made.append(Scenario(tmp_path / "machine", containers=held))
    found = entered(made[0], "ollama", "vllm")
    assert_failed(found, BOX, "1 of 2 checks", "vLLM's container reserves: GPU 0 (expected GPU 1)")
    assert found.entries()[BOX].seen == {"reserved": {"ollama": ["0"], "vllm": ["0"]}}


def test_without_engines_in_the_file_or_without_containers_nothing_is_entered(
    tmp_path: Path, made: list[Scenario]
) -> None:
    made.append(Scenario(tmp_path / "machine"))
    assert entered(made[0]).entries()[BOX].findings == ()
    config, _ = made[0].stage()
    assert asyncio.run(reserving(config, StandInStack(tmp_path))).entries() == {}, "no container reserves it"


@pytest.mark.parametrize(
    ("ids", "ok", "tried"),
    [
        (("1",), True, True),
        (("all",), False, True),
        (("0", "1"), False, True),
        (("GPU-4f2e",), None, True),
        ((), None, False),
    ],
)
def test_a_reservation_is_right_wrong_or_not_told(ids: Sequence[str], ok: bool | None, tried: bool) -> None:
    found = reserved("vllm", {"vllm": ids}, None)
    assert found.ok is ok
    assert ok is not None or found.not_proven is tried
    assert reserved("vllm", {}, "the daemon does not answer").ok is None
