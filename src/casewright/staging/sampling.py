"""Every /health and the memory of every process, once a second from the start to the end, and what they show.

The samples are JSON Lines beside the results (``health-samples.jsonl``), written as they are taken: a stage
that is resumed reads those of the time before.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pydantic import Field, ValidationError

from casewright.api.bench import Record
from casewright.api.staging import Finding
from casewright.errors import StorageError
from casewright.staging.checklist import MEMORY_RISE_FLOOR_MB, MEMORY_RISE_SHARE, SAMPLED_S
from casewright.staging.context import Context
from casewright.staging.judge import finding
from casewright.staging.samples import HealthSample
from casewright.staging.soak_look import Look, health_of

FILE = "health-samples.jsonl"
HEALTH_S = 5.0
# A gap longer than this between two samples was not watched: the stage was interrupted, or had no time.
WATCHED_GAP_S = 10.0
# An engine's memory rises to its working size in its first minute under load, which the performance step is.
WARM_UP, LOADED = "performance", "load"
MIN_LOADED = 30
UNDER = " under load"
MB = 1024 * 1024


class Memory(Record):
    """Resident memory of one process with its children, in bytes."""

    pid: int
    rss: int


class Moment(Record):
    """One sample. ``at`` is epoch seconds; ``breaking`` says what the stage was breaking meanwhile.

    ``run`` is which beginning of the stage it belongs to: 2 once it was resumed. ``loaded`` is the memory of
    the processes that answered a load just then, which ``memory`` may have too.
    """

    at: float
    run: int
    step: str
    breaking: str | None
    health: dict[str, HealthSample]
    memory: dict[str, Memory]
    loaded: dict[str, Memory] = Field(default_factory=dict)


class Sampler:
    """Samples in the background; `start` it once the stack answers, `stop` it before it goes down."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._look = Look()
        self._path = context.config.output / FILE
        self._task: asyncio.Task[None] | None = None
        if not context.config.resume:
            self._path.unlink(missing_ok=True)
        self.moments: list[Moment] = read_moments(self._path)

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; a defect of the sampler is raised here."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                while True:
                    began = time.monotonic()
                    await self._sample(file, began)
                    pause = self._context.config.deadlines.sample_s - (time.monotonic() - began)
                    await asyncio.sleep(max(pause, 0.01))
        except OSError as error:
            raise StorageError(
                f"cannot write {self._path}: {error.strerror}", hint="name another folder with --output"
            ) from error

    async def _sample(self, file: IO[str], began: float) -> None:
        context = self._context
        step, services = context.step, context.config.services
        answers = await asyncio.gather(
            *(context.client.get(f"{url}/health", timeout_s=HEALTH_S) for url in services.values())
        )
        ended = time.monotonic()
        why = next((each.why for each in context.breaks if each.covers(began, ended)), None)
        memory, loaded = self._memory(context.pids), self._memory(context.loaded)
        moment = Moment(
            at=round(time.time(), 2),
            run=context.runs,
            step=step,
            breaking=why,
            health={name: health_of(answer)[0] for name, answer in zip(services, answers, strict=True)},
            memory=memory,
            loaded=loaded,
        )
        self.moments.append(moment)
        file.write(moment.model_dump_json() + "\n")
        file.flush()

    def _memory(self, pids: Mapping[str, int]) -> dict[str, Memory]:
        seen = self._look.processes(pids)
        return {name: Memory(pid=each.pid, rss=each.rss) for name, each in seen.items()}


def read_moments(path: Path) -> list[Moment]:
    """The samples of a file; none where it is not there, and the last line may be cut."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValidationError):  # a line that a kill cut in two
            found.append(Moment.model_validate_json(line))
    return found


def watched_s(moments: Sequence[Moment]) -> float:
    """Seconds that were watched while the stage broke nothing."""
    both = itertools.pairwise(moments)
    gaps = [after.at - one.at for one, after in both if one.breaking is None and after.breaking is None]
    return sum(gap for gap in gaps if 0 <= gap <= WATCHED_GAP_S)


def health_findings(moments: Sequence[Moment], needed_s: float = SAMPLED_S) -> list[Finding]:
    """Each service healthy in every sample outside the times in which the stage broke something."""
    calm = [each for each in moments if each.breaking is None]
    findings = []
    for name in dict.fromkeys(name for each in calm for name in each.health):
        samples = [(each, each.health[name]) for each in calm if name in each.health]
        bad = [(each, one) for each, one in samples if not _healthy(one)]
        seen = f"{len(samples) - len(bad)} of {len(samples)} samples healthy"
        if bad:
            each, one = bad[0]
            seen += f"; at {time.strftime('%H:%M:%S', time.gmtime(each.at))} UTC ({each.step}): {_said(one)}"
        findings.append(finding(f"{name} sampled", "healthy each time", seen, not bad if samples else None))
    long = watched_s(moments)
    expected = f"at least {needed_s:g} s, a sample a second"
    enough = long >= needed_s and bool(findings)
    return [*findings, finding("sampled for", expected, f"{long:.0f} s", True if enough else None)]


def _healthy(sample: HealthSample) -> bool:
    return sample.status == 200 and sample.word == "healthy"


def _said(sample: HealthSample) -> str:
    if sample.status != 200:
        return sample.problem or "no answer"
    return f"status {sample.word}"


def memory_findings(moments: Sequence[Moment]) -> list[Finding]:
    """The memory of each process that answers a load in the last third of that load against its first.

    Processes that no request of it reaches show nothing, and are not among them.
    """
    loaded, warm = _last_taken(moments, LOADED), _last_taken(moments, WARM_UP)
    names = dict.fromkeys(name for each in loaded for name in each.loaded)
    if names:
        return [_rise(name, [each.loaded[name] for each in loaded if name in each.loaded]) for name in names]
    tried = bool(warm or loaded)
    seen = "no process under load was sampled" if tried else "no load was put on it"
    if warm:
        seen += f"; in the minute before it {_warmed(warm)}"
    return [finding("memory under load", "no rise from its first third to its last", seen, None, tried=tried)]


def _last_taken(moments: Sequence[Moment], step: str) -> list[Moment]:
    """The samples of a step; only the last ones where it was interrupted and taken again."""
    taken = [each for each in moments if each.step == step]
    return [each for each in taken if each.run == taken[-1].run]


def _warmed(warm: Sequence[Moment]) -> str:
    first, last = warm[0].memory, warm[-1].memory
    both = [name for name in first if name in last]
    return ", ".join(f"{name} {first[name].rss / MB:.0f} to {last[name].rss / MB:.0f} MB" for name in both)


def _rise(name: str, series: Sequence[Memory]) -> Finding:
    what = f"{name}{UNDER}"
    expected = f"no rise beyond {MEMORY_RISE_SHARE:.0%} or {MEMORY_RISE_FLOOR_MB:g} MB, whichever is more"
    if len({each.pid for each in series}) > 1:
        return finding(what, expected, f"not one process all the time, in {len(series)} samples", None)
    if len(series) < MIN_LOADED:
        return finding(what, expected, f"{len(series)} samples under load, {MIN_LOADED} are needed", None)
    values = [each.rss / MB for each in series]
    third = len(values) // 3
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    allowed = max(first * MEMORY_RISE_SHARE, MEMORY_RISE_FLOOR_MB)
    return finding(what, expected, f"{first:.0f} MB, then {last:.0f} MB", last - first <= allowed)


def memory_words(findings: Sequence[Finding]) -> str:
    """The figures of a box that passes."""
    return "; ".join(f"{each.what.removesuffix(UNDER)} {each.seen}" for each in findings if each.ok)
