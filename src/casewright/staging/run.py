"""One stage from beginning to end: the steps in order, Ctrl-C, the stack taken down whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from casewright.api.staging import Finding, StageResult, StepResult
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
from casewright.staging import (
    images,
    steps_ask,
    steps_break,
    steps_load,
    steps_perf,
    steps_soak,
    steps_start,
    steps_storm,
    storm_disk,
    storm_engines,
    storm_hang,
)
from casewright.staging.ask import Client
from casewright.staging.checklist import BY_ID
from casewright.staging.compose import ComposeStack
from casewright.staging.config import StageConfig
from casewright.staging.context import CannotGoOn, Context, Step
from casewright.staging.duration import DURATION, duration
from casewright.staging.judge import finding
from casewright.staging.ledger import Ledger, counts
from casewright.staging.logs import leave_ends_out
from casewright.staging.orders import Orders, ordered, while_heard
from casewright.staging.report_html import stage_html
from casewright.staging.report_junit import stage_junit
from casewright.staging.report_markdown import stage_markdown
from casewright.staging.resume import Keeper, State, carried, put_back, read_failures, read_state, take_down
from casewright.staging.stack import LocalStack, Stack

RESULT, PAGE, TEXT, UNITS = "results.json", "report.html", "report.md", "junit.xml"

START = Step("start", ("startup.services",), steps_start.start, needs_stack=False)
DOWN = Step("down", ("startup.down", DURATION), steps_start.down, needs_stack=False)
STEPS: tuple[Step, ...] = (
    # images first: what is installed in them can only be looked at once they are built
    Step("images", ("build.images", "build.image-size"), images.images, needs_stack=False),
    Step("preflight", ("build.dependencies", "build.sdks"), images.preflight, needs_stack=False),
    START,
    Step("health", ("startup.health", "startup.vision"), steps_start.health),
    Step(
        "end to end",
        ("functional.rag", "functional.notes", "functional.documents", "functional.correct"),
        steps_ask.end_to_end,
    ),
    Step("errors", ("resilience.errors",), steps_ask.errors),
    Step("provider switch", steps_break.SWITCHES, steps_break.switch),
    Step("performance", (steps_perf.LATENCY, steps_perf.THROUGHPUT), steps_perf.performance),
    Step("load", (steps_load.LOAD, steps_load.OVERLOAD), steps_load.load),
    Step("gpus", (steps_soak.ALLOCATION, steps_soak.UTILISATION), steps_soak.gpus),
    Step("fallback", (storm_engines.FALLBACK, storm_engines.SLOW), storm_engines.engines, breaks=True),
    Step("recovery", ("resilience.recovery",), steps_break.recovery, breaks=True),
    Step("hang", (storm_hang.HANG,), storm_hang.hang, breaks=True),
    Step("storm", (steps_storm.DATA,), steps_storm.storm, breaks=True),
    Step("full disk", (storm_disk.DISK,), storm_disk.disk),
    Step("soak", steps_soak.BOXES, steps_soak.soak),
    Step(
        "settle",
        ("stability.restarts", "startup.memory", "startup.health", "performance.memory"),
        steps_start.settle,
    ),
    DOWN,
)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """A step began (``result`` None), told something on its way (``words``), or ended."""

    name: str
    result: StepResult | None = None
    words: str = ""


Watch = Callable[[StepEvent], None]


def run_stage(config: StageConfig, watch: Watch, stack: Stack | None = None) -> StageResult:
    """Carry a stage out, or on (``config.resume``), and write its evidence and its reports.

    Raises:
        UsageError: a stack runs already (without ``attach``), or none does (with it); there is nothing to
            resume, or not with these options; what makes the load is not installed.
        StorageError: the output folder refuses.
    """
    return asyncio.run(_stage(config, while_heard(watch), stack or LocalStack(config)))


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

    def __init__(self, context: Context, steps: Sequence[Step], watch: Watch, keeper: Keeper) -> None:
        self.context = context
        self.steps = steps
        self.results: dict[str, StepResult] = {}
        self.problem: str | None = None
        self.stuck = False
        self._watch = watch
        self._keeper = keeper
        self._through: list[StepResult] = []

    def keep(self, results: Sequence[StepResult]) -> None:
        """Take over the steps that an earlier run carried through."""
        steps = {step.name: step for step in self.steps}
        for result in results:
            self._through.append(result)
            self._end(steps[result.name], result)

    def close(self, *, whole: bool) -> None:
        """Write on disk how the stage ended."""
        if whole:
            self.save(finished=True)
        else:
            self._keeper.stop(self.context, up=self.context.touched)

    def save(self, *, finished: bool = False, starting: bool = False) -> None:
        """Write on disk what was carried through so far."""
        up = self.context.touched or starting
        self._keeper.save(self.context, self._through, up=up, finished=finished)

    async def take_all(self, order: Orders) -> None:
        """Every step in order; those that need the stack are left out once it is known not to answer."""
        for step in self.steps:
            if step.name in self.results:
                continue
            order.carry_out()
            if step.needs_stack and self.problem is not None:
                self._end(step, StepResult(name=step.name, status="skipped", detail=self.problem))
                self.context.ledger.unfinished(step.boxes, f"no stack to look at: {self.problem}")
                continue
            await self._take(step, order)
        if DOWN in self.steps:
            self.context.ledger.add(DURATION, [duration(self.context.config, self.results.values())])

    async def _take(self, step: Step, order: Orders) -> None:
        self._watch(StepEvent(step.name))
        self.context.step = step.name
        self.context.tell = lambda words: self._watch(StepEvent(step.name, words=words))
        if step is START:
            self.save(starting=not self.context.config.attach)
        ledger, began = self.context.ledger, time.monotonic()
        failed_before = ledger.failed(step.boxes)
        try:
            with self.context.breaking(step.name) if step.breaks else contextlib.nullcontext():
                detail = await step.run(self.context)
            order.carry_out()
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
        result = result.model_copy(update={"seconds": _since(began)})
        self._end(step, result)
        if self.problem is None:
            self._through.append(result)
            self.save()

    async def tear_down(self) -> None:
        """Stop what was started and is still there; a finding where that comes to no end (``stuck``)."""
        config = self.context.config
        limit_s, work = config.deadlines.end_s, asyncio.ensure_future(self._stop())
        if (await asyncio.wait((work,), timeout=limit_s))[0]:
            work.result()  # a defect of ours is not kept silent
            return
        work.cancel()
        self.stuck = True
        seen = f"no end: {'casewright' if config.target == 'local' else 'docker compose'} down"
        found = finding("the stack is taken down", f"within {limit_s:g} s", seen, False)
        self.context.ledger.add("startup.down", [found])
        self._end(DOWN, StepResult(name=DOWN.name, status="failed", seconds=limit_s, detail=seen))

    async def _stop(self) -> None:
        try:
            if self.context.sampler is not None:
                await self.context.sampler.stop()
        finally:
            await self._down()

    async def _down(self) -> None:
        if self.context.touched:
            self._watch(StepEvent(DOWN.name))
            self.context.step = DOWN.name
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


def _refuse_without_locust(config: StageConfig, steps: Sequence[Step]) -> None:
    """What makes the load is looked for before anything is built or started, not when its turn has come."""
    plan = config.load
    loads = any(step.name == "load" for step in steps) and plan.seconds > 0 and not config.attach
    if loads and plan.locustfile is not None and importlib.util.find_spec("locust") is None:
        raise UsageError(
            "locust is not installed, which makes the load",
            hint="make setup, or pip install 'casewright[load]'; or leave the load out: --load-seconds 0",
        )


def _writer(keeper: Keeper, context: Context, order: Orders) -> Callable[[str, Finding], None]:
    """Writes down what does not hold; what Ctrl-C itself makes fail is no finding about the stack."""

    def write(box: str, found: Finding) -> None:
        if not order.task.cancelling():
            keeper.failed(context.step, box, found)

    return write


async def _stage(config: StageConfig, watch: Watch, stack: Stack) -> StageResult:
    steps = planned(config)
    _refuse_without_locust(config, steps)
    before = read_state(config) if config.resume else None
    ledger, keeper = Ledger(), Keeper(config, before)
    interrupted = False
    async with Client(config.deadlines.request_s, config.token) as client:
        context = Context(config, client, stack, ledger, runs=keeper.runs)
        if isinstance(stack, ComposeStack):
            stack.watch(context)
        if START in steps:
            await _make_room(context, before)
        stage = _Stage(context, steps, watch, keeper)
        if before is not None:
            _go_on(stage, before)
        with ordered() as order:
            ledger.heard = _writer(keeper, context, order)
            order.task = asyncio.ensure_future(stage.take_all(order))
            try:
                await asyncio.wait((order.task,))
                interrupted = order.task.cancelled()
            finally:
                order.ending = True
                order.task = asyncio.ensure_future(stage.tear_down())
                await asyncio.wait((order.task,))
            whole = not stage.stuck and not any(task.cancelled() or task.exception() for task in order.done)
            stage.close(whole=whole)
            stage.leave_open("interrupted before it was begun" if interrupted else "not reached")
            result = _result(config, stage, keeper, interrupted=interrupted)
            _write(config, ledger, result)
    _raise_defects(order.done)
    return result


def _raise_defects(tasks: Sequence[asyncio.Task[None]]) -> None:
    """A defect of ours is not kept silent; what was seen before it is written by now."""
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def _make_room(context: Context, before: State | None) -> None:
    """No stack may run where one is to be started; what a killed stage left is taken down."""
    config, found = context.config, await context.stack.processes()
    if config.attach or not found.pids:
        return
    if before is not None:
        await take_down(context, before, found)
        return
    local = config.target == "local"
    where = f"in {config.data_dir}" if local else "in containers"
    raise UsageError(
        f"a stack is running already {where}: {', '.join(sorted(found.pids))}",
        hint=f"{'casewright' if local else 'docker compose'} down first, "
        "or casewright stage --attach to test it without starting and stopping",
    )


def _go_on(stage: _Stage, before: State) -> None:
    """Take over what an earlier run found; the stack is started again for the steps that are left."""
    again = {START.name, DOWN.name}
    kept = [result for result in before.steps if result.name not in again]
    known = {step.name: step for step in stage.steps}
    ledger = stage.context.ledger
    put_back(stage.context, before.facts)
    if before.up:
        leave_ends_out(stage.context)
    ledger.restore(before.entries)
    ledger.forget({*START.boxes, *DOWN.boxes} - {box for one in kept for box in known[one.name].boxes})
    ledger.restore(carried(read_failures(stage.context.config.output), kept, ledger.entries()))
    stage.keep(kept)


def _result(config: StageConfig, stage: _Stage, keeper: Keeper, *, interrupted: bool) -> StageResult:
    context = stage.context
    boxes = context.ledger.judge(config)
    notes = []
    if config.attach:
        notes.append("attached to a stack that was running: it was neither started, broken nor stopped")
    if START not in stage.steps:
        notes.append("nothing that was asked needs the stack: it was not started")
    if keeper.runs > 1:
        notes.append(
            f"interrupted and resumed: begun {keeper.runs} times, the stack was started each time; what did "
            "not hold in a step that was taken again counts all the same (its name begins with run 1)"
        )
    if interrupted:
        notes.append(f"go on with: casewright stage --resume {config.output}, and the same options")
    return StageResult(
        id=config.output.name,
        started_at=keeper.started_at,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=keeper.seconds,
        target=config.target,
        attached=config.attach,
        interrupted=interrupted,
        reachable=context.reachable or START not in stage.steps,
        only=config.only,
        machine=describe_machine(),
        engine=context.engine,
        model=context.model,
        provider=context.provider,
        parts=context.parts,
        steps=tuple(stage.results[step.name] for step in stage.steps),
        boxes=boxes,
        counts=counts(boxes),
        notes=tuple(notes),
    )


def _write(config: StageConfig, ledger: Ledger, result: StageResult) -> None:
    ledger.write(config.output)
    text = result.model_dump_json(by_alias=True, indent=2) + "\n"
    replace_file(config.output / RESULT, text.encode("utf-8", "replace"))
    for name, text in (
        (PAGE, stage_html(result)),
        (TEXT, stage_markdown(result)),
        (UNITS, stage_junit(result)),
    ):
        replace_file(config.output / name, text.encode("utf-8", "replace"))


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
