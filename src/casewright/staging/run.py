"""One stage from beginning to end: the steps in order, Ctrl-C, the stack taken down whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from casewright.api.staging import StageResult, StepResult
from casewright.bench.machine import describe_machine
from casewright.errors import (
    EXIT_INTERRUPTED,
    EXIT_NOT_PROVEN,
    EXIT_OK,
    EXIT_TARGET_FAILED,
    EXIT_UNREACHABLE,
    UsageError,
)
from casewright.files import replace_file
from casewright.staging import steps_ask, steps_break, steps_start
from casewright.staging.ask import Client
from casewright.staging.checklist import BY_ID
from casewright.staging.config import StageConfig
from casewright.staging.context import CannotGoOn, Context, Step
from casewright.staging.ledger import Ledger, counts
from casewright.staging.report_html import stage_html
from casewright.staging.stack import LocalStack, Stack

RESULT, PAGE = "results.json", "report.html"

START = Step("start", ("startup.services",), steps_start.start, needs_stack=False)
DOWN = Step("down", ("startup.down",), steps_start.down, needs_stack=False)
STEPS: tuple[Step, ...] = (
    Step("preflight", ("build.dependencies", "build.sdks"), steps_start.preflight, needs_stack=False),
    START,
    Step("health", ("startup.health", "startup.vision"), steps_start.health),
    Step(
        "end to end",
        ("functional.rag", "functional.notes", "functional.documents", "functional.correct"),
        steps_ask.end_to_end,
    ),
    Step("errors", ("resilience.errors",), steps_ask.errors),
    Step("provider switch", steps_break.SWITCHES, steps_break.switch),
    Step("recovery", ("resilience.recovery",), steps_break.recovery),
    Step("settle", ("stability.restarts", "startup.memory"), steps_start.settle),
    DOWN,
)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step began (``result`` None) or ended."""

    name: str
    result: StepResult | None = None


Watch = Callable[[StepEvent], None]


def run_stage(config: StageConfig, watch: Watch, stack: Stack | None = None) -> StageResult:
    """Carry a stage out and write its evidence, ``results.json`` and ``report.html``.

    Raises:
        UsageError: a stack runs already (without ``attach``), or none does (with it).
        StorageError: the output folder refuses.
    """
    return asyncio.run(_stage(config, watch, stack or LocalStack(config)))


def planned(config: StageConfig) -> tuple[Step, ...]:
    """The steps that the groups asked for need, in order."""
    wanted = [
        step
        for step in STEPS
        if any(config.asks(BY_ID[box].group) and not BY_ID[box].not_built for box in step.boxes)
    ]
    if any(step.needs_stack or step in (START, DOWN) for step in wanted):
        wanted = [step for step in STEPS if step in wanted or step in (START, DOWN)]
    return tuple(wanted)


def exit_code(result: StageResult) -> int:
    """130 interrupted, 4 no service ever answered, 1 a box failed, 2 a box is open, 0 all asked passed."""
    if result.interrupted:
        return EXIT_INTERRUPTED
    if not result.reachable:
        return EXIT_UNREACHABLE
    if result.counts.failed:
        return EXIT_TARGET_FAILED
    return EXIT_NOT_PROVEN if result.counts.not_proven or result.counts.not_measured else EXIT_OK


class _Stage:
    """The steps of one stage, their results, and what to say of those that were not taken."""

    def __init__(self, context: Context, steps: Sequence[Step], watch: Watch) -> None:
        self.context = context
        self.steps = steps
        self.results: dict[str, StepResult] = {}
        self.problem: str | None = None
        self._watch = watch

    async def take_all(self) -> None:
        """Every step in order; those that need the stack are left out once it is known not to answer."""
        for step in self.steps:
            if step.needs_stack and self.problem is not None:
                self._end(step, StepResult(name=step.name, status="skipped", detail=self.problem))
                self.context.ledger.unfinished(step.boxes, f"no stack to look at: {self.problem}")
                continue
            await self._take(step)

    async def _take(self, step: Step) -> None:
        self._watch(StepEvent(step.name))
        ledger, began = self.context.ledger, time.monotonic()
        failed_before = ledger.failed(step.boxes)
        try:
            detail = await step.run(self.context)
            status = "failed" if ledger.failed(step.boxes) > failed_before else "done"
            result = StepResult(
                name=step.name, status="failed" if status == "failed" else "done", detail=detail
            )
        except CannotGoOn as stop:
            ledger.unfinished(step.boxes, stop.why)
            result = StepResult(name=step.name, status="skipped", detail=stop.why)
            if step is START:
                self.problem = stop.why
                result = result.model_copy(update={"status": "failed"})
        except asyncio.CancelledError:
            ledger.unfinished(step.boxes, "interrupted before it was finished")
            self._end(step, StepResult(name=step.name, status="interrupted", seconds=_since(began)))
            raise
        self._end(step, result.model_copy(update={"seconds": _since(began)}))

    async def tear_down(self) -> None:
        """Stop what was started and is still there."""
        if self.context.touched:
            self._watch(StepEvent(DOWN.name))
            began = time.monotonic()
            detail = await steps_start.down(self.context)
            self._end(DOWN, StepResult(name=DOWN.name, status="done", seconds=_since(began), detail=detail))

    def leave_open(self, why: str) -> None:
        """Say of every step that was not taken why not."""
        for step in self.steps:
            if step.name not in self.results:
                self.context.ledger.unfinished(step.boxes, why)
                self.results[step.name] = StepResult(name=step.name, status="skipped", detail=why)

    def _end(self, step: Step, result: StepResult) -> None:
        self.results[step.name] = result
        self._watch(StepEvent(step.name, result))


