"""Build, startup and functional boxes: the fault of each is injected, and the box is seen to FAIL."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import CommandRun, StageResult
from casewright.staging import steps_ask, steps_start
from casewright.staging.ask import Client
from casewright.staging.config import Deadlines, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.logs import killed, mark_logs, memory_errors
from casewright.staging.resume import facts_of, put_back
from casewright.staging.run import StepEvent, run_stage
from casewright.staging.stack import Listing
from unit.staging.faults import assert_failed, injects
from unit.staging.stack import StandInStack
from unit.staging.standin import standing

SERVICES = ("rag", "notes", "documents", "web")


@pytest.fixture
def stacks() -> Iterator[list[StandInStack]]:
    made: list[StandInStack] = []
    yield made
    for stack in made:
        stack.close()


def config_at(folder: Path, services: dict[str, str]) -> StageConfig:
    return StageConfig(
        data_dir=folder / "data",
        output=folder / "out",
        services=services,
        command=("false",),
        only=("startup",),
        deadlines=Deadlines(request_s=5, recovery_s=1, poll_s=0.02, sample_s=0.05, sampled_s=0.3),
    )


def staged(
    stack: StandInStack, folder: Path, watch: Callable[[StepEvent], None] = lambda _: None
) -> StageResult:
    """A whole stage of the startup boxes."""
    return run_stage(config_at(folder, stack.services), watch, stack)


async def asked(
    folder: Path, *faults: str, step: Callable[[Context], Awaitable[str]] = steps_ask.end_to_end
) -> Ledger:
    """A step that asks, against services in threads."""
    with ExitStack() as stack:
        urls = {name: stack.enter_context(standing(name, *faults)) for name in SERVICES}
        async with Client(5) as client:
            config = config_at(folder, urls)
            context = Context(config, client, StandInStack(folder), Ledger(), provider="embedded")
            await step(context)
    return context.ledger


async def test_right_services_pass_every_functional_box(tmp_path: Path) -> None:
    boxes = (await asked(tmp_path)).judge(replace(config_at(tmp_path, {}), only=("functional",)))
    assert {box.status for box in boxes if box.asked} == {"PASS"}


# Build


@injects("build.dependencies", "build.sdks")
async def test_requirements_that_are_not_met_and_sdks_that_are_missing_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "site" / "broken-1.0.dist-info"
    broken.mkdir(parents=True)
    lines = ("Metadata-Version: 2.1", "Name: broken", "Version: 1.0", "Requires-Dist: nowhere>=9")
    (broken / "METADATA").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    async with Client(5) as client:
        context = Context(config_at(tmp_path, {}), client, StandInStack(tmp_path), Ledger())
        # without its folder of packages, this Python has neither SDK
        monkeypatch.setattr(sys, "path", [each for each in sys.path if "site-packages" not in each])
        await steps_start.preflight(context)
    assert_failed(context.ledger, "build.dependencies", "broken 1.0 requires nowhere")
    assert_failed(context.ledger, "build.sdks", "openai: not installed", "ollama: not installed")


# Startup


class Missing(StandInStack):
    """A stack of which one service does not come up."""

    async def processes(self) -> Listing:
        found = await super().processes()
        return replace(found, processes=tuple(each for each in found.processes if each.name != "notes"))


@injects("startup.services")
def test_a_service_that_is_not_in_the_list_fails(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stacks.append(Missing(tmp_path))
    assert_failed(staged(stacks[0], tmp_path), "startup.services", "notes runs: not in the list")


class Slow(StandInStack):
    """A stack that takes longer than it may, by its own account."""

    async def up(self) -> CommandRun:
        return (await super().up()).model_copy(update={"seconds": 31.0})


@injects("startup.services")
def test_a_start_that_takes_too_long_fails(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stacks.append(Slow(tmp_path))
    assert_failed(staged(stacks[0], tmp_path), "startup.services", "31.0 s (expected within 30 s)")


@injects("startup.health", "startup.vision")
def test_a_service_without_its_engine_fails_health(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stacks.append(StandInStack(tmp_path, "llm-down", "silent-vision"))
    result = staged(stacks[0], tmp_path)
    assert_failed(result, "startup.health", "rag: status", "degraded")
    assert_failed(result, "startup.vision")


@injects("startup.health")
def test_a_service_that_is_sick_only_for_a_moment_fails_health(
    tmp_path: Path, stacks: list[StandInStack]
) -> None:
    """It is well when it is asked in the step, and sick between two steps: only the samples see it."""
    stack = StandInStack(tmp_path, "sick-on-demand")
    stacks.append(stack)

    def fall_sick(event: StepEvent) -> None:
        if event.name == "settle" and event.result is None:
            stack.sick_file.touch()

    result = staged(stack, tmp_path, fall_sick)
    assert_failed(result, "startup.health", "rag sampled", "HTTP 503")


def logged(folder: Path, name: str, text: str) -> Path:
    path = folder / "data" / "logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    return path


async def looked_through(folder: Path, *gained: tuple[str, str], killed: tuple[int, ...] = ()) -> Ledger:
    """The box of memory errors, after the logs gained these texts."""
    logged(folder, "rag.log", "MemoryError of last week\n")
    async with Client(5) as client:
        context = Context(config_at(folder, {}), client, StandInStack(folder), Ledger())
        mark_logs(context)
        for name, text in gained:
            logged(folder, name, text)
        context.killed.update(killed)
        context.ledger.add("startup.memory", memory_errors(context).findings)
    return context.ledger


@pytest.mark.parametrize(
    "line", ["MemoryError", "terminate called: std::bad_alloc", "kernel: Out of memory: Killed process 7"]
)
@injects("startup.memory")
async def test_words_about_memory_in_a_log_fail(tmp_path: Path, line: str) -> None:
    found = await looked_through(tmp_path, ("rag.log", f"fine\n{line}\n"))
    assert_failed(found, "startup.memory", line[:11])


@injects("startup.memory")
async def test_what_the_logs_gained_before_a_stage_was_interrupted_fails_it_after(tmp_path: Path) -> None:
    async with Client(5) as client:
        first = Context(config_at(tmp_path, {}), client, StandInStack(tmp_path), Ledger())
        logged(tmp_path, "rag.log", "MemoryError of last week\n")
        mark_logs(first)
        logged(tmp_path, "rag.log", "MemoryError of today\n")
        logged(tmp_path, "notes.log", "std::bad_alloc\n")
        again = Context(config_at(tmp_path, {}), client, StandInStack(tmp_path), Ledger())
        put_back(again, facts_of(first))
        mark_logs(again)
        again.ledger.add("startup.memory", memory_errors(again).findings)
    box = assert_failed(again.ledger, "startup.memory", "MemoryError of today", "bad_alloc")
    assert "last week" not in box.reason


SPAWNED = "INFO spawned: 'rag' with pid 4242\n"
ENDS = (
    "WARN exited: rag (terminated by SIGKILL; not expected)\n",
    "WARN exited: rag (exit status 137; not expected)\n",
)


@pytest.mark.parametrize("end", ENDS)
@injects("startup.memory")
async def test_a_process_that_somebody_else_killed_fails(tmp_path: Path, end: str) -> None:
    found = await looked_through(tmp_path, ("supervisor.log", SPAWNED + end), killed=(17,))
    assert_failed(found, "startup.memory", "exited: rag")


async def test_a_process_that_the_stage_killed_is_no_memory_error(tmp_path: Path) -> None:
    found = await looked_through(tmp_path, ("supervisor.log", SPAWNED + ENDS[0]), killed=(4242,))
    (box,) = (box for box in found.judge(config_at(tmp_path, {})) if box.id == "startup.memory")
    assert box.status == "PASS"


def test_the_supervisors_own_kills_are_excused() -> None:
    lines = [SPAWNED.encode(), b"WARN killing 'rag' (4242) with SIGKILL", ENDS[0].encode()]
    assert killed(lines, set()) == []
    assert len(killed(lines[:1] + lines[2:], set())) == 1


class Staying(StandInStack):
    """A stack whose ``down`` says that all is well and leaves everything running."""

    async def down(self) -> CommandRun:
        return await self.provider_shown()


@injects("startup.down")
def test_a_stack_that_stays_fails_its_end(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stacks.append(Staying(tmp_path))
    assert_failed(staged(stacks[0], tmp_path), "startup.down", "still listens")


@injects("stability.restarts")
def test_a_restart_that_nobody_asked_for_fails(tmp_path: Path, stacks: list[StandInStack]) -> None:
    stack = StandInStack(tmp_path)
    stacks.append(stack)

    def kill_one(event: StepEvent) -> None:
        if event.name == "settle" and event.result is None and not event.words:
            stack.running["notes"].kill()
            stack.running["notes"].wait(5)

    config = replace(config_at(tmp_path, stack.services), only=("stability",))
    assert_failed(run_stage(config, kill_one, stack), "stability.restarts", "notes at the end")


@pytest.mark.parametrize(
    ("fault", "words"),
    [("other-shape", "shape"), ("ok-for-wrong-json", "status")],
)
@injects("resilience.errors")
async def test_errors_without_grace_fail(tmp_path: Path, fault: str, words: str) -> None:
    found = await asked(tmp_path, fault, step=steps_ask.errors)
    assert_failed(found, "resilience.errors")
    entered = found.entries()["resilience.errors"].findings
    assert any(words in f"{each.what} {each.seen}" for each in entered if each.ok is False)


# Functional


@pytest.mark.parametrize("fault", ["wrong-provider", "silent-model", "ok-for-wrong-json"])
@injects("functional.rag")
async def test_queries_that_do_not_work_fail(tmp_path: Path, fault: str) -> None:
    assert_failed(await asked(tmp_path, fault), "functional.rag")


@pytest.mark.parametrize("fault", ["no-name", "silent-model", "ok-for-wrong-json"])
@injects("functional.notes")
async def test_conversions_that_do_not_work_fail(tmp_path: Path, fault: str) -> None:
    assert_failed(await asked(tmp_path, fault), "functional.notes")


@pytest.mark.parametrize(
    ("fault", "words"), [("refuses-uploads", "HTTP 503"), ("wrong-digest", "digest and size")]
)
@injects("functional.documents")
async def test_uploads_that_do_not_work_fail(tmp_path: Path, fault: str, words: str) -> None:
    assert_failed(await asked(tmp_path, fault), "functional.documents", words)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("swapped-amount", "says £975.00"),  # a wrong answer
        ("always-grounded", "grounded"),
        ("wrong-quote", "at its span"),
        ("invented-figure", "figures: 17"),
        ("invented-name", "figures: Acme, Ltd"),
        ("made-up-name", "nothing but that: Acme Ltd"),
        ("lost-line", "every line"),  # facts that are missing
        ("lost-page", "page"),
        ("misread", "845.50"),
        ("misplaced", "your_actions"),
        ("refuses-uploads", "HTTP 503"),
    ],
)
@injects("functional.correct")
async def test_answers_that_are_wrong_or_lack_something_fail(tmp_path: Path, fault: str, words: str) -> None:
    assert_failed(await asked(tmp_path, fault), "functional.correct", words)
