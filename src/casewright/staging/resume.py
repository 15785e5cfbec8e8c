"""What a stage keeps on disk after every step, and how one that was interrupted goes on.

``state.json`` in the output folder is replaced as a whole when a step has ended. A step that was interrupted
has left nothing in it and is taken again. The stack of a stage that was killed is known by the process ids in
the state; it is taken down, and a new one started for the steps that are left.

What did not hold is written to ``failures.jsonl`` at once: a step that is taken again does not undo it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from casewright.api.bench import Record
from casewright.api.staging import Finding, StepResult
from casewright.errors import StorageError, UsageError
from casewright.files import replace_file
from casewright.staging.config import StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Entry
from casewright.staging.stack import Listing

STATE, FAILURES = "state.json", "failures.jsonl"
SCHEMA: Literal["casewright.stage-state/1"] = "casewright.stage-state/1"
# Fields of the configuration that are no option: where the stage writes, how it is run, how long it waits.
NO_OPTION = frozenset({"output", "resume", "command", "environment", "token", "deadlines"})


class Failure(Record):
    """A check that did not hold: in which run of the stage (1 is the first), at which step, for which box."""

    run: int
    step: str
    box: str
    finding: Finding


class Facts(Record):
    """What the steps found out that later steps and the report need; fields as in ``Context``."""

    provider: str | None = None
    engine: str | None = None
    model: str | None = None
    source: str | None = None
    reachable: bool = False
    killed_for_memory: int | None = None
    log_marks: dict[str, int] = Field(default_factory=dict)
    killed: tuple[int, ...] = ()


class State(Record):
    """A stage under way. ``owned`` are the stack's process ids while it should run, ``up`` whether it should.

    ``steps`` are those that were carried through. ``runs`` counts the times it was begun.
    """

    schema_: Literal["casewright.stage-state/1"] = Field(SCHEMA, alias="schema")
    options: dict[str, Any]
    started_at: str
    seconds: float
    runs: int = 1
    finished: bool = False
    up: bool = False
    owned: tuple[int, ...] = ()
    steps: tuple[StepResult, ...] = ()
    facts: Facts = Facts()
    entries: dict[str, Entry] = Field(default_factory=dict)

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())


def options_of(config: StageConfig) -> dict[str, Any]:
    """The options of a stage as JSON: those with which it can be resumed."""
    found = {
        each.name: _plain(getattr(config, each.name))
        for each in dataclasses.fields(config)
        if each.name not in NO_OPTION
    }
    return _flat(json.loads(json.dumps(found, default=str)))


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """One level of names, so that just the part of a plan that differs is named: ``load.seconds``."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return dict(value) if isinstance(value, Mapping) else value


def read_state(config: StageConfig) -> State:
    """The state of the stage that ``config.output`` holds.

    Raises:
        UsageError: it holds none, or one that is finished, or one with other options.
    """
    path, again = config.output / STATE, "begin a new stage without --resume"
    try:
        state = State.model_validate_json(path.read_bytes())
    except OSError as error:
        hint = f"name the folder of an interrupted stage, or {again}"
        raise UsageError(f"{config.output} holds no stage to resume: {error.strerror}", hint=hint) from error
    except ValidationError as error:
        raise UsageError(f"{path} cannot be read: {error.errors()[0]['msg']}", hint=again) from error
    if state.finished:
        raise UsageError(f"the stage in {config.output} is finished", hint=again)
    now = options_of(config)
    other = [name for name in sorted({*now, *state.options}) if now.get(name) != state.options.get(name)]
    if other:
        words = "; ".join(f"{n} was {_shown(state.options.get(n))}, now {_shown(now.get(n))}" for n in other)
        raise UsageError(
            f"the stage in {config.output} was begun with other options: {words}",
            hint=f"give the options that it was begun with, or {again}",
        )
    return state


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write_state(folder: Path, state: State) -> None:
    """Replace the state on disk.

    Raises:
        StorageError: the folder refuses.
    """
    text = state.model_dump_json(by_alias=True) + "\n"
    replace_file(folder / STATE, text.encode("utf-8", "replace"))


def read_failures(folder: Path) -> tuple[Failure, ...]:
    """What did not hold in all runs so far; a last line that a kill cut short is left out."""
    try:
        lines = (folder / FAILURES).read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    found = []
    for line in lines:
        with contextlib.suppress(ValidationError):
            found.append(Failure.model_validate_json(line))
    return tuple(found)


def carried(
    failures: Iterable[Failure], kept: Iterable[StepResult], entries: Mapping[str, Entry]
) -> dict[str, Entry]:
    """What did not hold in steps that are taken again, by box, as far as ``entries`` lack it: it counts as if
    it had been seen today.
    """
    steps = names_of(kept)
    found: dict[str, list[Finding]] = {}
    for each in failures:
        marked = each.finding.model_copy(update={"what": f"run {each.run}: {each.finding.what}"})
        if each.step not in steps and marked not in entries.get(each.box, Entry()).findings:
            found.setdefault(each.box, []).append(marked)
    return {box: Entry(findings=tuple(findings)) for box, findings in found.items()}