async def _stage(config: StageConfig, watch: Watch, stack: Stack) -> StageResult:
    started, began = datetime.now(UTC), time.monotonic()
    steps, ledger = planned(config), Ledger()
    interrupted = False
    async with Client(config.deadlines.request_s, config.token) as client:
        context = Context(config, client, stack, ledger)
        if START in steps:
            await _refuse_wrong_start(context)
        stage = _Stage(context, steps, watch)
        with _orders() as order:
            order.task = asyncio.ensure_future(stage.take_all())
            try:
                await asyncio.wait((order.task,))
                interrupted = order.task.cancelled()
            finally:
                order.task = asyncio.ensure_future(stage.tear_down())
                await asyncio.wait((order.task,))
        stage.leave_open("interrupted before it was begun" if interrupted else "not reached")
    result = _result(config, stage, started, _since(began), interrupted=interrupted)
    _write(config, ledger, result)
    _raise_defects(order.done)
    return result


@dataclass(slots=True)
class _Orders:
    """What Ctrl-C cancels now; ``done`` are the tasks that have been it."""

    done: list[asyncio.Task[None]]
    _task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None]:
        """The task that Ctrl-C cancels."""
        assert self._task is not None
        return self._task

    @task.setter
    def task(self, value: asyncio.Task[None]) -> None:
        self._task = value
        self.done.append(value)

    def cancel(self) -> None:
        """Cancel it."""
        if self._task is not None:
            self._task.cancel()


@contextlib.contextmanager
def _orders() -> Iterator[_Orders]:
    """Ctrl-C (or SIGTERM) ends the steps; a second one, during the end, leaves off waiting for `down`."""
    orders, loop = _Orders([]), asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        with contextlib.suppress(RuntimeError, ValueError):  # not the main thread: nobody can press Ctrl-C
            loop.add_signal_handler(number, orders.cancel)
    try:
        yield orders
    finally:
        for number, handler in before.items():
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)
                signal.signal(number, handler)


def _raise_defects(tasks: Sequence[asyncio.Task[None]]) -> None:
    """A defect of ours is not kept silent; what was seen before it is written by now."""
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _refuse_wrong_start(context: Context) -> None:
    config, found = context.config, await context.stack.processes()
    running = sorted(found.pids)
    if config.attach or not running:
        return
    raise UsageError(
        f"a stack is running already in {config.data_dir}: {', '.join(running)}",
        hint="casewright down first, or casewright stage --attach to test it without starting and stopping",
    )


def _result(
    config: StageConfig, stage: _Stage, started: datetime, seconds: float, *, interrupted: bool
) -> StageResult:
    context = stage.context
    boxes = context.ledger.judge(config)
    notes = []
    if config.attach:
        notes.append("attached to a stack that was running: it was neither started, broken nor stopped")
    if START not in stage.steps:
        notes.append("nothing that was asked needs the stack: it was not started")
    return StageResult(
        id=config.output.name,
        started_at=started.isoformat(timespec="seconds"),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
        target="local",
        attached=config.attach,
        interrupted=interrupted,
        reachable=context.reachable or START not in stage.steps,
        only=config.only,
        machine=describe_machine(),
        engine=context.engine,
        model=context.model,
        provider=context.provider,
        steps=tuple(stage.results[step.name] for step in stage.steps),
        boxes=boxes,
        counts=counts(boxes),
        notes=tuple(notes),
    )


def _write(config: StageConfig, ledger: Ledger, result: StageResult) -> None:
    ledger.write(config.output)
    text = result.model_dump_json(by_alias=True, indent=2) + "\n"
    replace_file(config.output / RESULT, text.encode("utf-8", "replace"))
    replace_file(config.output / PAGE, stage_html(result).encode("utf-8", "replace"))


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