def facts_of(context: Context) -> Facts:
    """What is kept of the context."""
    return Facts(
        provider=context.provider,
        engine=context.engine,
        model=context.model,
        source=context.source,
        reachable=context.reachable,
        killed_for_memory=context.killed_for_memory,
        log_marks={str(path): size for path, size in context.log_marks.items()},
        killed=tuple(sorted(context.killed)),
    )


def put_back(context: Context, facts: Facts) -> None:
    """Give the context what was kept."""
    context.provider, context.engine = facts.provider, facts.engine
    context.model, context.source = facts.model, facts.source
    context.reachable = facts.reachable
    context.killed_for_memory = facts.killed_for_memory
    context.log_marks = {Path(path): size for path, size in facts.log_marks.items()}
    context.killed = set(facts.killed)


def owned(found: Listing) -> tuple[int, ...]:
    """The process ids by which a stack is known again: its processes' and their supervisor's."""
    try:
        supervisor = json.loads(found.run.stdout).get("supervisor_pid")
    except (ValueError, AttributeError):
        supervisor = None
    more = (supervisor,) if isinstance(supervisor, int) else ()
    return (*found.pids.values(), *more)


def is_ours(state: State, found: Listing) -> bool:
    """Whether the stack that runs is the interrupted stage's; also where it was just being started."""
    return state.up and (not state.owned or bool(set(state.owned) & set(owned(found))))


async def take_down(context: Context, state: State, found: Listing) -> None:
    """Take down what a killed stage left running, with the provider as it was before the stage.

    Raises:
        UsageError: the stack that runs is not that stage's, or does not go.
    """
    names = ", ".join(sorted(found.pids))
    if not is_ours(state, found):
        raise UsageError(
            f"a stack runs in {context.config.data_dir} that the interrupted stage did not start: {names}",
            hint="casewright down first, then casewright stage --resume again",
        )
    await _provider_back(context, state)
    run = await context.stack.down()
    if run.exit_code != 0:
        said = run.problem or run.stderr[-300:] or f"exit {run.exit_code}"
        raise UsageError(
            f"the stack that the interrupted stage left running does not go down: {said}",
            hint="casewright ps shows what is left",
        )


async def _provider_back(context: Context, state: State) -> None:
    """A stage that was killed while it switched providers has left its choice behind."""
    if "provider switch" in names_of(state.steps) or state.facts.provider is None:
        return
    if state.facts.source == "file":
        await context.stack.provider_set(state.facts.provider)
    elif state.facts.source is not None:
        await context.stack.provider_cleared()


class Keeper:
    """Writes the state of one stage, and knows what was before it was resumed."""

    def __init__(self, config: StageConfig, before: State | None) -> None:
        self._config, self._before = config, before
        self.started_at = before.started_at if before else datetime.now(UTC).isoformat(timespec="seconds")
        self.runs = before.runs + 1 if before else 1
        self._began = time.monotonic()
        self._last: State | None = None
        if before is None:
            (config.output / FAILURES).unlink(missing_ok=True)

    @property
    def seconds(self) -> float:
        """How long the stage has been at work, over all its runs."""
        spent = self._before.seconds if self._before else 0.0
        return round(spent + time.monotonic() - self._began, 2)

    def save(
        self, context: Context, steps: Iterable[StepResult], *, up: bool, finished: bool = False
    ) -> None:
        """Write everything that was carried through so far; ``up``: the stack is there, or about to be."""
        state = State(
            options=options_of(self._config),
            started_at=self.started_at,
            seconds=self.seconds,
            runs=self.runs,
            finished=finished,
            up=up,
            owned=tuple(sorted({*context.owned, *context.pids.values()})),
            steps=tuple(steps),
            facts=facts_of(context),
            entries=context.ledger.entries(),
        )
        self._last = state
        write_state(self._config.output, state)

    def failed(self, step: str, box: str, found: Finding) -> None:
        """Write down a check that did not hold.

        Raises:
            StorageError: the folder refuses.
        """
        line = Failure(run=self.runs, step=step, box=box, finding=found).model_dump_json() + "\n"
        path = self._config.output / FAILURES
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise StorageError(
                f"cannot write {path}: {error.strerror}", hint="name another folder with --output"
            ) from error

    def stop(self, context: Context, *, up: bool) -> None:
        """Write that the stage ended before its end; what of its last step is kept: whom it killed."""
        if self._last is not None:
            facts = self._last.facts.model_copy(update={"killed": tuple(sorted(context.killed))})
            changed = {"up": up, "seconds": self.seconds, "facts": facts}
            write_state(self._config.output, self._last.model_copy(update=changed))


def names_of(steps: Iterable[StepResult]) -> set[str]:
    """The names of these steps."""
    return {step.name for step in steps}
